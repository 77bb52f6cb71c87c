//! `PATCH /v1/checkouts/{id}`

use axum::Json;
use axum::extract::State;

use super::whole;
use crate::app::App;
use crate::extract::{Call, CheckoutIdParam, CheckoutRef, Nothing, Params};
use crate::input::CartInput;
use crate::problem::Problem;
use crate::view::Checkout;

/// Change a checkout's cart
///
/// Possible until the order is being placed. An authorization of the cart before places no order
/// any more: the shopper authorizes again.
#[utoipa::path(patch, path = "/v1/checkouts/{id}", tag = "Checkouts",
    operation_id = "change_checkout", params(CheckoutIdParam),
    request_body(content = CartInput, example = json!({
        "order_amount": 29_800,
        "order_tax_amount": 5_960,
        "order_lines": [
            {"line_id": "shirt", "type": "physical", "reference": "SKU-1", "name": "Shirt",
             "quantity": 1, "unit_price": 24_900, "tax_rate": 2500, "total_amount": 24_900,
             "total_tax_amount": 4_980},
            {"line_id": "freight", "type": "shipping_fee", "name": "Freight", "quantity": 1,
             "unit_price": 4_900, "tax_rate": 2500, "total_amount": 4_900,
             "total_tax_amount": 980}
        ]
    })),
    responses((status = 200, description = "The checkout as it is now", body = Checkout)))]
pub(crate) async fn change(
    State(app): State<App>,
    CheckoutRef(id): CheckoutRef,
    _: Params<Nothing>,
    Call { caller, body }: Call<CartInput>,
) -> Result<Json<Checkout>, Problem> {
    let country = app.engine().sale(id).await?.terms.market.purchase_country();
    let sale = app
        .engine()
        .change_cart(id, body.check(country)?, &caller)
        .await
        .map_err(|error| Problem::from(error).about_checkout(id.checkout_id()))?;
    Ok(Json(whole(&app, &sale).await?))
}
