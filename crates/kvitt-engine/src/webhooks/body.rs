//! What a message says. It follows from the committed events up to the one that it is about, so
//! that every attempt says the same, and none says what was not so yet.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use jiff::Timestamp;
use kvitt_core::{Cause, Event, EventId, MayShip, Recorded, Sale, SaleId, may_ship};
use serde::Serialize;
use serde_json::Value;

use crate::EngineError;
use crate::engine::Engine;

/// A part of the feed as messages.
#[derive(Debug)]
pub struct WebhookFeed {
    /// The messages, in the order of the feed.
    pub entries: Vec<WebhookFeedEntry>,
    /// The position to go on from.
    pub next_after: u64,
}

/// One event as the message that endpoints are sent.
#[derive(Debug)]
pub struct WebhookFeedEntry {
    /// Its place in the feed.
    pub position: u64,
    /// The message's id, which is the event's.
    pub id: EventId,
    /// The message's body, as it is sent.
    pub body: String,
}

impl Engine {
    /// The feed after a position, as messages; at most `limit` of them.
    pub async fn webhook_feed(&self, after: u64, limit: u32) -> Result<WebhookFeed, EngineError> {
        let feed = self.parts.ledger.feed(after, limit).await?;
        let mut sales: HashMap<SaleId, Vec<Recorded>> = HashMap::new();
        let mut entries = Vec::with_capacity(feed.len());
        let next_after = feed.last().map_or(after, |entry| entry.position);
        for entry in feed {
            let events = match sales.entry(entry.sale) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(unknown) => {
                    unknown.insert(self.parts.ledger.events(entry.sale).await?)
                }
            };
            let body = body(entry.sale, events, entry.recorded.seq)?;
            entries.push(WebhookFeedEntry {
                position: entry.position,
                id: entry.recorded.id,
                body,
            });
        }
        Ok(WebhookFeed { entries, next_after })
    }
}

/// An event's details as the API shows them: the event as it is stored, but for its type, which
/// its name says better.
pub fn event_details(event: &Event) -> Value {
    let mut details = serde_json::to_value(event).unwrap_or_default();
    if let Some(members) = details.as_object_mut() {
        members.remove("type");
    }
    details
}

/// The message about a sale's event, of these events and those before it alone.
pub(crate) fn body(id: SaleId, events: &[Recorded], seq: u64) -> Result<String, EngineError> {
    let missing = || EngineError::Internal(format!("{id} has no event {seq}"));
    let count = usize::try_from(seq).map_err(|_| missing())?;
    let events = events.get(..count).ok_or_else(missing)?;
    let recorded = events.last().ok_or_else(missing)?;
    let sale = Sale::fold(id, events)?.ok_or_else(missing)?;
    let intent = recorded.event.intent().and_then(|intent| sale.intents.get(&intent));
    let name = recorded.event.name(intent.map(|intent| intent.act.kind()));
    let message = Message {
        kind: &name,
        timestamp: recorded.at,
        data: Data {
            event: EventThen {
                id: recorded.id.to_string(),
                seq,
                kind: &name,
                at: recorded.at,
                checkout_id: id.checkout_id().to_string(),
                order_id: id.order_id().to_string(),
                cause: &recorded.cause,
                data: event_details(&recorded.event),
            },
            checkout: CheckoutThen::of(&sale),
            order: OrderThen::of(&sale, recorded.at),
        },
    };
    serde_json::to_string(&message)
        .map_err(|error| EngineError::Internal(format!("a message cannot be written: {error}")))
}

#[derive(Serialize)]
struct Message<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    timestamp: Timestamp,
    data: Data<'a>,
}

#[derive(Serialize)]
struct Data<'a> {
    event: EventThen<'a>,
    checkout: CheckoutThen<'a>,
    order: Option<OrderThen<'a>>,
}

/// As the merchant API shows events.
#[derive(Serialize)]
struct EventThen<'a> {
    id: String,
    seq: u64,
    #[serde(rename = "type")]
    kind: &'a str,
    at: Timestamp,
    checkout_id: String,
    order_id: String,
    cause: &'a Cause,
    data: Value,
}

/// The checkout as it stood with the event. Nothing about a person, and no secret.
#[derive(Serialize)]
struct CheckoutThen<'a> {
    id: String,
    status: &'static str,
    account: &'a str,
    purchase_country: &'static str,
    purchase_currency: &'static str,
    order_amount: i64,
    order_tax_amount: i64,
    merchant_reference1: Option<&'a str>,
    merchant_reference2: Option<&'a str>,
    attention: Option<String>,
}

impl<'a> CheckoutThen<'a> {
    fn of(sale: &'a Sale) -> Self {
        let totals = sale.cart.cart().totals();
        Self {
            id: sale.id.checkout_id().to_string(),
            status: sale.checkout_status().as_str(),
            account: &sale.terms.account,
            purchase_country: sale.terms.market.purchase_country().code(),
            purchase_currency: sale.terms.market.purchase_currency().code(),
            order_amount: totals.order_amount,
            order_tax_amount: totals.order_tax_amount,
            merchant_reference1: sale.terms.merchant_reference1.as_deref(),
            merchant_reference2: sale.terms.merchant_reference2.as_deref(),
            attention: sale.attention(),
        }
    }
}

/// The order as it stood with the event.
#[derive(Serialize)]
struct OrderThen<'a> {
    id: String,
    klarna_order_id: &'a str,
    klarna_reference: Option<&'a str>,
    status: &'static str,
    fraud_status: &'a str,
    order_amount: i64,
    original_order_amount: i64,
    captured_amount: i64,
    refunded_amount: i64,
    refundable_amount: i64,
    remaining_authorized_amount: i64,
    may_ship: MayShip,
    expires_at: Option<Timestamp>,
    placed_at: Timestamp,
    attention: Option<String>,
    difference: Option<String>,
}

impl<'a> OrderThen<'a> {
    fn of(sale: &'a Sale, at: Timestamp) -> Option<Self> {
        let order = sale.order.as_ref()?;
        let amounts = order.amounts(at);
        Some(Self {
            id: sale.id.order_id().to_string(),
            klarna_order_id: &order.klarna_order_id,
            klarna_reference: order.klarna_reference.as_deref(),
            status: order.status(at).as_str(),
            fraud_status: order.fraud_status.as_str(),
            order_amount: amounts.order_amount,
            original_order_amount: amounts.original_order_amount,
            captured_amount: amounts.captured_amount,
            refunded_amount: amounts.refunded_amount,
            refundable_amount: amounts.refundable_amount(),
            remaining_authorized_amount: amounts.remaining_authorized_amount,
            may_ship: may_ship(sale, at),
            expires_at: order.expires_at,
            placed_at: order.placed_at,
            attention: sale.attention(),
            difference: sale.difference(),
        })
    }
}
