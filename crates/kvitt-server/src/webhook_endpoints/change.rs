//! `PATCH /v1/webhook-endpoints/{id}`

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use kvitt_engine::webhooks::WebhookEndpointChange;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::acts::replayed;
use crate::app::App;
use crate::extract::{
    Call, IdempotencyKeyParam, Nothing, Params, WebhookEndpointIdParam, WebhookEndpointRef,
};
use crate::problem::{Problem, codes};
use crate::view::WebhookEndpoint;

/// What to change. What is absent stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EndpointChange {
    /// Another address; what waits is sent there at once.
    url: Option<String>,
    /// What it is for; at most 255 characters.
    description: Option<String>,
    /// The names of the events that it is told of; all where the list is empty. What happened
    /// before is not looked at again.
    events: Option<Vec<String>>,
    /// `false`: nothing is sent to it. `true`: it is sent what happened meanwhile, and it has
    /// three days anew for what it did not take.
    enabled: Option<bool>,
}

/// Change a webhook endpoint
#[utoipa::path(patch, path = "/v1/webhook-endpoints/{id}", tag = "Webhooks",
    operation_id = "change_webhook_endpoint",
    params(WebhookEndpointIdParam, IdempotencyKeyParam),
    request_body(content = EndpointChange, example = json!({"enabled": true})),
    responses((status = 200, description = "The endpoint as it is now", body = WebhookEndpoint)))]
pub(crate) async fn change(
    State(app): State<App>,
    WebhookEndpointRef(id): WebhookEndpointRef,
    _: Params<Nothing>,
    Call { caller, body }: Call<EndpointChange>,
) -> Result<Response, Problem> {
    let EndpointChange { url, description, events, enabled } = body;
    let change = WebhookEndpointChange { url, description, events, enabled };
    if change == WebhookEndpointChange::default() {
        let detail = "the change changes nothing: send url, description, events or enabled";
        return Err(Problem::new(codes::INVALID_WEBHOOK, detail));
    }
    let changed = app.engine().change_webhook_endpoint(id, &change, &caller).await?;
    let response = Json(WebhookEndpoint::of(&changed.endpoint)).into_response();
    Ok(replayed(response, changed.replayed))
}
