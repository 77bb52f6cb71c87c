//! `/v1/ledger`: whether it is frozen, and letting it act again.

use axum::Json;
use axum::extract::State;

use crate::app::App;
use crate::extract::{Bare, IdempotencyKeyParam};
use crate::problem::Problem;
use crate::view::{Frozen, LedgerState};

/// See whether the ledger is frozen
///
/// A frozen ledger is one that was restored from a backup, or that somebody froze. It is read and
/// reconciled; every act is refused with `ledger_frozen`, nothing is placed, and no webhook is sent.
#[utoipa::path(get, path = "/v1/ledger", tag = "Service", operation_id = "read_ledger",
    responses((status = 200, description = "Whether it acts", body = LedgerState)))]
pub(crate) async fn read(State(app): State<App>) -> Result<Json<LedgerState>, Problem> {
    let frozen = app.engine().frozen().await?.map(Frozen::of);
    Ok(Json(LedgerState { frozen }))
}

/// Let a frozen ledger act again
///
/// `kvitt reconcile` does it once it has held every sale that can have changed beside Klarna. Without
/// that, what was done since the backup may be done again. Where it is not frozen, nothing happens.
#[utoipa::path(post, path = "/v1/ledger/thaw", tag = "Service", operation_id = "thaw_ledger",
    params(IdempotencyKeyParam),
    responses((status = 200, description = "It acts", body = LedgerState)))]
pub(crate) async fn thaw(
    State(app): State<App>,
    Bare { .. }: Bare,
) -> Result<Json<LedgerState>, Problem> {
    if app.engine().thaw().await? {
        tracing::warn!("the ledger is thawed: it acts again");
    }
    Ok(Json(LedgerState { frozen: None }))
}
