//! `POST /v1/webhook-endpoints/{id}/resend`

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use kvitt_core::EventId;
use kvitt_engine::webhooks::WebhookResend;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::acts::replayed;
use crate::app::App;
use crate::extract::{
    Call, IdempotencyKeyParam, Nothing, Params, WebhookEndpointIdParam, WebhookEndpointRef,
};
use crate::problem::{Problem, codes};
use crate::view::WebhookEndpoint;

/// What to send once more: one of the two.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Resend {
    /// The event whose message it is, `evt_…`; one that the endpoint was sent before, or waits
    /// for.
    #[schema(value_type = Option<String>)]
    event: Option<EventId>,
    /// Whatever the endpoint wants of what happened at this time or later, RFC 3339, whether it
    /// was sent before or not. Replicas' clocks differ, so up to a minute more is sent.
    #[schema(value_type = Option<String>, format = DateTime)]
    since: Option<Timestamp>,
}

/// Send messages once more
///
/// Under the ids that they have, so that whoever took them already knows. A disabled endpoint is
/// sent them when it is enabled.
#[utoipa::path(post, path = "/v1/webhook-endpoints/{id}/resend", tag = "Webhooks",
    operation_id = "resend_webhooks", params(WebhookEndpointIdParam, IdempotencyKeyParam),
    request_body(content = Resend, example = json!({"since": "2026-11-22T13:45:00Z"})),
    responses((status = 202, description = "They are on their way", body = WebhookEndpoint)))]
pub(crate) async fn resend(
    State(app): State<App>,
    WebhookEndpointRef(id): WebhookEndpointRef,
    _: Params<Nothing>,
    Call { caller, body }: Call<Resend>,
) -> Result<Response, Problem> {
    let what = match (body.event, body.since) {
        (Some(event), None) => WebhookResend::Event(event),
        (None, Some(since)) => WebhookResend::Since(since),
        _ => {
            let detail = "say what to send once more: either event or since";
            return Err(Problem::new(codes::INVALID_WEBHOOK, detail));
        }
    };
    let answered = app.engine().resend_webhooks(id, what, &caller).await?;
    let shown = WebhookEndpoint::of(&answered.endpoint);
    let response = (StatusCode::ACCEPTED, Json(shown)).into_response();
    Ok(replayed(response, answered.replayed))
}
