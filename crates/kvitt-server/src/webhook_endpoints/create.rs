//! `POST /v1/webhook-endpoints`

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use kvitt_engine::webhooks::WebhookEndpointInput;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::acts::replayed;
use crate::app::App;
use crate::extract::{Call, IdempotencyKeyParam, Nothing, Params};
use crate::problem::Problem;
use crate::view::WebhookEndpoint;

/// Where messages are to be sent.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewEndpoint {
    /// An https address; http only on the server's own machine.
    url: String,
    /// What it is for; at most 255 characters.
    #[serde(default)]
    description: String,
    /// The names of the events that it is told of, such as `capture.done`; with a `*` at the end
    /// all that begin so. All events where the list is absent or empty.
    #[serde(default)]
    events: Vec<String>,
}

/// Make a webhook endpoint
///
/// It is told of what happens from now on, in the format of Standard Webhooks. The answer's
/// `secret` verifies the messages; it is not shown again.
#[utoipa::path(post, path = "/v1/webhook-endpoints", tag = "Webhooks",
    operation_id = "create_webhook_endpoint", params(IdempotencyKeyParam),
    request_body(content = NewEndpoint, example = json!({
        "url": "https://shop.example/webhooks",
        "description": "Warehouse",
        "events": ["place.done", "capture.*"]
    })),
    responses((status = 201, description = "The endpoint, with its secret",
        body = WebhookEndpoint)))]
pub(crate) async fn create(
    State(app): State<App>,
    _: Params<Nothing>,
    Call { caller, body }: Call<NewEndpoint>,
) -> Result<Response, Problem> {
    let NewEndpoint { url, description, events } = body;
    let input = WebhookEndpointInput { url, description, events };
    let made = app.engine().create_webhook_endpoint(input, &caller).await?;
    let shown = WebhookEndpoint::with_secret(&made.endpoint);
    let response = (StatusCode::CREATED, Json(shown)).into_response();
    Ok(replayed(response, made.replayed))
}
