//! Names under which secrets and personal data of a sale stand apart from its events.

use kvitt_core::IntentId;

/// Personal: the billing address, as JSON.
pub const BILLING_ADDRESS: &str = "billing_address";
/// Personal: the shipping address, as JSON.
pub const SHIPPING_ADDRESS: &str = "shipping_address";
/// Personal: the customer, as JSON.
pub const CUSTOMER: &str = "customer";
/// Secret: what the browser SDK is initialised with.
pub const CLIENT_TOKEN: &str = "client_token";
/// Secret: part of the address at which Klarna calls back for this checkout.
pub const CALLBACK_SECRET: &str = "callback_secret";
/// Secret: part of the link that the shopper holds.
pub const SHOPPER_SECRET: &str = "shopper_secret";

/// Personal: an address that Klarna has not accepted yet.
pub(crate) fn staged_shipping_address(intent: IntentId) -> String {
    format!("{SHIPPING_ADDRESS}@{intent}")
}

/// Secret: an intent's call, byte for byte. It holds the token and personal data.
pub(crate) fn call(intent: IntentId) -> String {
    format!("call@{intent}")
}

/// Secret: an authorization token, by its digest.
pub(crate) fn authorization_token(digest: &str) -> String {
    format!("authorization_token@{digest}")
}
