//! What Klarna sends. Each message is kept as it came, once, and is a reason to look, never a
//! fact. What it may do without looking is to hand in an authorization, which Klarna judges when it
//! is used, and to stop a shipment, which is the safe side.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use kvitt_core::{Cause, Door, Event, Intent, IntentState, Sale, SaleId};
use kvitt_ledger::{InboxDoor, NewMessage};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::Value;
use subtle::ConstantTimeEq;
use url::form_urlencoded;

use crate::authorization::NewAuthorization;
use crate::engine::{Caller, Draft, Engine, Seen};
use crate::{EngineError, names, work};

/// The member of push and confirmation addresses that Klarna fills with the order's id.
pub(crate) const ORDER_ID: &str = "order_id";

/// After so many messages about a sale they do not make kvitt look at once any more. Klarna sends a
/// handful; whoever sends more has the address and no news.
const MESSAGES_AT_ONCE: u64 = 20;
/// How often an order is read for news then, or looked for, at most.
const READ_EVERY: SignedDuration = SignedDuration::from_hours(1);

/// The authorization callback's body (Klarna documentation: authorization callback). Members
/// that are not known are of no interest.
#[derive(Deserialize)]
struct AuthorizationCallback {
    authorization_token: SecretString,
    session_id: Option<String>,
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

    /// Takes a message of Klarna's in, and returns once it is stored: what it asks for is done
    /// afterwards, since Klarna waits for two seconds only. A message that is not understood is
    /// kept all the same.
    pub async fn receive(
        &self,
        id: SaleId,
        secret: &str,
        door: InboxDoor,
        content: SecretString,
    ) -> Result<(), EngineError> {
        self.check_callback_secret(id, secret).await?;
        let message = NewMessage { door, content, at: self.now().await };
        match door {
            InboxDoor::Authorization => self.receive_token(id, message).await,
            InboxDoor::Notification => self.receive_notification(id, message).await,
            InboxDoor::Push | InboxDoor::Confirmation => self.receive_order_id(id, message).await,
        }
    }

    /// Klarna says that the shopper authorized.
    async fn receive_token(&self, id: SaleId, message: NewMessage) -> Result<(), EngineError> {
        let body = serde_json::from_str::<AuthorizationCallback>(message.content.expose_secret());
        let caller = Caller::without_key(Cause::Callback);
        let Ok(body) = body else {
            tracing::warn!(%id, "an authorization callback was not understood; it is kept");
            return self.keep(id, message, |_, _| ()).await;
        };
        let new = NewAuthorization {
            token: body.authorization_token,
            session_id: body.session_id,
            door: Door::Callback,
        };
        match self.note_authorization(id, new, &caller, message.clone()).await {
            // No authorization token at all, or one of a session that is not known: of no use.
            // Nor is one too many.
            Err(
                error @ (EngineError::Unsendable(_) | EngineError::TooManyAuthorizations { .. }),
            ) => {
                tracing::warn!(%id, %error, "an authorization callback was of no use; it is kept");
                self.keep(id, message, |_, _| ()).await
            }
            noted => noted.map(drop),
        }
    }

    /// Klarna says that something about fraud was decided. The order is read; only a stop, which
    /// reading cannot show, is taken at its word, also where the order is not recorded yet.
    async fn receive_notification(
        &self,
        id: SaleId,
        message: NewMessage,
    ) -> Result<(), EngineError> {
        let body = serde_json::from_str::<Value>(message.content.expose_secret());
        let is_stop = body.is_ok_and(|body| body["event_type"] == "FRAUD_RISK_STOPPED");
        let heard = self.messages_heard(id).await?;
        self.keep(id, message, |seen, draft| {
            if is_stop && !seen.sale.stopped {
                draft.events.push(Event::ShipmentStopped);
            }
            look_again(&seen.sale, seen.at, heard, draft);
        })
        .await
    }

    /// Klarna, or the shopper's browser, tells an order's id. It is looked at where it is not
    /// known which order was placed.
    async fn receive_order_id(&self, id: SaleId, message: NewMessage) -> Result<(), EngineError> {
        let heard = self.messages_heard(id).await?;
        self.keep(id, message, |seen, draft| look_again(&seen.sale, seen.at, heard, draft)).await
    }

    /// How many messages came about a sale, each as often as it came.
    async fn messages_heard(&self, id: SaleId) -> Result<u64, EngineError> {
        let messages = self.parts.ledger.inbox(id).await?;
        Ok(messages.iter().map(|message| u64::from(message.times)).sum())
    }

    /// Keeps a message, with what follows from it in the same write.
    async fn keep(
        &self,
        id: SaleId,
        message: NewMessage,
        mut follow: impl FnMut(&Seen, &mut Draft) + Send,
    ) -> Result<(), EngineError> {
        self.write(id, &Cause::Callback, |seen| {
            let mut draft = Draft { inbox: Some(message.clone()), ..Draft::default() };
            follow(seen, &mut draft);
            Ok(draft)
        })
        .await?;
        self.wake.notify_one();
        Ok(())
    }

    /// The order ids that push, confirmation page and notifications told of, in the order in which
    /// they came. Each may be wrong.
    pub(crate) async fn order_ids_heard(&self, id: SaleId) -> Result<Vec<String>, EngineError> {
        let mut heard = Vec::new();
        for message in self.parts.ledger.inbox(id).await? {
            let content = message.content.expose_secret();
            let told = match message.door {
                InboxDoor::Authorization => None,
                InboxDoor::Notification => serde_json::from_str::<Value>(content)
                    .ok()
                    .and_then(|body| body[ORDER_ID].as_str().map(str::to_owned)),
                InboxDoor::Push | InboxDoor::Confirmation => {
                    let query = content.lines().next().unwrap_or_default();
                    form_urlencoded::parse(query.as_bytes())
                        .find(|(name, _)| name == ORDER_ID)
                        .map(|(_, value)| value.into_owned())
                }
            };
            heard.extend(told.filter(|told| !heard.contains(told)));
        }
        Ok(heard)
    }
}

/// News of an order: it is read, or where nobody can tell which one was placed, it may be the one
/// that the news is about. A placing whose outcome is merely unknown is asked about soon anyway; where
/// none is under way, the session tells whether there is an order that nobody here placed.
///
/// Whoever sends ever more of them makes no more of it than an hourly look, and keeps nobody else's
/// from that: whatever comes between two full hours since the last try is looked at in the next one.
fn look_again(sale: &Sale, at: Timestamp, heard: u64, draft: &mut Draft) {
    let waits = |intent: &&Intent| matches!(intent.state, IntentState::NeedsHuman { .. });
    let at_once = heard < MESSAGES_AT_ONCE;
    let in_a_while = |wait: SignedDuration| {
        let wait = if at_once { SignedDuration::ZERO } else { wait };
        Duration::try_from(wait).unwrap_or_default()
    };
    if let Some(order) = &sale.order {
        let read_at = order.last_read.as_ref().map(|(_, read_at)| *read_at);
        let since = read_at.map(|read_at| at.duration_since(read_at));
        let wait = since.map_or(SignedDuration::ZERO, |since| READ_EVERY - since);
        work::schedule_news(sale.id, in_a_while(wait), draft);
    } else if let Some(intent) = sale.intents.values().find(waits) {
        let since = at.duration_since(intent.last_tried_at).as_secs();
        let every = READ_EVERY.as_secs();
        let wait = SignedDuration::from_secs(every - since.rem_euclid(every));
        work::schedule_intent(intent.id, in_a_while(wait), draft);
    } else if !sale.is_placed_soon() {
        work::schedule_read_session(sale.id, draft);
    }
}
