//! Webhook endpoints: one file per verb.

pub(crate) mod change;
pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod deliveries;
pub(crate) mod list;
pub(crate) mod messages;
pub(crate) mod read;
pub(crate) mod resend;
pub(crate) mod rotate_secret;
pub(crate) mod test;
