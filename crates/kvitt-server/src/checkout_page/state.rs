//! What the shopper's browser is told of its checkout.

use jiff::Timestamp;
use klarna::BROWSER_SDK;
use kvitt_core::Sale;
use kvitt_engine::{Engine, EngineError, names};
use kvitt_money::Country;
use secrecy::ExposeSecret;
use serde::Serialize;

use crate::input::{Address, Customer};

/// Where a checkout stands, as its shopper has to know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Status {
    /// Waits for the shopper.
    Open,
    /// Authorized; the shop places the order itself.
    Authorized,
    /// The order is being placed.
    Placing,
    /// Nobody knows yet whether it was placed: the shopper must not pay again.
    Unknown,
    /// There is an order.
    Placed,
    /// The shop gave it up.
    Closed,
}

#[derive(Serialize)]
pub(super) struct State {
    pub(super) status: Status,
    /// Counts the changes of the cart.
    cart_version: u32,
    session: Option<Session>,
    /// Where the browser goes now.
    redirect_url: Option<String>,
    /// The SDK's script.
    sdk_url: String,
    /// Klarna's widget needs the address when it is loaded (seen in the United States); elsewhere
    /// Klarna hears of it only when the shopper authorizes (Klarna documentation: privacy).
    address_at_load: bool,
    billing_address: Option<Address>,
    /// Both go to Klarna with the billing address, when the shopper authorizes.
    shipping_address: Option<Address>,
    customer: Option<Customer>,
    purchase_country: &'static str,
}

#[derive(Serialize)]
#[expect(clippy::struct_field_names, reason = "fields have Klarna's names")]
struct Session {
    session_id: String,
    client_token: Option<String>,
    payment_method_categories: Vec<Category>,
    expires_at: Timestamp,
}

#[derive(Serialize)]
struct Category {
    identifier: String,
    name: String,
}

impl State {
    pub(super) async fn of(engine: &Engine, sale: &Sale) -> Result<Self, EngineError> {
        let status = status(sale);
        let client_token = engine.secret(sale.id, names::CLIENT_TOKEN).await?;
        let shopper = engine.shopper(sale.id).await?;
        let session = sale.session.as_ref().filter(|_| status == Status::Open);
        let country = sale.terms.market.purchase_country();
        Ok(Self {
            status,
            cart_version: sale.cart_version,
            session: session.map(|session| Session {
                session_id: session.session_id.clone(),
                client_token: client_token.map(|token| token.expose_secret().to_owned()),
                payment_method_categories: session
                    .payment_method_categories
                    .iter()
                    .map(|category| Category {
                        identifier: category.identifier.clone(),
                        name: category.name.clone(),
                    })
                    .collect(),
                expires_at: session.expires_at,
            }),
            redirect_url: destination(sale, status),
            sdk_url: sdk_url(engine, sale)?,
            address_at_load: country == Country::US,
            billing_address: shopper.billing_address.map(Into::into),
            shipping_address: shopper.shipping_address.map(Into::into),
            customer: shopper.customer.map(Into::into),
            purchase_country: country.code(),
        })
    }
}

/// The SDK's script for the sale's account.
fn sdk_url(engine: &Engine, sale: &Sale) -> Result<String, EngineError> {
    let account = engine.accounts().get(&sale.terms.account)?;
    let url = account.base_url().map(klarna::BaseUrl::browser_sdk);
    Ok(url.unwrap_or_else(|| BROWSER_SDK.to_owned()))
}

fn status(sale: &Sale) -> Status {
    match sale.checkout_status().as_str() {
        "completed" => Status::Placed,
        "abandoned" => Status::Closed,
        "placing" if sale.attention().is_some() => Status::Unknown,
        "placing" => Status::Placing,
        "authorized" if sale.places_automatically() => Status::Placing,
        "authorized" => Status::Authorized,
        _ => Status::Open,
    }
}

/// Where the browser goes once all is done: through Klarna's redirect where it gave one (Klarna
/// documentation), else straight to the shop's confirmation page.
fn destination(sale: &Sale, status: Status) -> Option<String> {
    if !matches!(status, Status::Placed | Status::Authorized) {
        return None;
    }
    let order = sale.order.as_ref();
    let redirect = order.and_then(|order| order.redirect_url.clone());
    redirect.or_else(|| {
        let session = sale.session.as_ref().map_or("", |session| session.session_id.as_str());
        let order = order.map_or("", |order| order.klarna_order_id.as_str());
        let url = sale.terms.confirmation_url.as_ref()?;
        Some(url.replace("{session.id}", session).replace("{order.id}", order))
    })
}
