//! Events as they are shown.

use jiff::Timestamp;
use kvitt_core::{Recorded, Sale, SaleId};
use kvitt_engine::webhooks::event_details;
use kvitt_ledger::FeedEntry;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// One fact about a sale. Events hold no personal data.
#[derive(Serialize, ToSchema)]
pub(crate) struct Event {
    /// The event's id, `evt_…`.
    id: String,
    /// Its place in the feed of all sales; only there.
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<u64>,
    /// Its place among the events of its sale, from 1.
    seq: u64,
    /// What happened, such as `checkout.created`, `capture.requested`, `capture.done`.
    #[serde(rename = "type")]
    kind: String,
    /// When it was recorded.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// The checkout that it is about.
    checkout_id: String,
    /// The same sale seen as an order.
    order_id: String,
    /// Who or what brought it about: `by` is `merchant` (with `api_key`),
    /// `operator` (with `user`), `shopper`, `callback` or `kvitt`.
    #[schema(value_type = Object)]
    cause: Value,
    /// The details. Members are added over time.
    #[schema(value_type = Object)]
    data: Value,
}

/// The events of one sale.
#[derive(Serialize, ToSchema)]
pub(crate) struct EventPage {
    /// The events, oldest first.
    pub items: Vec<Event>,
}

/// A part of the feed of all sales.
#[derive(Serialize, ToSchema)]
pub(crate) struct EventFeed {
    /// The events, in the order in which they were committed.
    pub items: Vec<Event>,
    /// Give it as `after` to go on. It stays the same while nothing new happens.
    pub next_after: u64,
}

impl Event {
    /// An event of a sale.
    pub(crate) fn of(sale: &Sale, recorded: &Recorded) -> Self {
        let act = recorded.event.intent().and_then(|intent| sale.intents.get(&intent));
        let kind = recorded.event.name(act.map(|intent| intent.act.kind()));
        Self::new(sale.id, kind, None, recorded)
    }

    /// An event of the feed.
    pub(crate) fn of_feed(entry: &FeedEntry) -> Self {
        Self::new(entry.sale, entry.name.clone(), Some(entry.position), &entry.recorded)
    }

    fn new(sale: SaleId, kind: String, position: Option<u64>, recorded: &Recorded) -> Self {
        Self {
            id: recorded.id.to_string(),
            position,
            seq: recorded.seq,
            kind,
            at: recorded.at,
            checkout_id: sale.checkout_id().to_string(),
            order_id: sale.order_id().to_string(),
            cause: serde_json::to_value(&recorded.cause).unwrap_or_default(),
            data: event_details(&recorded.event),
        }
    }
}
