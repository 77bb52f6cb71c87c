//! `POST /v1/checkouts`

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use kvitt_core::Placement;
use kvitt_engine::{NewCheckout, Shopper};
use kvitt_money::PurchaseMarket;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{known_account, whole};
use crate::acts::replayed;
use crate::app::App;
use crate::extract::{Call, IdempotencyKeyParam, Nothing, Params};
use crate::input::{Address, CartInput, Customer, OrderLineInput, Whole};
use crate::problem::Problem;
use crate::view::Checkout;

/// A cart to be paid. Amounts are minor units of `purchase_currency`: 149.90 kr is 14990.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CheckoutInput {
    /// Country, ISO 3166.
    purchase_country: String,
    /// Currency, ISO 4217.
    purchase_currency: String,
    /// Language, RFC 1766; one that Klarna speaks in the country.
    locale: String,
    /// What the customer pays: the sum of all lines' `total_amount`.
    #[schema(value_type = i64)]
    order_amount: Whole,
    /// Tax in it. Computed where absent; where given it must be right to one minor unit per line.
    #[schema(value_type = Option<i64>)]
    order_tax_amount: Option<Whole>,
    /// The lines, 1 to 1,000.
    order_lines: Vec<OrderLineInput>,
    /// When the order is placed once the shopper authorized; `automatic` where absent.
    #[serde(default)]
    placement: PlacementInput,
    /// Name of the Klarna account; the one that sells in the country where absent.
    account: Option<String>,
    /// The shop's order number, shown to the customer; at most 255 characters.
    merchant_reference1: Option<String>,
    /// The shop's second reference; at most 255 characters.
    merchant_reference2: Option<String>,
    /// Passed through to the order; at most 6,000 characters.
    merchant_data: Option<String>,
    merchant_urls: Option<MerchantUrlsInput>,
    /// The checkout page is filled in with it, and the order placed with it. Klarna hears of it when
    /// the shopper authorizes, in the United States at once; a page of your own hands it to
    /// `authorize`.
    billing_address: Option<Address>,
    /// The billing address where absent.
    shipping_address: Option<Address>,
    customer: Option<Customer>,
}

/// When the order is placed.
#[derive(Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PlacementInput {
    /// At once when the shopper authorized.
    #[default]
    Automatic,
    /// When the shop asks for it: it has the last word on stock and price.
    Manual,
}

/// Addresses of the shop.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MerchantUrlsInput {
    /// Where the shopper's browser goes after the purchase.
    confirmation: Option<String>,
}

/// Open a checkout
///
/// Stores the cart and opens a Klarna session for it. The answer holds what the browser SDK needs.
/// With an `Idempotency-Key` the same request opens one checkout, however often it is sent.
#[utoipa::path(post, path = "/v1/checkouts", tag = "Checkouts", operation_id = "create_checkout",
    params(IdempotencyKeyParam),
    request_body(content = CheckoutInput, example = json!({
        "purchase_country": "SE",
        "purchase_currency": "SEK",
        "locale": "sv-SE",
        "order_amount": 54_700,
        "order_tax_amount": 10_940,
        "order_lines": [
            {"line_id": "shirt", "type": "physical", "reference": "SKU-1", "name": "Shirt",
             "quantity": 2, "unit_price": 24_900, "tax_rate": 2500, "total_amount": 49_800,
             "total_tax_amount": 9_960},
            {"line_id": "freight", "type": "shipping_fee", "name": "Freight", "quantity": 1,
             "unit_price": 4_900, "tax_rate": 2500, "total_amount": 4_900,
             "total_tax_amount": 980}
        ],
        "merchant_reference1": "1001",
        "merchant_urls": {"confirmation": "https://shop.example/thanks"}
    })),
    responses((status = 201, description = "The checkout, with its Klarna session",
        body = Checkout)))]
pub(crate) async fn create(
    State(app): State<App>,
    _: Params<Nothing>,
    Call { caller, body }: Call<CheckoutInput>,
) -> Result<Response, Problem> {
    let new = new_checkout(&app, body)?;
    let answered = app.engine().create_checkout(new, &caller).await?;
    let checkout = whole(&app, &answered.sale).await?;
    let response = (StatusCode::CREATED, Json(checkout)).into_response();
    Ok(replayed(response, answered.replayed))
}

fn new_checkout(app: &App, body: CheckoutInput) -> Result<NewCheckout, Problem> {
    let market =
        PurchaseMarket::new(&body.purchase_country, &body.purchase_currency, &body.locale)?;
    if let Some(name) = &body.account {
        known_account(app, name)?;
    }
    let cart = CartInput {
        order_amount: body.order_amount,
        order_tax_amount: body.order_tax_amount,
        order_lines: body.order_lines,
    };
    Ok(NewCheckout {
        market,
        cart: cart.check(market.purchase_country())?,
        placement: match body.placement {
            PlacementInput::Automatic => Placement::Automatic,
            PlacementInput::Manual => Placement::Manual,
        },
        account: body.account,
        merchant_reference1: body.merchant_reference1,
        merchant_reference2: body.merchant_reference2,
        merchant_data: body.merchant_data,
        confirmation_url: body.merchant_urls.and_then(|urls| urls.confirmation),
        shopper: Shopper {
            billing_address: body.billing_address.map(Into::into),
            shipping_address: body.shipping_address.map(Into::into),
            customer: body.customer.map(Into::into),
        },
    })
}
