//! `GET /v1/webhook-endpoints`

use axum::Json;
use axum::extract::State;

use crate::app::App;
use crate::problem::Problem;
use crate::view::{WebhookEndpoint, WebhookEndpointPage};

/// List webhook endpoints
#[utoipa::path(get, path = "/v1/webhook-endpoints", tag = "Webhooks",
    operation_id = "list_webhook_endpoints",
    responses((status = 200, description = "All of them, oldest first",
        body = WebhookEndpointPage)))]
pub(crate) async fn list(State(app): State<App>) -> Result<Json<WebhookEndpointPage>, Problem> {
    let endpoints = app.engine().ledger().webhooks().webhook_endpoints().await?;
    Ok(Json(WebhookEndpointPage { items: endpoints.iter().map(WebhookEndpoint::of).collect() }))
}
