//! The shopper's side of a checkout: who holds its link may see it, keep its session alive, and
//! say where the goods go.

use klarna::{Operation, SessionId};
use kvitt_core::{Cause, Event, Refusal, Sale, SaleId};
use secrecy::ExposeSecret;

use crate::engine::{Draft, Engine};
use crate::evidence::refused;
use crate::rate::Class;
use crate::session::{self, is_lost, unsendable};
use crate::shopper::Shopper;
use crate::{EngineError, names};

impl Engine {
    /// Whether the secret in a shopper's link is the checkout's own, in constant time.
    pub async fn check_shopper_secret(&self, id: SaleId, given: &str) -> Result<(), EngineError> {
        self.check_secret(id, names::SHOPPER_SECRET, given).await
    }

    /// The link that the shopper holds. It is a credential: who has it may pay.
    pub async fn checkout_url(&self, id: SaleId) -> Result<Option<String>, EngineError> {
        let secret = self.secret(id, names::SHOPPER_SECRET).await?;
        let base = self.settings().public_url.as_str().trim_end_matches('/');
        Ok(secret.map(|secret| {
            format!("{base}/checkout/{}/{}", id.checkout_id(), secret.expose_secret())
        }))
    }

    /// Makes sure that the shopper has a session to pay in; an expired one is replaced.
    pub async fn keep_session(&self, id: SaleId) -> Result<Sale, EngineError> {
        let _alone = self.alone_with(id).await;
        self.ensure_session(id).await
    }

    /// The shopper's browser says that the session does not work. Klarna is asked, and a session
    /// that it does not know any more is replaced.
    pub async fn heal_session(&self, id: SaleId) -> Result<Sale, EngineError> {
        let _alone = self.alone_with(id).await;
        let sale = self.sale(id).await?;
        let Some(session) = sale.session.as_ref().filter(|_| sale.check_unplaced().is_ok()) else {
            return self.ensure_session(id).await;
        };
        let session_id = session.session_id.clone();
        let klarna_id =
            SessionId::new(session_id.clone()).map_err(|error| unsendable(error.into()))?;
        let client = self.klarna(&sale, Class::Shopper)?;
        match client.payments().read_session(&klarna_id).await {
            Err(error) if is_lost(&error) => {
                let evidence = refused(Operation::ReadSession, &error).evidence;
                self.write(id, &Cause::Kvitt, |seen| {
                    let is_same = |it: &kvitt_core::Session| it.session_id == session_id;
                    if !seen.sale.session.as_ref().is_some_and(is_same) {
                        return Ok(Draft::default());
                    }
                    Ok(Draft::of([Event::SessionLost {
                        session_id: session_id.clone(),
                        evidence: evidence.clone(),
                    }]))
                })
                .await?;
            }
            // It lives, or nobody knows: the shopper may try again in it.
            Ok(_) | Err(_) => {}
        }
        self.ensure_session(id).await
    }

    /// Keeps what the shopper typed into the checkout page. Klarna hears of it when the shopper
    /// authorizes, not before; placing repeats it, since Klarna compares the two. Refused once
    /// there is an authorization: what was authorized is placed.
    pub async fn correct_shopper(
        &self,
        id: SaleId,
        corrected: Shopper,
    ) -> Result<Sale, EngineError> {
        self.write(id, &Cause::Shopper, |seen| {
            seen.sale.check_unplaced()?;
            if seen.sale.usable_authorization().is_some() {
                return Err(Refusal::CartFrozen.into());
            }
            session::check(&seen.sale.terms, &seen.sale.cart, &corrected)?;
            let private = corrected.changes()?;
            Ok(Draft { private, ..Draft::default() })
        })
        .await
    }
}
