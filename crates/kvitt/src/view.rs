//! The merchant API's answers, as people read them.
//!
//! Everything is read leniently: a member that another version does not have is left out.

#![expect(clippy::struct_field_names, reason = "members have the API's names")]

mod attention;
mod checkout;
mod event;
mod line;
mod money;
mod order;
mod preview;
mod time;
mod webhook;

pub(crate) use attention::AttentionPage;
pub(crate) use checkout::Checkout;
pub(crate) use event::{events, page as event_page};
pub(crate) use money::digits;
pub(crate) use order::{Acted, Intent, Order, OrderPage};
pub(crate) use preview::Preview;
pub(crate) use webhook::{WebhookDeliveryPage, WebhookEndpoint, WebhookEndpointPage, WebhookTest};
