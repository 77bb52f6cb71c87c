//! Webhook endpoints and what they are sent, as they are shown.

use jiff::Timestamp;
use kvitt_core::EventId;
use kvitt_engine::webhooks::{WebhookAnswer, WebhookFeedEntry};
use secrecy::ExposeSecret as _;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

/// Where messages are sent.
#[derive(Serialize, ToSchema)]
pub(crate) struct WebhookEndpoint {
    /// The endpoint's id, `whk_…`.
    id: String,
    /// The address.
    url: String,
    /// What it is for.
    description: String,
    /// The names of the events that it is told of; all where the list is empty.
    events: Vec<String>,
    /// Whether anything is sent to it.
    enabled: bool,
    /// Why nothing is sent to it, if so.
    disabled_reason: Option<String>,
    /// Since when nothing is sent to it.
    #[schema(value_type = Option<String>, format = DateTime)]
    disabled_at: Option<Timestamp>,
    /// When it last took a message, give or take a minute.
    #[schema(value_type = Option<String>, format = DateTime)]
    delivered_at: Option<Timestamp>,
    /// Until when messages are signed with the secret before, too; after a rotation.
    #[schema(value_type = Option<String>, format = DateTime)]
    previous_secret_until: Option<Timestamp>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// What messages are signed with, `whsec_…`; only where it is new.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

/// All webhook endpoints.
#[derive(Serialize, ToSchema)]
pub(crate) struct WebhookEndpointPage {
    /// The endpoints, oldest first.
    pub items: Vec<WebhookEndpoint>,
}

/// A message to an endpoint, and what came of it.
#[derive(Serialize, ToSchema)]
pub(crate) struct WebhookDelivery {
    /// The event's id, which is the message's `webhook-id`.
    event_id: String,
    /// The event's name, such as `capture.done`.
    #[serde(rename = "type")]
    kind: String,
    /// The checkout that it is about.
    checkout_id: String,
    /// The same sale seen as an order.
    order_id: String,
    /// `pending` (waits, for its first attempt or behind another of the same sale), `failing` (is
    /// sent again), `delivered` or `given_up`.
    state: &'static str,
    /// How often it was sent since it was last queued.
    attempts: u32,
    /// When it was first sent since then.
    #[schema(value_type = Option<String>, format = DateTime)]
    first_attempt_at: Option<Timestamp>,
    /// When it was last sent.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_attempt_at: Option<Timestamp>,
    /// The HTTP status of the last answer, if one came.
    status: Option<u16>,
    /// Why it was not taken the last time.
    problem: Option<String>,
}

/// A part of what an endpoint is sent.
#[derive(Serialize, ToSchema)]
pub(crate) struct WebhookDeliveryPage {
    /// The messages, that about the newest event first.
    pub items: Vec<WebhookDelivery>,
    /// Give it as `cursor` for what follows; null at the end.
    pub next_cursor: Option<String>,
}

/// What came of a test message.
#[derive(Serialize, ToSchema)]
pub(crate) struct WebhookTest {
    /// The message's `webhook-id`.
    webhook_id: String,
    /// Whether it was taken: answered with a status of 200 to 299.
    delivered: bool,
    /// The HTTP status of the answer, if one came.
    status: Option<u16>,
    /// Why it was not taken.
    problem: Option<String>,
}

/// An event as the message that endpoints are sent.
#[derive(Serialize, ToSchema)]
pub(crate) struct WebhookMessage {
    /// Its place in the feed.
    position: u64,
    /// The message's `webhook-id`: the event's id, `evt_…`.
    webhook_id: String,
    /// The body, byte for byte: `type`, `timestamp`, and `data` with the `event`, the `checkout`
    /// and the `order` (null before there is one) as they stood with it.
    #[schema(value_type = Object)]
    message: Box<RawValue>,
}

/// A part of the feed of all sales, as messages.
#[derive(Serialize, ToSchema)]
pub(crate) struct WebhookMessageFeed {
    /// The messages, in the order in which their events were committed.
    pub items: Vec<WebhookMessage>,
    /// Give it as `after` to go on. It stays the same while nothing new happens.
    pub next_after: u64,
}

impl WebhookEndpoint {
    /// The endpoint without its secret.
    pub(crate) fn of(endpoint: &kvitt_ledger::WebhookEndpoint) -> Self {
        let disabled = endpoint.disabled.as_ref();
        Self {
            id: endpoint.id.to_string(),
            url: endpoint.url.clone(),
            description: endpoint.description.clone(),
            events: endpoint.events.clone(),
            enabled: disabled.is_none(),
            disabled_reason: disabled.map(|disabled| disabled.reason.clone()),
            disabled_at: disabled.map(|disabled| disabled.at),
            delivered_at: endpoint.delivered_at,
            previous_secret_until: endpoint.previous_secret.as_ref().map(|(_, until)| *until),
            created_at: endpoint.created_at,
            secret: None,
        }
    }

    /// The endpoint with its secret, which is new.
    pub(crate) fn with_secret(endpoint: &kvitt_ledger::WebhookEndpoint) -> Self {
        let secret = endpoint.secret.expose_secret().to_owned();
        Self { secret: Some(secret), ..Self::of(endpoint) }
    }
}

impl WebhookDelivery {
    /// A message.
    pub(crate) fn of(message: kvitt_ledger::WebhookMessage) -> Self {
        Self {
            event_id: message.event.to_string(),
            kind: message.name,
            checkout_id: message.sale.checkout_id().to_string(),
            order_id: message.sale.order_id().to_string(),
            state: message.state.as_str(),
            attempts: message.attempts,
            first_attempt_at: message.first_attempt_at,
            last_attempt_at: message.last_attempt_at,
            status: message.status,
            problem: message.problem,
        }
    }
}

impl WebhookTest {
    /// What came of sending this message.
    pub(crate) fn of(message: EventId, answer: WebhookAnswer) -> Self {
        Self {
            webhook_id: message.to_string(),
            delivered: answer.is_taken(),
            status: answer.status,
            problem: answer.problem,
        }
    }
}

impl WebhookMessage {
    /// A message of the feed; none where its body is no JSON, which would be a mistake of ours.
    pub(crate) fn of(entry: WebhookFeedEntry) -> Option<Self> {
        Some(Self {
            position: entry.position,
            webhook_id: entry.id.to_string(),
            message: RawValue::from_string(entry.body).ok()?,
        })
    }
}
