//! `GET /v1/checkouts`

use axum::Json;
use axum::extract::State;
use kvitt_ledger::SaleQuery;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::app::App;
use crate::extract::{Params, limit, one_of};
use crate::problem::Problem;
use crate::view::CheckoutPage;

const STATUSES: [&str; 5] = ["open", "authorized", "placing", "completed", "abandoned"];
/// How many pages of the ledger are looked through for one answer.
const PAGES_MAX: u32 = 10;

/// Which checkouts to list.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct CheckoutFilter {
    /// `open`, `authorized`, `placing`, `completed` or `abandoned`.
    status: Option<String>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// How many at most, 1 to 100; 20 where absent.
    #[param(value_type = Option<u32>)]
    limit: Option<String>,
}

/// List checkouts
#[utoipa::path(get, path = "/v1/checkouts", tag = "Checkouts", operation_id = "list_checkouts",
    params(CheckoutFilter),
    responses((status = 200, description = "Checkouts, newest first", body = CheckoutPage)))]
pub(crate) async fn list(
    State(app): State<App>,
    Params(filter): Params<CheckoutFilter>,
) -> Result<Json<CheckoutPage>, Problem> {
    let limit = limit(filter.limit.as_deref())?;
    let status = one_of("status", filter.status, &STATUSES)?;
    let engine = app.engine();
    let mut query =
        SaleQuery { cursor: filter.cursor, limit, ..SaleQuery::all(engine.now().await) };
    let mut items = Vec::new();
    // The ledger has no index by the checkout's state: rows are looked through, but never so many
    // that one answer takes long. Each page is used up before the next, so the cursor stays true.
    for _ in 0..PAGES_MAX {
        query.limit = limit.saturating_sub(u32::try_from(items.len()).unwrap_or(limit)).max(1);
        let page = engine.ledger().summaries(&query).await?;
        let wanted = page
            .items
            .into_iter()
            .filter(|row| status.as_ref().is_none_or(|status| row.checkout_status == *status));
        items.extend(wanted.map(Into::into));
        query.cursor = page.next_cursor;
        if query.cursor.is_none() || items.len() >= limit as usize {
            break;
        }
    }
    Ok(Json(CheckoutPage { items, next_cursor: query.cursor }))
}
