//! Callbacks from Klarna. A callback is a reason to read, never a fact; what it may do without
//! reading is to hand in an authorization, which Klarna judges when it is used, and to stop a
//! shipment, which is the safe side.

use kvitt_core::{Cause, Door, Event, SaleId};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use subtle::ConstantTimeEq;

use crate::authorization::NewAuthorization;
use crate::engine::{Caller, Draft, Engine};
use crate::{EngineError, names, work};

/// The authorization callback's body (Klarna documentation: authorization callback). Members
/// that are not known are of no interest.
#[derive(Deserialize)]
pub struct AuthorizationCallback {
    authorization_token: SecretString,
    session_id: Option<String>,
}

/// The fraud notification's body (Klarna documentation: pending orders).
#[derive(Debug, Deserialize)]
pub struct Notification {
    event_type: Option<String>,
}

impl Engine {
    /// Whether the secret in a callback's address is the checkout's own. Takes the same time
    /// whichever digit is wrong, and whether the checkout exists or not.
    pub async fn check_callback_secret(&self, id: SaleId, given: &str) -> Result<(), EngineError> {
        self.check_secret(id, names::CALLBACK_SECRET, given).await
    }

    pub(crate) async fn check_secret(
        &self,
        id: SaleId,
        name: &str,
        given: &str,
    ) -> Result<(), EngineError> {
        let private = self.parts.ledger.private(id).await?;
        let known = private.secret(name).map_or("", ExposeSecret::expose_secret);
        let same = bool::from(known.as_bytes().ct_eq(given.as_bytes()));
        if same && !known.is_empty() { Ok(()) } else { Err(EngineError::WrongSecret) }
    }

    /// Klarna says that the shopper authorized. Stored at once; the order is placed after the
    /// answer, since Klarna waits two seconds for it.
    pub async fn authorization_callback(
        &self,
        id: SaleId,
        secret: &str,
        body: AuthorizationCallback,
    ) -> Result<(), EngineError> {
        self.check_callback_secret(id, secret).await?;
        let new = NewAuthorization {
            token: body.authorization_token,
            session_id: body.session_id,
            door: Door::Callback,
        };
        self.note_authorization(id, new, &Caller::without_key(Cause::Callback)).await?;
        Ok(())
    }

    /// Klarna says that something about fraud was decided. The order is read; only a stop, which
    /// reading cannot show, is taken at its word.
    pub async fn notification_callback(
        &self,
        id: SaleId,
        secret: &str,
        body: Notification,
    ) -> Result<(), EngineError> {
        self.check_callback_secret(id, secret).await?;
        let stop = body.event_type.as_deref() == Some("FRAUD_RISK_STOPPED");
        self.write(id, &Cause::Callback, |seen| {
            let Some(order) = &seen.sale.order else { return Ok(Draft::default()) };
            let mut draft = Draft::default();
            if stop && !order.stopped {
                draft.events.push(Event::ShipmentStopped);
            }
            work::schedule_read_now(id, &mut draft);
            Ok(draft)
        })
        .await?;
        self.wake.notify_one();
        Ok(())
    }
}
