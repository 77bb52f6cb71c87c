//! `POST /v1/orders/{id}/undo`

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use kvitt_core::UndoWish;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::acts::{ActParams, answer, refused};
use crate::app::App;
use crate::extract::{IdempotencyKeyParam, MayCall, OrderIdParam, OrderRef, Params};
use crate::problem::Problem;
use crate::view::{ActAnswer, ActReply};

/// What goes along with an undo's refund, if it takes one. The body may be left out.
#[derive(Deserialize, Default, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UndoInput {
    /// The shop's reference; at most 255 characters.
    reference: Option<String>,
    /// Shown to the customer; at most 255 characters.
    description: Option<String>,
}

/// Undo an order
///
/// Whatever its state: cancels it where nothing is captured, releases what is left to capture,
/// refunds what is captured. The acts that this takes are decided one after the other by the order
/// as it then is, and count as one: `GET /v1/intents/{id}` tells how far it has come, and no other
/// act moves money on the order until it is over.
#[utoipa::path(post, path = "/v1/orders/{id}/undo", tag = "Orders", operation_id = "undo",
    params(OrderIdParam, ActParams, IdempotencyKeyParam),
    request_body(content = Option<UndoInput>, example = json!({
        "description": "The shirt is sold out"
    })),
    responses(
        (status = 200, description = "Undone; with `preview=true` what it would do",
            body = ActReply),
        (status = 202, description = "It is not known yet whether all of it is undone",
            body = ActAnswer),
    ))]
pub(crate) async fn undo(
    State(app): State<App>,
    OrderRef(id): OrderRef,
    Params(params): Params<ActParams>,
    MayCall { caller, body }: MayCall<UndoInput>,
) -> Result<Response, Problem> {
    let wish = UndoWish { reference: body.reference, description: body.description };
    if params.preview {
        return match app.engine().plan_undo(id, &wish).await {
            Ok(plan) => Ok(Json(ActReply::Preview(plan.into())).into_response()),
            Err(error) => Err(refused(&app, id, error).await),
        };
    }
    match app.engine().undo(id, wish, &caller).await {
        Ok(answered) => answer(&app, id, &answered, StatusCode::OK).await,
        Err(error) => Err(refused(&app, id, error).await),
    }
}
