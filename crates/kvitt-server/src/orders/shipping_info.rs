//! Tracking, of an order or of one of its captures.

use axum::extract::State;
use axum::response::Response;
use kvitt_core::Wish;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::acts::{ActParams, Wanted, carry_out};
use crate::app::App;
use crate::extract::{
    Call, CaptureRef, CaptureRefParams, IdempotencyKeyParam, OrderIdParam, OrderRef, Params,
};
use crate::input::{ShippingInfo, parcels};
use crate::problem::Problem;
use crate::view::{ActAnswer, ActReply};

/// Parcels to be added.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ShippingInfoInput {
    /// The parcels, 1 to 500.
    shipping_info: Vec<ShippingInfo>,
}

/// Add tracking to a capture
#[utoipa::path(post, path = "/v1/orders/{id}/captures/{capture_id}/shipping-info",
    tag = "Orders", operation_id = "add_capture_shipping_info",
    params(CaptureRefParams, ActParams, IdempotencyKeyParam),
    request_body(content = ShippingInfoInput, example = json!({
        "shipping_info": [{"shipping_company": "PostNord", "shipping_method": "PickUpPoint",
            "tracking_number": "XYZ124"}]
    })),
    responses(
        (status = 200, description = "Added; with `preview=true` what it would do",
            body = ActReply),
        (status = 202, description = "Whether it is added is not known yet", body = ActAnswer),
    ))]
pub(crate) async fn of_capture(
    State(app): State<App>,
    OrderRef(id): OrderRef,
    CaptureRef(capture_id): CaptureRef,
    Params(params): Params<ActParams>,
    Call { caller, body }: Call<ShippingInfoInput>,
) -> Result<Response, Problem> {
    let wish = Wish::AddShippingInfo {
        capture_id: Some(capture_id),
        shipping_info: parcels(body.shipping_info),
    };
    carry_out(&app, id, Wanted::changed(wish, params.preview), &caller).await
}

/// Add tracking to an order
///
/// For parcels that belong to no single capture.
#[utoipa::path(post, path = "/v1/orders/{id}/shipping-info", tag = "Orders",
    operation_id = "add_order_shipping_info", params(OrderIdParam, ActParams, IdempotencyKeyParam),
    request_body(content = ShippingInfoInput, example = json!({
        "shipping_info": [{"shipping_company": "PostNord", "tracking_number": "XYZ125"}]
    })),
    responses(
        (status = 200, description = "Added; with `preview=true` what it would do",
            body = ActReply),
        (status = 202, description = "Whether it is added is not known yet", body = ActAnswer),
    ))]
pub(crate) async fn of_order(
    State(app): State<App>,
    OrderRef(id): OrderRef,
    Params(params): Params<ActParams>,
    Call { caller, body }: Call<ShippingInfoInput>,
) -> Result<Response, Problem> {
    let wish =
        Wish::AddShippingInfo { capture_id: None, shipping_info: parcels(body.shipping_info) };
    carry_out(&app, id, Wanted::changed(wish, params.preview), &caller).await
}
