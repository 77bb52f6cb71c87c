//! A checkout as it is shown.

use jiff::Timestamp;
use kvitt_core::{Placement, Sale};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Intent, Order, OrderLine, Shopper};

/// One cart to be paid. Amounts are minor units of `purchase_currency`.
#[derive(Serialize, ToSchema)]
pub(crate) struct Checkout {
    /// The checkout's id, `chk_…`.
    id: String,
    /// `open` (waits for the shopper), `authorized` (no order yet), `placing`, `completed` (there
    /// is an order) or `abandoned`.
    status: &'static str,
    /// The Klarna account that it belongs to: for good once there is an order.
    account: String,
    /// `automatic` or `manual`.
    placement: &'static str,
    /// Country, ISO 3166.
    purchase_country: &'static str,
    /// Currency, ISO 4217.
    purchase_currency: &'static str,
    /// Language.
    locale: String,
    /// What the customer pays.
    order_amount: i64,
    /// Tax in it.
    order_tax_amount: i64,
    /// The lines.
    order_lines: Vec<OrderLine>,
    /// The Klarna session for the browser; none once there is an order.
    session: Option<Session>,
    /// The link for the shopper: kvitt's own checkout page, or what the embed script is given. It
    /// is a credential; hand it to the shopper alone. Not in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    checkout_url: Option<String>,
    /// The order, once it is placed.
    order_id: Option<String>,
    /// The shop's order number, shown to the customer.
    merchant_reference1: Option<String>,
    /// The shop's second reference.
    merchant_reference2: Option<String>,
    /// Passed through to the order.
    merchant_data: Option<String>,
    /// Where the shopper's browser goes.
    merchant_urls: MerchantUrls,
    /// Why a person has to look, if one has to.
    attention: Option<String>,
    /// When it was opened.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When something last happened to it.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
    /// Personal data, as far as the shop sent it.
    #[serde(skip_serializing_if = "Option::is_none")]
    shopper: Option<Shopper>,
    /// The order as it stands; where an authorization was handed in or the order placed.
    #[serde(skip_serializing_if = "Option::is_none")]
    order: Option<Order>,
    /// The placing and how far it has come; where it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    intent: Option<Intent>,
}

/// A Klarna session, as the browser SDK needs it.
#[derive(Serialize, ToSchema)]
pub(crate) struct Session {
    /// Klarna's id of the session.
    session_id: String,
    /// What the browser SDK is initialised with.
    client_token: Option<String>,
    /// The payment methods offered.
    payment_method_categories: Vec<PaymentMethodCategory>,
    /// When Klarna forgets it.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

/// One of Klarna's payment method categories.
#[derive(Serialize, ToSchema)]
pub(crate) struct PaymentMethodCategory {
    /// Klarna's identifier, such as `klarna` or `pay_later`.
    identifier: String,
    /// Klarna's name of it, in the session's language.
    name: String,
}

/// Addresses of the shop.
#[derive(Serialize, ToSchema)]
pub(crate) struct MerchantUrls {
    /// Where the shopper's browser goes after the purchase.
    confirmation: Option<String>,
}

impl Checkout {
    /// The checkout of a sale, with the session's client token.
    pub(crate) fn of(sale: &Sale, client_token: Option<&SecretString>) -> Self {
        let totals = sale.cart.cart().totals();
        let market = sale.terms.market;
        let session = sale.session.as_ref().filter(|_| sale.order.is_none() && !sale.abandoned);
        Self {
            id: sale.id.checkout_id().to_string(),
            status: sale.checkout_status().as_str(),
            account: sale.terms.account.clone(),
            placement: match sale.terms.placement {
                Placement::Automatic => "automatic",
                Placement::Manual => "manual",
            },
            purchase_country: market.purchase_country().code(),
            purchase_currency: market.purchase_currency().code(),
            locale: market.locale().to_string(),
            order_amount: totals.order_amount,
            order_tax_amount: totals.order_tax_amount,
            order_lines: OrderLine::of_cart(&sale.cart),
            session: session.map(|session| Session {
                session_id: session.session_id.clone(),
                client_token: client_token.map(|token| token.expose_secret().to_owned()),
                payment_method_categories: session
                    .payment_method_categories
                    .iter()
                    .map(|category| PaymentMethodCategory {
                        identifier: category.identifier.clone(),
                        name: category.name.clone(),
                    })
                    .collect(),
                expires_at: session.expires_at,
            }),
            checkout_url: None,
            order_id: sale.order.as_ref().map(|_| sale.id.order_id().to_string()),
            merchant_reference1: sale.terms.merchant_reference1.clone(),
            merchant_reference2: sale.terms.merchant_reference2.clone(),
            merchant_data: sale.terms.merchant_data.clone(),
            merchant_urls: MerchantUrls { confirmation: sale.terms.confirmation_url.clone() },
            attention: sale.attention(),
            created_at: sale.created_at,
            updated_at: sale.updated_at,
            shopper: None,
            order: None,
            intent: None,
        }
    }

    /// The same checkout with the shopper's personal data.
    pub(crate) fn with_shopper(self, shopper: Shopper) -> Self {
        Self { shopper: Some(shopper), ..self }
    }

    /// The same checkout with the shopper's link.
    pub(crate) fn with_url(self, checkout_url: Option<String>) -> Self {
        Self { checkout_url, ..self }
    }

    /// The same checkout with the placing of its order.
    pub(crate) fn with_placing(self, intent: Option<Intent>, order: Option<Order>) -> Self {
        Self { order, intent, ..self }
    }
}
