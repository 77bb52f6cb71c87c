//! What shops are answered: the state of the business in the words of the API.

#![expect(clippy::struct_field_names, reason = "members have the names that the API fixes")]

mod checkout;
mod event;
mod expiry;
mod intent;
mod line;
mod order;
mod preview;
mod reconciliation;
mod shopper;
mod summary;
mod webhook;

pub(crate) use checkout::Checkout;
pub(crate) use event::{Event, EventFeed, EventPage};
pub(crate) use expiry::ExpiryPlan;
pub(crate) use intent::{Intent, KlarnaAnswer};
pub(crate) use line::OrderLine;
pub(crate) use order::{
    ActAnswer, ActReply, Capture, CapturePage, Order, Refund, RefundPage, allowed_acts,
};
pub(crate) use preview::{Preview, effect};
pub(crate) use reconciliation::{Frozen, LedgerState, Reconciliation};
pub(crate) use shopper::Shopper;
pub(crate) use summary::{CheckoutPage, OrderPage, OrderSummary};
pub(crate) use webhook::{
    WebhookDelivery, WebhookDeliveryPage, WebhookEndpoint, WebhookEndpointPage, WebhookMessage,
    WebhookMessageFeed, WebhookTest,
};
