//! `GET /v1/orders/{id}/events`

use axum::Json;
use axum::extract::State;

use super::placed;
use crate::app::App;
use crate::extract::{OrderIdParam, OrderRef};
use crate::problem::Problem;
use crate::view::{Event, EventPage};

/// List an order's events
///
/// From the opening of its checkout on.
#[utoipa::path(get, path = "/v1/orders/{id}/events", tag = "Events",
    operation_id = "list_order_events", params(OrderIdParam),
    responses((status = 200, description = "All of its events, oldest first", body = EventPage)))]
pub(crate) async fn events(
    State(app): State<App>,
    OrderRef(id): OrderRef,
) -> Result<Json<EventPage>, Problem> {
    let (sale, events) = placed(&app, id).await?;
    Ok(Json(EventPage { items: events.iter().map(|event| Event::of(&sale, event)).collect() }))
}
