//! `/v1/intents/{id}`

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use kvitt_core::{IntentId, SaleId};
use kvitt_engine::{EngineError, Settlement};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::acts::replayed;
use crate::app::App;
use crate::extract::{Call, IdempotencyKeyParam, IntentIdParam, IntentRef};
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
    let sale = sale_of(&app, id).await?;
    Ok(Json(intent(&app, sale, id).await?))
}

/// What a person found out about an act in doubt.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum FoundOut {
    /// It took effect.
    Done,
    /// It did not, and is not wanted any more.
    NotDone,
}

/// How an act in doubt is settled.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SettlementInput {
    /// `done` or `not_done`.
    outcome: FoundOut,
    /// With `done`, Klarna's id of what came of it: of the order that was placed, the capture or
    /// the refund. Klarna is asked whether it is there. Other acts have none.
    id: Option<String>,
}

/// Settle an act in doubt
///
/// For an act that is `unknown` or `needs_human`, once a person has looked at Klarna. `not_done`
/// ends it as refused, under the code `SETTLED_AS_NOT_DONE`.
#[utoipa::path(post, path = "/v1/intents/{id}/settle", tag = "Intents",
    operation_id = "settle_intent", params(IntentIdParam, IdempotencyKeyParam),
    request_body = SettlementInput,
    responses((status = 200, description = "The intent, settled", body = Intent)))]
pub(crate) async fn settle(
    State(app): State<App>,
    IntentRef(id): IntentRef,
    Call { body, caller }: Call<SettlementInput>,
) -> Result<Response, Problem> {
    let sale = sale_of(&app, id).await?;
    let settlement = match body.outcome {
        FoundOut::Done => Settlement::Done { id: body.id },
        FoundOut::NotDone => Settlement::NotDone,
    };
    let answered = app.engine().settle(sale, id, &settlement, &caller).await?;
    let intent = intent(&app, sale, id).await?;
    Ok(replayed(Json(intent).into_response(), answered.replayed))
}

fn not_found(id: IntentId) -> EngineError {
    EngineError::NotFound { what: "intent", id: id.to_string() }
}

async fn sale_of(app: &App, id: IntentId) -> Result<SaleId, EngineError> {
    app.engine().ledger().sale_of_intent(id).await?.ok_or_else(|| not_found(id))
}

async fn intent(app: &App, sale: SaleId, id: IntentId) -> Result<Intent, EngineError> {
    let (sale, events) = app.engine().history(sale).await?;
    Intent::of(&sale, &events, id).ok_or_else(|| not_found(id))
}
