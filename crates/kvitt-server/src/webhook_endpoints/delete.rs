//! `DELETE /v1/webhook-endpoints/{id}`

use axum::extract::State;
use axum::http::StatusCode;

use crate::app::App;
use crate::extract::{Nothing, Params, WebhookEndpointIdParam, WebhookEndpointRef};
use crate::problem::Problem;

/// Delete a webhook endpoint
///
/// Nothing is sent to it any more, and what waited for it is forgotten.
#[utoipa::path(delete, path = "/v1/webhook-endpoints/{id}", tag = "Webhooks",
    operation_id = "delete_webhook_endpoint", params(WebhookEndpointIdParam),
    responses((status = 204, description = "It is gone")))]
pub(crate) async fn delete(
    State(app): State<App>,
    WebhookEndpointRef(id): WebhookEndpointRef,
    _: Params<Nothing>,
) -> Result<StatusCode, Problem> {
    app.engine().delete_webhook_endpoint(id).await?;
    Ok(StatusCode::NO_CONTENT)
}
