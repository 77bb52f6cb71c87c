//! `GET /v1/webhook-endpoints/{id}/deliveries`

use axum::Json;
use axum::extract::State;
use kvitt_ledger::{WebhookMessageQuery, WebhookState};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::app::App;
use crate::extract::{
    Params, WebhookEndpointIdParam, WebhookEndpointRef, limit, one_of, page_position,
};
use crate::problem::Problem;
use crate::view::{WebhookDelivery, WebhookDeliveryPage};

/// Which deliveries to list.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DeliveryFilter {
    /// `pending`, `failing`, `delivered` or `given_up`.
    state: Option<String>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// How many at most, 1 to 100; 20 where absent.
    #[param(value_type = Option<u32>)]
    limit: Option<String>,
}

/// List what a webhook endpoint is sent
///
/// And what came of it. The message about the newest event comes first.
#[utoipa::path(get, path = "/v1/webhook-endpoints/{id}/deliveries", tag = "Webhooks",
    operation_id = "list_webhook_deliveries", params(WebhookEndpointIdParam, DeliveryFilter),
    responses((status = 200, description = "A part of the list", body = WebhookDeliveryPage)))]
pub(crate) async fn deliveries(
    State(app): State<App>,
    WebhookEndpointRef(id): WebhookEndpointRef,
    Params(filter): Params<DeliveryFilter>,
) -> Result<Json<WebhookDeliveryPage>, Problem> {
    let states = WebhookState::ALL.map(WebhookState::as_str);
    let state = one_of("state", filter.state, &states)?;
    let limit = limit(filter.limit.as_deref())?;
    let query = WebhookMessageQuery {
        endpoint: app.engine().webhook_endpoint(id).await?.id,
        state: state.and_then(|name| WebhookState::named(&name)),
        before: page_position("cursor", filter.cursor.as_deref())?,
        // One more than asked for shows whether anything follows.
        limit: limit + 1,
    };
    let mut found = app.engine().ledger().webhooks().webhook_messages(&query).await?;
    let asked_for = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = found.len() > asked_for;
    found.truncate(asked_for);
    let next_cursor = found.last().filter(|_| more).map(|last| last.position.to_string());
    Ok(Json(WebhookDeliveryPage {
        items: found.into_iter().map(WebhookDelivery::of).collect(),
        next_cursor,
    }))
}
