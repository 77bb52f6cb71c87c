//! `POST /v1/orders/{id}/{cancel|release|extend}`: acts that say everything by their name.

use axum::extract::State;
use axum::response::Response;
use kvitt_core::Wish;

use crate::acts::{ActParams, Wanted, carry_out};
use crate::app::App;
use crate::extract::{Bare, IdempotencyKeyParam, OrderIdParam, OrderRef, Params};
use crate::problem::Problem;
use crate::view::{ActAnswer, ActReply};

/// Cancel an order
///
/// Possible while nothing is captured; the shopper's credit is free again.
#[utoipa::path(post, path = "/v1/orders/{id}/cancel", tag = "Orders", operation_id = "cancel",
    params(OrderIdParam, ActParams, IdempotencyKeyParam),
    responses(
        (status = 200, description = "Cancelled; with `preview=true` what it would do",
            body = ActReply),
        (status = 202, description = "Whether it is cancelled is not known yet", body = ActAnswer),
    ))]
pub(crate) async fn cancel(
    State(app): State<App>,
    OrderRef(id): OrderRef,
    Params(params): Params<ActParams>,
    Bare { caller }: Bare,
) -> Result<Response, Problem> {
    carry_out(&app, id, Wanted::changed(Wish::Cancel, params.preview), &caller).await
}

/// Release what is left
///
/// For an order of which something is captured and the rest will not be.
#[utoipa::path(post, path = "/v1/orders/{id}/release", tag = "Orders", operation_id = "release",
    params(OrderIdParam, ActParams, IdempotencyKeyParam),
    responses(
        (status = 200, description = "Released; with `preview=true` what it would do",
            body = ActReply),
        (status = 202, description = "Whether it is released is not known yet", body = ActAnswer),
    ))]
pub(crate) async fn release(
    State(app): State<App>,
    OrderRef(id): OrderRef,
    Params(params): Params<ActParams>,
    Bare { caller }: Bare,
) -> Result<Response, Problem> {
    carry_out(&app, id, Wanted::changed(Wish::Release, params.preview), &caller).await
}

/// Extend the time to capture
#[utoipa::path(post, path = "/v1/orders/{id}/extend", tag = "Orders", operation_id = "extend",
    params(OrderIdParam, ActParams, IdempotencyKeyParam),
    responses(
        (status = 200, description = "Extended; with `preview=true` what it would do",
            body = ActReply),
        (status = 202, description = "Whether it is extended is not known yet", body = ActAnswer),
    ))]
pub(crate) async fn extend(
    State(app): State<App>,
    OrderRef(id): OrderRef,
    Params(params): Params<ActParams>,
    Bare { caller }: Bare,
) -> Result<Response, Problem> {
    carry_out(&app, id, Wanted::changed(Wish::Extend, params.preview), &caller).await
}
