//! `GET /v1/orders/{id}`

use axum::Json;
use axum::extract::State;

use super::placed;
use crate::app::App;
use crate::extract::{OrderIdParam, OrderRef};
use crate::problem::Problem;
use crate::view::Order;

/// Read an order
///
/// With everything that is known of it: what is captured, refunded and left of each line, whether
/// goods may ship, which acts are possible. The shopper's data stands under `shopper` alone.
#[utoipa::path(get, path = "/v1/orders/{id}", tag = "Orders", operation_id = "read_order",
    params(OrderIdParam), responses((status = 200, description = "The order", body = Order)))]
pub(crate) async fn read(
    State(app): State<App>,
    OrderRef(id): OrderRef,
) -> Result<Json<Order>, Problem> {
    let (sale, events) = placed(&app, id).await?;
    let at = app.engine().now().await;
    let order = Order::of(&sale, &events, app.engine().expiry_plan(&sale, at), at);
    let shopper = app.engine().shopper(id).await?;
    Ok(Json(order.ok_or_else(Problem::internal)?.with_shopper(shopper.into())))
}
