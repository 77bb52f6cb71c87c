//! Outgoing webhooks, as they are stored: endpoints, and the messages that each is sent.

pub(crate) mod rows;
mod store;

use std::time::Duration;

use jiff::Timestamp;
use kvitt_core::{EventId, Requester, SaleId, WebhookEndpointId};
use secrecy::SecretString;
use uuid::Uuid;

pub use store::WebhookStore;

/// Where the shop wants to be told what happens.
#[derive(Debug, Clone)]
pub struct WebhookEndpoint {
    /// The endpoint's id.
    pub id: WebhookEndpointId,
    /// Counts the changes from 0. A change is stored only against the revision that it was made
    /// of.
    pub revision: u64,
    /// Where messages are sent to.
    pub url: String,
    /// What the shop says it is for.
    pub description: String,
    /// The names of the events it is told of, each as it is or with a `*` at its end; all where
    /// there are none.
    pub events: Vec<String>,
    /// What messages are signed with, `whsec_…`. It is stored as it is: signing needs it.
    pub secret: SecretString,
    /// What messages were signed with before, and until when they are signed with that too.
    pub previous_secret: Option<(SecretString, Timestamp)>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last enabled: the time it was made, at first.
    pub enabled_at: Timestamp,
    /// Why and since when nothing is sent to it; none while it is enabled.
    pub disabled: Option<WebhookDisabled>,
    /// When it last took a message. Kept by [`WebhookStore::touch_webhook_endpoint`] alone.
    pub delivered_at: Option<Timestamp>,
    /// Up to where in the feed its messages are queued. Kept by
    /// [`WebhookStore::move_webhook_position`] alone.
    pub position: u64,
    /// What of the feed is being queued once more, if anything.
    pub again: Option<FeedSpan>,
}

/// Why and since when nothing is sent to an endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookDisabled {
    /// Since when.
    pub at: Timestamp,
    /// Why, in words for people.
    pub reason: String,
}

/// A part of the feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FeedSpan {
    /// It begins after this position.
    pub after: u64,
    /// It ends with this position.
    pub until: u64,
}

impl WebhookEndpoint {
    /// Whether it is told of events of this name.
    pub fn wants(&self, name: &str) -> bool {
        wants_event(&self.events, name)
    }
}

/// Whether an event's name is among these, each as it is or with a `*` at its end; every name is
/// where there are none.
pub fn wants_event(events: &[String], name: &str) -> bool {
    events.is_empty()
        || events.iter().any(|wanted| match wanted.strip_suffix('*') {
            Some(beginning) => name.starts_with(beginning),
            None => name == wanted,
        })
}

/// A request that changed an endpoint or what is sent to it, under its `Idempotency-Key`.
/// Requester and key together stand for one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookRequest {
    /// Whose request it was.
    pub requester: Requester,
    /// The `Idempotency-Key` as it was sent.
    pub key: String,
    /// Digest of the request, so that the same key with another body is told apart.
    pub request_hash: [u8; 32],
    /// The endpoint that it was about.
    pub endpoint: WebhookEndpointId,
    /// When it was taken.
    pub at: Timestamp,
}

/// How far a message has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebhookState {
    /// It waits for its first attempt, or behind another of the same sale.
    Pending,
    /// It was not taken yet, and is sent again.
    Failing,
    /// It was taken.
    Delivered,
    /// It was not taken for so long that it is not sent again by itself.
    GivenUp,
}

impl WebhookState {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Pending, Self::Failing, Self::Delivered, Self::GivenUp];

    /// The state's name in the API, such as `given_up`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Failing => "failing",
            Self::Delivered => "delivered",
            Self::GivenUp => "given_up",
        }
    }

    /// The state of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }
}

/// An event that an endpoint is told of, and what came of telling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookMessage {
    /// The sale.
    pub sale: SaleId,
    /// The endpoint.
    pub endpoint: WebhookEndpointId,
    /// The event's place in the sale.
    pub seq: u64,
    /// The event's id, which is the message's too.
    pub event: EventId,
    /// The event's name, such as `capture.done`.
    pub name: String,
    /// The event's place in the feed.
    pub position: u64,
    /// How far it has come.
    pub state: WebhookState,
    /// How often it was sent since it was last queued.
    pub attempts: u32,
    /// When it was first sent since then.
    pub first_attempt_at: Option<Timestamp>,
    /// When it was last sent.
    pub last_attempt_at: Option<Timestamp>,
    /// What the endpoint answered the last time, if it did.
    pub status: Option<u16>,
    /// Why it was not taken the last time.
    pub problem: Option<String>,
}

/// An event of one sale that an endpoint is to be told of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewWebhookMessage {
    /// The event's place in the sale.
    pub seq: u64,
    /// The event's id.
    pub event: EventId,
    /// The event's name.
    pub name: String,
    /// The event's place in the feed.
    pub position: u64,
}

/// Messages of one sale to one endpoint, to be queued.
#[derive(Debug, Clone)]
pub struct WebhookBatch {
    /// The sale.
    pub sale: SaleId,
    /// The endpoint.
    pub endpoint: WebhookEndpointId,
    /// The messages.
    pub messages: Vec<NewWebhookMessage>,
    /// Send them now, even if they were sent before. Otherwise a message that is known stays as it
    /// is, and so does the time at which what waits is due.
    pub again: bool,
}

/// A sale whose messages to an endpoint are held by who claimed them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WebhookClaim {
    /// The sale.
    pub sale: SaleId,
    /// The endpoint.
    pub endpoint: WebhookEndpointId,
    /// The claim's own id.
    pub claim: Uuid,
}

/// What came of sending a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookAttempt {
    /// By which claim it was sent.
    pub claim: WebhookClaim,
    /// The message, by its event's place in the sale.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// What was answered, if anything.
    pub status: Option<u16>,
    /// Why it was not taken.
    pub problem: Option<String>,
    /// How it goes on.
    pub next: WebhookNext,
}

/// How it goes on with a sale's messages after an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebhookNext {
    /// The message was taken: the sale's next one follows, still under the claim, which lasts
    /// this long from now.
    Delivered {
        /// How long.
        lease: Duration,
    },
    /// The message is not sent again by itself: the sale's next one follows.
    GivenUp {
        /// How long the claim lasts from now.
        lease: Duration,
    },
    /// The message is sent again after a while by the database's clock, and the sale's next ones
    /// wait behind it. The claim ends.
    Again {
        /// How long.
        due_in: Duration,
    },
}

/// Which of an endpoint's messages to list.
#[derive(Debug, Clone)]
pub struct WebhookMessageQuery {
    /// The endpoint.
    pub endpoint: WebhookEndpointId,
    /// Only those that have come this far.
    pub state: Option<WebhookState>,
    /// Only those about events before this position in the feed.
    pub before: Option<u64>,
    /// How many at most, moved into 1 to 1,000.
    pub limit: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_wants_event_as_they_are_or_by_their_beginning() {
        let wanted = |events: &[&str], name: &str| {
            let events: Vec<_> = events.iter().map(|&event| event.to_owned()).collect();
            wants_event(&events, name)
        };
        assert!(wanted(&[], "capture.done"));
        assert!(wanted(&["capture.done"], "capture.done"));
        assert!(!wanted(&["capture.done"], "capture.done.twice"));
        assert!(!wanted(&["capture"], "capture.done"));
        assert!(wanted(&["refund.*", "capture.*"], "capture.done"));
        assert!(!wanted(&["refund.*"], "capture.done"));
        assert!(wanted(&["*"], "capture.done"));
    }
}
