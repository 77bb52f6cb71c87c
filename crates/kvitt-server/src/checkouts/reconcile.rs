//! `POST /v1/checkouts/{id}/reconcile` and `/adopt`

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use kvitt_engine::Reconciling;
use serde::Deserialize;
use utoipa::ToSchema;

use super::place::placed;
use crate::acts::ActParams;
use crate::app::App;
use crate::extract::{
    Bare, Call, CheckoutIdParam, CheckoutRef, IdempotencyKeyParam, Nothing, Params,
};
use crate::problem::Problem;
use crate::view::{Checkout, Reconciliation};

/// Hold a checkout beside Klarna
///
/// Reads its session at Klarna now: whether the shopper authorized or an order was placed, and
/// neither callback nor browser told. A checkout that has its order is held as an order.
#[utoipa::path(post, path = "/v1/checkouts/{id}/reconcile", tag = "Checkouts",
    operation_id = "reconcile_checkout", params(CheckoutIdParam, ActParams, IdempotencyKeyParam),
    responses((status = 200, description = "What differed, and what became of it; with \
        `preview=true` nothing is taken over", body = Reconciliation)))]
pub(crate) async fn reconcile(
    State(app): State<App>,
    CheckoutRef(id): CheckoutRef,
    Params(params): Params<ActParams>,
    Bare { .. }: Bare,
) -> Result<Json<Reconciliation>, Problem> {
    let how = if params.preview { Reconciling::Preview } else { Reconciling::TakingOver };
    let reconciled = app.engine().reconcile(id, how).await?;
    Ok(Json(Reconciliation::of(&reconciled, how)))
}

/// Which order Klarna has for a checkout.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AdoptionInput {
    /// Klarna's id of the order. Klarna is asked for it: market and reference must be the
    /// checkout's.
    #[schema(example = "f3392f8b-6116-4073-ab96-e330819e2c07")]
    klarna_order_id: String,
}

/// Tell which order Klarna has for a checkout
///
/// For a checkout whose session is complete at Klarna (`order_unknown`), once a person has found the
/// order: it was placed by a kvitt whose ledger was lost, or by another program.
#[utoipa::path(post, path = "/v1/checkouts/{id}/adopt", tag = "Checkouts",
    operation_id = "adopt_order", params(CheckoutIdParam, IdempotencyKeyParam),
    request_body = AdoptionInput,
    responses((status = 200, description = "The checkout, with its order", body = Checkout)))]
pub(crate) async fn adopt(
    State(app): State<App>,
    CheckoutRef(id): CheckoutRef,
    _: Params<Nothing>,
    Call { caller, body }: Call<AdoptionInput>,
) -> Result<Response, Problem> {
    app.engine()
        .adopt_order(id, &body.klarna_order_id, &caller)
        .await
        .map_err(|error| Problem::from(error).about_checkout(id.checkout_id()))?;
    placed(&app, id, None, true, false).await
}
