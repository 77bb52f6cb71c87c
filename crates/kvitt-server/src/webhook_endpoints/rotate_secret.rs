//! `POST /v1/webhook-endpoints/{id}/rotate-secret`

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};

use crate::acts::replayed;
use crate::app::App;
use crate::extract::{
    Bare, IdempotencyKeyParam, Nothing, Params, WebhookEndpointIdParam, WebhookEndpointRef,
};
use crate::problem::Problem;
use crate::view::WebhookEndpoint;

/// Give a webhook endpoint another secret
///
/// For 24 hours messages carry a signature with each of the two, so that nothing has to be changed
/// at the same moment. The answer's `secret` is not shown again.
#[utoipa::path(post, path = "/v1/webhook-endpoints/{id}/rotate-secret", tag = "Webhooks",
    operation_id = "rotate_webhook_secret", params(WebhookEndpointIdParam, IdempotencyKeyParam),
    responses((status = 200, description = "The endpoint, with its new secret",
        body = WebhookEndpoint)))]
pub(crate) async fn rotate_secret(
    State(app): State<App>,
    WebhookEndpointRef(id): WebhookEndpointRef,
    _: Params<Nothing>,
    Bare { caller }: Bare,
) -> Result<Response, Problem> {
    let rotated = app.engine().rotate_webhook_secret(id, &caller).await?;
    let response = Json(WebhookEndpoint::with_secret(&rotated.endpoint)).into_response();
    Ok(replayed(response, rotated.replayed))
}
