//! `GET /v1/orders/{id}/intents/{intent_id}`
//!
//! An intent is found through its sale: its own id does not lead there, and a table that would
//! spans sales. The `url` of an intent does.

use axum::Json;
use axum::extract::State;
use kvitt_core::{IntentId, SaleId};
use kvitt_engine::EngineError;

use crate::app::App;
use crate::extract::{IntentRef, OrderIntentParams, OrderRef};
use crate::problem::Problem;
use crate::view::Intent;

/// Read an act's intent
///
/// An act that was answered with 202 is read here until it is `done` or `refused`.
#[utoipa::path(get, path = "/v1/orders/{id}/intents/{intent_id}", tag = "Orders",
    operation_id = "read_order_intent", params(OrderIntentParams),
    responses((status = 200, description = "The intent and how far it has come", body = Intent)))]
pub(crate) async fn intent(
    State(app): State<App>,
    OrderRef(id): OrderRef,
    IntentRef(intent): IntentRef,
) -> Result<Json<Intent>, Problem> {
    of_sale(&app, id, intent).await
}

/// The intent of a sale, seen as an order or as a checkout.
pub(crate) async fn of_sale(
    app: &App,
    id: SaleId,
    intent: IntentId,
) -> Result<Json<Intent>, Problem> {
    let (sale, events) = app.engine().history(id).await?;
    let found = Intent::of(&sale, &events, intent);
    let not_found = || EngineError::NotFound { what: "intent", id: intent.to_string() };
    Ok(Json(found.ok_or_else(not_found)?))
}
