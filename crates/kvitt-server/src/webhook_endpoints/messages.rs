//! `GET /v1/webhook-messages`

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::app::App;
use crate::extract::{Params, limit, position};
use crate::problem::Problem;
use crate::view::{WebhookMessage, WebhookMessageFeed};

/// Which part of the feed.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct MessageParams {
    /// `next_after` of the part before, or `end` for nothing but the place where the feed now
    /// ends; from the start where absent.
    #[param(required = false)]
    after: Option<String>,
    /// How many at most, 1 to 100; 20 where absent.
    #[param(value_type = Option<u32>)]
    limit: Option<String>,
}

/// Follow the events of all sales as webhook messages
///
/// Each with the body that endpoints are sent: for whoever fetches instead of being sent, and for
/// trying out.
#[utoipa::path(get, path = "/v1/webhook-messages", tag = "Webhooks",
    operation_id = "list_webhook_messages", params(MessageParams),
    responses((status = 200, description = "A part of the feed", body = WebhookMessageFeed)))]
pub(crate) async fn messages(
    State(app): State<App>,
    Params(params): Params<MessageParams>,
) -> Result<Json<WebhookMessageFeed>, Problem> {
    let limit = limit(params.limit.as_deref())?;
    if params.after.as_deref() == Some("end") {
        let next_after = app.engine().ledger().webhooks().feed_end().await?;
        return Ok(Json(WebhookMessageFeed { items: Vec::new(), next_after }));
    }
    let after = position("after", params.after.as_deref())?;
    let feed = app.engine().webhook_feed(after, limit).await?;
    let items: Option<Vec<_>> = feed.entries.into_iter().map(WebhookMessage::of).collect();
    Ok(Json(WebhookMessageFeed {
        items: items.ok_or_else(Problem::internal)?,
        next_after: feed.next_after,
    }))
}
