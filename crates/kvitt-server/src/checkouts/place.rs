//! `POST /v1/checkouts/{id}/place`

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use kvitt_core::{IntentId, IntentState, SaleId, Wish};

use super::whole;
use crate::acts::{noted, replayed, replayed_problem};
use crate::app::App;
use crate::extract::{Bare, CheckoutIdParam, CheckoutRef, IdempotencyKeyParam, Nothing, Params};
use crate::problem::{Problem, klarna_refused};
use crate::view::{Checkout, Order};

/// Place the order by hand
///
/// For checkouts with `"placement": "manual"`: the shopper authorized, and the shop has the last
/// word. The authorization lives for 60 minutes.
#[utoipa::path(post, path = "/v1/checkouts/{id}/place", tag = "Checkouts",
    operation_id = "place_order", params(CheckoutIdParam, IdempotencyKeyParam),
    responses(
        (status = 201, description = "The order is placed", body = Checkout),
        (status = 202, description = "Whether the order is placed is not known yet",
            body = Checkout),
    ))]
pub(crate) async fn place(
    State(app): State<App>,
    CheckoutRef(id): CheckoutRef,
    _: Params<Nothing>,
    Bare { caller }: Bare,
) -> Result<Response, Problem> {
    let answered = app
        .engine()
        .act(id, Wish::Place, None, &caller)
        .await
        .map_err(|error| Problem::from(error).about_checkout(id.checkout_id()))?;
    placed(&app, id, Some(answered.intent), false, answered.replayed).await
}

/// What came of placing: the checkout, with its order if there is one.
pub(super) async fn placed(
    app: &App,
    id: SaleId,
    intent: Option<IntentId>,
    was_there: bool,
    again: bool,
) -> Result<Response, Problem> {
    let (sale, events) = app.engine().history(id).await?;
    let at = app.engine().now().await;
    let order = Order::of(&sale, &events, app.engine().expiry_plan(&sale, at), at);
    let state = intent.and_then(|intent| sale.intents.get(&intent)).map(|intent| &intent.state);
    let shown = intent.and_then(|intent| noted(app, &sale, &events, intent, again || was_there));
    let status = match state {
        Some(IntentState::Refused(said)) if sale.order.is_none() => {
            let problem = klarna_refused(said).about_checkout(id.checkout_id());
            let problem = match shown {
                Some(intent) => problem.with_act(intent, order),
                None => problem,
            };
            return Err(if again { replayed_problem(problem) } else { problem });
        }
        Some(IntentState::Done(_)) if was_there && !again => StatusCode::OK,
        Some(IntentState::Done(_)) => StatusCode::CREATED,
        Some(IntentState::Refused(_)) | None => StatusCode::OK,
        Some(_) => StatusCode::ACCEPTED,
    };
    let checkout = whole(app, &sale).await?.with_placing(shown, order);
    Ok(replayed((status, Json(checkout)).into_response(), again))
}
