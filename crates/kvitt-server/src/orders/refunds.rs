//! `/v1/orders/{id}/refunds`

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use kvitt_core::{RefundWish, Wish};
use serde::Deserialize;
use utoipa::ToSchema;

use super::captures::{LinePickInput, picks};
use super::placed;
use crate::acts::{ActParams, Wanted, carry_out};
use crate::app::App;
use crate::extract::{Call, IdempotencyKeyParam, OrderIdParam, OrderRef, Params};
use crate::input::Whole;
use crate::problem::Problem;
use crate::view::{ActAnswer, Refund, RefundPage};

/// What to refund. With neither lines nor an amount: everything that is captured and not yet
/// refunded.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RefundInput {
    /// Of which lines.
    #[serde(default)]
    order_lines: Vec<LinePickInput>,
    /// How much, in minor units; with lines it must be their sum.
    #[schema(value_type = Option<i64>)]
    refunded_amount: Option<Whole>,
    /// `true` refunds an amount without lines.
    #[serde(default)]
    amount_only: bool,
    /// The shop's reference; at most 255 characters.
    reference: Option<String>,
    /// Shown to the customer; at most 255 characters.
    description: Option<String>,
}

/// Refund
///
/// Gives captured money back: some lines, an amount, or everything captured.
#[utoipa::path(post, path = "/v1/orders/{id}/refunds", tag = "Orders", operation_id = "refund",
    params(OrderIdParam, ActParams, IdempotencyKeyParam),
    request_body(content = RefundInput, example = json!({
        "order_lines": [{"line_id": "shirt", "quantity": 1}],
        "refunded_amount": 24_900,
        "description": "Did not fit"
    })),
    responses(
        (status = 200, description = "With `preview=true`: what it would do",
            body = crate::view::Preview),
        (status = 201, description = "Refunded", body = ActAnswer),
        (status = 202, description = "Whether it is refunded is not known yet", body = ActAnswer),
    ))]
pub(crate) async fn create(
    State(app): State<App>,
    OrderRef(id): OrderRef,
    Params(params): Params<ActParams>,
    Call { caller, body }: Call<RefundInput>,
) -> Result<Response, Problem> {
    let wish = Wish::Refund(RefundWish {
        lines: picks(body.order_lines)?,
        refunded_amount: body.refunded_amount.map(|amount| amount.0),
        amount_only: body.amount_only,
        reference: body.reference,
        description: body.description,
    });
    carry_out(&app, id, Wanted::created(wish, params.preview), &caller).await
}

/// List an order's refunds
#[utoipa::path(get, path = "/v1/orders/{id}/refunds", tag = "Orders",
    operation_id = "list_refunds", params(OrderIdParam),
    responses((status = 200, description = "All refunds, oldest first", body = RefundPage)))]
pub(crate) async fn list(
    State(app): State<App>,
    OrderRef(id): OrderRef,
) -> Result<Json<RefundPage>, Problem> {
    let (sale, _) = placed(&app, id).await?;
    Ok(Json(RefundPage { items: sale.order.iter().flat_map(Refund::all).collect() }))
}
