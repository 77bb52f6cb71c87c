//! `GET /v1/checkouts/{id}`

use axum::Json;
use axum::extract::State;

use super::whole;
use crate::app::App;
use crate::extract::{CheckoutIdParam, CheckoutRef};
use crate::problem::Problem;
use crate::view::Checkout;

/// Read a checkout
#[utoipa::path(get, path = "/v1/checkouts/{id}", tag = "Checkouts",
    operation_id = "read_checkout", params(CheckoutIdParam),
    responses((status = 200, description = "The checkout", body = Checkout)))]
pub(crate) async fn read(
    State(app): State<App>,
    CheckoutRef(id): CheckoutRef,
) -> Result<Json<Checkout>, Problem> {
    let sale = app.engine().sale(id).await?;
    Ok(Json(whole(&app, &sale).await?))
}
