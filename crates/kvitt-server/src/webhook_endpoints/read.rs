//! `GET /v1/webhook-endpoints/{id}`

use axum::Json;
use axum::extract::State;

use crate::app::App;
use crate::extract::{WebhookEndpointIdParam, WebhookEndpointRef};
use crate::problem::Problem;
use crate::view::WebhookEndpoint;

/// Read a webhook endpoint
#[utoipa::path(get, path = "/v1/webhook-endpoints/{id}", tag = "Webhooks",
    operation_id = "read_webhook_endpoint", params(WebhookEndpointIdParam),
    responses((status = 200, description = "The endpoint, without its secret",
        body = WebhookEndpoint)))]
pub(crate) async fn read(
    State(app): State<App>,
    WebhookEndpointRef(id): WebhookEndpointRef,
) -> Result<Json<WebhookEndpoint>, Problem> {
    Ok(Json(WebhookEndpoint::of(&app.engine().webhook_endpoint(id).await?)))
}
