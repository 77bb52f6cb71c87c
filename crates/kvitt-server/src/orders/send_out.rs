//! The customer's message of a capture, sent once more.

use axum::extract::State;
use axum::response::Response;
use kvitt_core::Wish;

use crate::acts::{ActParams, Wanted, carry_out};
use crate::app::App;
use crate::extract::{Bare, CaptureRef, CaptureRefParams, IdempotencyKeyParam, OrderRef, Params};
use crate::problem::Problem;
use crate::view::{ActAnswer, ActReply};

/// Send the customer's message of a capture again
///
/// Klarna sends what it sent after the capture, such as the invoice, once more. Nothing of it can be
/// read back: where Klarna's answer is lost for a day, a person has to find out.
#[utoipa::path(post, path = "/v1/orders/{id}/captures/{capture_id}/trigger-send-out",
    tag = "Orders", operation_id = "trigger_send_out",
    params(CaptureRefParams, ActParams, IdempotencyKeyParam),
    responses(
        (status = 200, description = "Klarna sends it; with `preview=true` what it would do",
            body = ActReply),
        (status = 202, description = "Whether Klarna sends it is not known yet", body = ActAnswer),
    ))]
pub(crate) async fn trigger(
    State(app): State<App>,
    OrderRef(id): OrderRef,
    CaptureRef(capture_id): CaptureRef,
    Params(params): Params<ActParams>,
    Bare { caller }: Bare,
) -> Result<Response, Problem> {
    let wish = Wish::TriggerSendOut { capture_id };
    carry_out(&app, id, Wanted::changed(wish, params.preview), &caller).await
}
