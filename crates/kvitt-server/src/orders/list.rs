//! `GET /v1/orders`

use axum::Json;
use axum::extract::State;
use kvitt_ledger::SaleQuery;
use kvitt_money::Country;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::app::App;
use crate::extract::{Params, limit, one_of, timestamp};
use crate::problem::Problem;
use crate::view::{OrderPage, OrderSummary};

const STATUSES: [&str; 5] = ["AUTHORIZED", "PART_CAPTURED", "CAPTURED", "CANCELLED", "EXPIRED"];

/// Which orders to list. All filters given must hold.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct OrderFilter {
    /// `AUTHORIZED`, `PART_CAPTURED`, `CAPTURED`, `CANCELLED` or `EXPIRED`.
    status: Option<String>,
    /// Klarna's last word on fraud, such as `PENDING`.
    fraud_status: Option<String>,
    /// Name of the Klarna account.
    account: Option<String>,
    /// Country, ISO 3166.
    purchase_country: Option<String>,
    /// The beginning of a reference of the shop's, of Klarna's order id or short reference, or of
    /// the order's or checkout's id.
    search: Option<String>,
    /// Only orders whose checkout was opened at this time or later, RFC 3339.
    created_from: Option<String>,
    /// Only orders whose checkout was opened before this time, RFC 3339.
    created_before: Option<String>,
    /// With `true` only orders that a person must look at.
    #[serde(default)]
    attention: bool,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// How many at most, 1 to 100; 20 where absent.
    #[param(value_type = Option<u32>)]
    limit: Option<String>,
}

/// List orders
#[utoipa::path(get, path = "/v1/orders", tag = "Orders", operation_id = "list_orders",
    params(OrderFilter),
    responses((status = 200, description = "Orders, newest checkout first", body = OrderPage)))]
pub(crate) async fn list(
    State(app): State<App>,
    Params(filter): Params<OrderFilter>,
) -> Result<Json<OrderPage>, Problem> {
    let country = filter.purchase_country.map(|given| given.parse::<Country>()).transpose()?;
    let at = app.engine().now().await;
    let query = SaleQuery {
        at,
        orders_only: true,
        status: one_of("status", filter.status, &STATUSES)?,
        fraud_status: filter.fraud_status,
        account: filter.account,
        purchase_country: country.map(|country| country.code().to_owned()),
        search: filter.search,
        created_from: timestamp("created_from", filter.created_from.as_deref())?,
        created_before: timestamp("created_before", filter.created_before.as_deref())?,
        attention_only: filter.attention,
        cursor: filter.cursor,
        limit: limit(filter.limit.as_deref())?,
    };
    let page = app.engine().ledger().summaries(&query).await?;
    Ok(Json(OrderPage {
        items: page.items.into_iter().map(|row| OrderSummary::of(row, at)).collect(),
        next_cursor: page.next_cursor,
    }))
}
