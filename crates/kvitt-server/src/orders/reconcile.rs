//! `POST /v1/orders/{id}/reconcile`

use axum::Json;
use axum::extract::State;
use kvitt_engine::Reconciling;

use super::{as_order, placed};
use crate::acts::ActParams;
use crate::app::App;
use crate::extract::{Bare, IdempotencyKeyParam, OrderIdParam, OrderRef, Params};
use crate::problem::Problem;
use crate::view::Reconciliation;

/// Hold an order beside Klarna
///
/// Reads the order at Klarna now, and names everything that differs. What can be taken over is:
/// captures, refunds, releases, cancellations and changes that others made, and acts of which it was
/// not known whether they took effect. What is left for a person says what to do. Nothing is changed
/// at Klarna; it is done on a frozen ledger, too, and repeating it does no harm.
#[utoipa::path(post, path = "/v1/orders/{id}/reconcile", tag = "Orders",
    operation_id = "reconcile_order", params(OrderIdParam, ActParams, IdempotencyKeyParam),
    responses((status = 200, description = "What differed, and what became of it; with \
        `preview=true` nothing is taken over", body = Reconciliation)))]
pub(crate) async fn reconcile(
    State(app): State<App>,
    OrderRef(id): OrderRef,
    Params(params): Params<ActParams>,
    Bare { .. }: Bare,
) -> Result<Json<Reconciliation>, Problem> {
    placed(&app, id).await?;
    let how = if params.preview { Reconciling::Preview } else { Reconciling::TakingOver };
    let reconciled = app.engine().reconcile(id, how).await.map_err(|it| as_order(id, it))?;
    Ok(Json(Reconciliation::of(&reconciled, how)))
}
