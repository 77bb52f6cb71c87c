//! Outgoing webhooks, in the format of Standard Webhooks (<https://www.standardwebhooks.com>).
//!
//! An event is written with the change that it tells of, and it is the message: its id is the
//! message's, and its body follows from the committed events alone. Each endpoint follows the feed
//! by a position of its own, so that no event is overlooked, whatever a replica knew of endpoints
//! when it wrote the event; what the position passes is queued by sale. A sale's messages are sent
//! one after the other, by whoever holds the sale. Nothing here is part of carrying an act out.

mod address;
mod body;
mod courier;
mod deliver;
mod endpoints;
mod follow;
mod resend;
mod secret;
mod settings;
mod worker;

pub use address::{ADDRESS_LENGTH_MAX, check_address};
pub(crate) use body::body;
pub use body::{WebhookFeed, WebhookFeedEntry, event_details};
pub use courier::{Courier, WebhookAnswer};
pub use endpoints::{
    NewWebhookEndpoint, WebhookAnswered, WebhookEndpointChange, WebhookEndpointInput,
};
pub use resend::WebhookResend;
pub use secret::{BadSecret, WebhookSecret, signed_headers};
pub use settings::WebhookSettings;

/// What is wrong with what a shop says of an endpoint. It names the member and the way out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{member} {problem}")]
pub struct BadWebhook {
    /// The member, such as `url` or `events[2]`.
    pub member: String,
    /// What is wrong with it, and the way out.
    pub problem: String,
}

impl BadWebhook {
    pub(crate) fn new(member: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { member: member.into(), problem: problem.into() }
    }
}
