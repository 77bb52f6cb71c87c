//! `GET /v1/intents/{id}`

use axum::Json;
use axum::extract::State;
use kvitt_engine::EngineError;

use crate::app::App;
use crate::extract::{IntentIdParam, IntentRef};
use crate::problem::Problem;
use crate::view::Intent;

/// Read an act's intent
///
/// An act that was answered with 202 is read here until it is `done` or `refused`.
#[utoipa::path(get, path = "/v1/intents/{id}", tag = "Intents", operation_id = "read_intent",
    params(IntentIdParam),
    responses((status = 200, description = "The intent and how far it has come", body = Intent)))]
pub(crate) async fn read(
    State(app): State<App>,
    IntentRef(id): IntentRef,
) -> Result<Json<Intent>, Problem> {
    let not_found = || EngineError::NotFound { what: "intent", id: id.to_string() };
    let engine = app.engine();
    let sale = engine.ledger().sale_of_intent(id).await.map_err(EngineError::from)?;
    let (sale, events) = engine.history(sale.ok_or_else(not_found)?).await?;
    Ok(Json(Intent::of(&sale, &events, id).ok_or_else(not_found)?))
}
