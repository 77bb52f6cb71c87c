//! `GET /v1/checkouts/{id}/callbacks`

use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use kvitt_ledger::Message;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::extract::{CheckoutIdParam, CheckoutRef};
use crate::problem::Problem;

/// A message from Klarna. What it said may hold a token or personal data, and is not shown.
#[derive(Serialize, ToSchema)]
pub(crate) struct Callback {
    /// Where it came in: `authorization`, `notification`, `push` or `confirmation`.
    door: &'static str,
    /// How often the very same message came.
    times: u32,
    /// When it came first.
    #[schema(value_type = String, format = DateTime)]
    first_at: Timestamp,
    /// When it came last.
    #[schema(value_type = String, format = DateTime)]
    last_at: Timestamp,
}

/// The messages about one checkout.
#[derive(Serialize, ToSchema)]
pub(crate) struct CallbackPage {
    /// The messages, oldest first.
    pub items: Vec<Callback>,
}

/// List what Klarna sent about a checkout
///
/// Callbacks are reasons to look, never facts: what came of them stands among the events.
#[utoipa::path(get, path = "/v1/checkouts/{id}/callbacks", tag = "Events",
    operation_id = "list_checkout_callbacks", params(CheckoutIdParam),
    responses((status = 200, description = "Each message once, oldest first", body = CallbackPage)))]
pub(crate) async fn callbacks(
    State(app): State<App>,
    CheckoutRef(id): CheckoutRef,
) -> Result<Json<CallbackPage>, Problem> {
    app.engine().sale(id).await?;
    let messages =
        app.engine().ledger().inbox(id).await.map_err(kvitt_engine::EngineError::from)?;
    Ok(Json(CallbackPage { items: messages.iter().map(Callback::of).collect() }))
}

impl Callback {
    fn of(message: &Message) -> Self {
        let Message { door, times, first_at, last_at, .. } = message;
        Self { door: door.as_str(), times: *times, first_at: *first_at, last_at: *last_at }
    }
}
