//! `DELETE /v1/checkouts/{id}`

use axum::Json;
use axum::extract::State;

use super::whole;
use crate::app::App;
use crate::extract::{Bare, CheckoutIdParam, CheckoutRef, Nothing, Params};
use crate::problem::Problem;
use crate::view::Checkout;

/// Give a checkout up
///
/// Whatever the shopper authorized is given back. Giving up twice changes nothing.
#[utoipa::path(delete, path = "/v1/checkouts/{id}", tag = "Checkouts",
    operation_id = "abandon_checkout", params(CheckoutIdParam),
    responses((status = 200, description = "The checkout, abandoned", body = Checkout)))]
pub(crate) async fn abandon(
    State(app): State<App>,
    CheckoutRef(id): CheckoutRef,
    _: Params<Nothing>,
    Bare { caller }: Bare,
) -> Result<Json<Checkout>, Problem> {
    let sale = app
        .engine()
        .abandon(id, &caller)
        .await
        .map_err(|error| Problem::from(error).about_checkout(id.checkout_id()))?;
    Ok(Json(whole(&app, &sale).await?))
}
