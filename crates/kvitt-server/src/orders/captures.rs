//! `/v1/orders/{id}/captures`

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use kvitt_core::{CaptureWish, LineId, LinePick, Wish};
use serde::Deserialize;
use utoipa::ToSchema;

use super::placed;
use crate::acts::{ActParams, Wanted, carry_out};
use crate::app::App;
use crate::extract::{Call, IdempotencyKeyParam, OrderIdParam, OrderRef, Params};
use crate::input::{ShippingInfo, Whole, parcels};
use crate::problem::{MemberError, Problem, codes};
use crate::view::{ActAnswer, Capture, CapturePage};

/// A line and how many pieces of it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LinePickInput {
    /// The line.
    line_id: String,
    /// How many pieces; all that are left where absent.
    #[schema(value_type = Option<i64>)]
    quantity: Option<Whole>,
}

/// Lines as the business picks them. A negative quantity is refused as such: that so and so many
/// are left, as the business would say, is beside the point.
pub(super) fn picks(given: Vec<LinePickInput>) -> Result<Vec<LinePick>, Problem> {
    let pick = |(index, pick): (usize, LinePickInput)| {
        let quantity = pick.quantity.map(|quantity| quantity.0);
        match quantity.filter(|quantity| *quantity < 0) {
            Some(negative) => Err(negative_quantity(index, negative)),
            None => Ok(LinePick { line_id: LineId(pick.line_id), quantity }),
        }
    };
    given.into_iter().enumerate().map(pick).collect()
}

fn negative_quantity(index: usize, quantity: i64) -> Problem {
    let path = format!("order_lines[{index}].quantity");
    let expected = "1 or more, or no quantity for all that are left";
    let message = format!("{path} is {quantity}, expected {expected}");
    Problem::new(codes::INVALID_AMOUNT, &message).with_error(MemberError {
        path,
        value: Some(quantity.to_string()),
        expected: Some(expected.to_owned()),
        message,
    })
}

/// What to capture. With neither lines nor an amount: everything that is left.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CaptureInput {
    /// Of which lines.
    #[serde(default)]
    order_lines: Vec<LinePickInput>,
    /// How much, in minor units; with lines it must be their sum.
    #[schema(value_type = Option<i64>)]
    captured_amount: Option<Whole>,
    /// `true` captures an amount without lines. The customer's invoice then shows none.
    #[serde(default)]
    amount_only: bool,
    /// The shop's reference; at most 255 characters.
    reference: Option<String>,
    /// Shown to the customer; at most 255 characters.
    description: Option<String>,
    /// Tracking of the parcels.
    #[serde(default)]
    shipping_info: Vec<ShippingInfo>,
    /// `true` where nothing else will ship: what is left is released once this is captured, by an
    /// act of its own.
    #[serde(default, rename = "final")]
    is_final: bool,
}

/// Capture
///
/// Takes the money for goods that ship: some lines, an amount, or everything that is left.
#[utoipa::path(post, path = "/v1/orders/{id}/captures", tag = "Orders",
    operation_id = "capture", params(OrderIdParam, ActParams, IdempotencyKeyParam),
    request_body(content = CaptureInput, example = json!({
        "order_lines": [{"line_id": "shirt", "quantity": 1}],
        "captured_amount": 24_900,
        "reference": "delivery-1",
        "shipping_info": [{"shipping_company": "PostNord", "tracking_number": "XYZ123"}]
    })),
    responses(
        (status = 200, description = "With `preview=true`: what it would do",
            body = crate::view::Preview),
        (status = 201, description = "Captured", body = ActAnswer),
        (status = 202, description = "Whether it is captured is not known yet", body = ActAnswer),
    ))]
pub(crate) async fn create(
    State(app): State<App>,
    OrderRef(id): OrderRef,
    Params(params): Params<ActParams>,
    Call { caller, body }: Call<CaptureInput>,
) -> Result<Response, Problem> {
    let wish = Wish::Capture(CaptureWish {
        lines: picks(body.order_lines)?,
        captured_amount: body.captured_amount.map(|amount| amount.0),
        amount_only: body.amount_only,
        reference: body.reference,
        description: body.description,
        shipping_info: parcels(body.shipping_info),
        is_final: body.is_final,
    });
    carry_out(&app, id, Wanted::created(wish, params.preview), &caller).await
}

/// List an order's captures
#[utoipa::path(get, path = "/v1/orders/{id}/captures", tag = "Orders",
    operation_id = "list_captures", params(OrderIdParam),
    responses((status = 200, description = "All captures, oldest first", body = CapturePage)))]
pub(crate) async fn list(
    State(app): State<App>,
    OrderRef(id): OrderRef,
) -> Result<Json<CapturePage>, Problem> {
    let (sale, _) = placed(&app, id).await?;
    Ok(Json(CapturePage { items: sale.order.iter().flat_map(Capture::all).collect() }))
}
