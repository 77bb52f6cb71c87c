//! `GET /v1/checkouts/{id}/events`

use axum::Json;
use axum::extract::State;

use crate::app::App;
use crate::extract::{CheckoutIdParam, CheckoutRef};
use crate::problem::Problem;
use crate::view::{Event, EventPage};

/// List a checkout's events
#[utoipa::path(get, path = "/v1/checkouts/{id}/events", tag = "Events",
    operation_id = "list_checkout_events", params(CheckoutIdParam),
    responses((status = 200, description = "All of its events, oldest first", body = EventPage)))]
pub(crate) async fn events(
    State(app): State<App>,
    CheckoutRef(id): CheckoutRef,
) -> Result<Json<EventPage>, Problem> {
    let (sale, events) = app.engine().history(id).await?;
    Ok(Json(EventPage { items: events.iter().map(|event| Event::of(&sale, event)).collect() }))
}
