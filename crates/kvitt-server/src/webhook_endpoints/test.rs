//! `POST /v1/webhook-endpoints/{id}/test`

use axum::Json;
use axum::extract::State;

use crate::app::App;
use crate::extract::{
    Bare, IdempotencyKeyParam, Nothing, Params, WebhookEndpointIdParam, WebhookEndpointRef,
};
use crate::problem::Problem;
use crate::view::WebhookTest;

/// Send a test message
///
/// A signed message of the type `webhook.test`, once, whether the endpoint is enabled or not. Under
/// the same `Idempotency-Key` it has the same `webhook-id`.
#[utoipa::path(post, path = "/v1/webhook-endpoints/{id}/test", tag = "Webhooks",
    operation_id = "test_webhook_endpoint", params(WebhookEndpointIdParam, IdempotencyKeyParam),
    responses((status = 200, description = "What came of it", body = WebhookTest)))]
pub(crate) async fn test(
    State(app): State<App>,
    WebhookEndpointRef(id): WebhookEndpointRef,
    _: Params<Nothing>,
    Bare { caller }: Bare,
) -> Result<Json<WebhookTest>, Problem> {
    let (message, answer) = app.engine().test_webhook_endpoint(id, &caller).await?;
    Ok(Json(WebhookTest::of(message, answer)))
}
