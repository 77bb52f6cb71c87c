//! `GET /v1/checkouts/{id}` and its intents

use axum::Json;
use axum::extract::State;

use super::whole;
use crate::app::App;
use crate::extract::{CheckoutIdParam, CheckoutIntentParams, CheckoutRef, IntentRef};
use crate::problem::Problem;
use crate::view::{Checkout, Intent};

/// Read a checkout
#[utoipa::path(get, path = "/v1/checkouts/{id}", tag = "Checkouts",
    operation_id = "read_checkout", params(CheckoutIdParam),
    responses((status = 200, description = "The checkout", body = Checkout)))]
pub(crate) async fn read(
    State(app): State<App>,
    CheckoutRef(id): CheckoutRef,
) -> Result<Json<Checkout>, Problem> {
    let sale = app.engine().sale(id).await?;
    Ok(Json(whole(&app, &sale).await?))
}

/// Read the placing of an order
#[utoipa::path(get, path = "/v1/checkouts/{id}/intents/{intent_id}", tag = "Checkouts",
    operation_id = "read_checkout_intent", params(CheckoutIntentParams),
    responses((status = 200, description = "The intent and how far it has come", body = Intent)))]
pub(crate) async fn intent(
    State(app): State<App>,
    CheckoutRef(id): CheckoutRef,
    IntentRef(intent): IntentRef,
) -> Result<Json<Intent>, Problem> {
    crate::orders::intents::of_sale(&app, id, intent).await
}
