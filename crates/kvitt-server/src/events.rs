//! `GET /v1/events`

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::app::App;
use crate::extract::{Params, limit, position};
use crate::problem::Problem;
use crate::view::{Event, EventFeed};

/// Which part of the feed.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct FeedParams {
    /// `next_after` of the part before; from the start where absent.
    #[param(value_type = u64, required = false)]
    after: Option<String>,
    /// How many at most, 1 to 100; 20 where absent.
    #[param(value_type = Option<u32>)]
    limit: Option<String>,
}

/// Follow the events of all sales
///
/// In the order in which they were committed. Whoever goes on from `next_after` misses none.
#[utoipa::path(get, path = "/v1/events", tag = "Events", operation_id = "list_events",
    params(FeedParams),
    responses((status = 200, description = "A part of the feed", body = EventFeed)))]
pub(crate) async fn list(
    State(app): State<App>,
    Params(params): Params<FeedParams>,
) -> Result<Json<EventFeed>, Problem> {
    let limit = limit(params.limit.as_deref())?;
    let after = position("after", params.after.as_deref())?;
    let entries = app.engine().ledger().feed(after, limit).await?;
    Ok(Json(EventFeed {
        next_after: entries.last().map_or(after, |entry| entry.position),
        items: entries.iter().map(Event::of_feed).collect(),
    }))
}
