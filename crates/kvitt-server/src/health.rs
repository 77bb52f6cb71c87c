//! Whether the server lives, and whether it can work.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::problem::Problem;
use crate::view::Frozen;

/// A server that is well.
#[derive(Serialize, ToSchema)]
pub(crate) struct Health {
    /// Always `ok`.
    #[schema(example = "ok")]
    status: &'static str,
    /// That the ledger is frozen, where it is: it is read, and nothing is done. Only `/readyz` looks.
    #[serde(skip_serializing_if = "Option::is_none")]
    frozen: Option<Frozen>,
}

/// See that the process lives
#[utoipa::path(get, path = "/healthz", tag = "Service", operation_id = "healthz",
    responses((status = 200, description = "It lives", body = Health)))]
pub(crate) async fn healthz() -> Json<Health> {
    Json(Health { status: "ok", frozen: None })
}

/// See that the server can work
///
/// Its database can be read and written; 503 where it cannot. A frozen ledger can, and is told of.
#[utoipa::path(get, path = "/readyz", tag = "Service", operation_id = "readyz",
    responses((status = 200, description = "It can work", body = Health)))]
pub(crate) async fn readyz(State(app): State<App>) -> Result<Json<Health>, Problem> {
    app.engine().ledger().check().await?;
    let frozen = app.engine().frozen().await?.map(Frozen::of);
    Ok(Json(Health { status: "ok", frozen }))
}
