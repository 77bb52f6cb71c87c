//! The list of orders.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use kvitt_ledger::{SaleQuery, SaleSummary};
use serde::Deserialize;

use super::bars::part;
use super::message::page;
use super::session::SignedIn;
use super::words::{self, Badge, moment, money_of};
use super::{Trouble, order_href};
use crate::app::App;

const ROWS: u32 = 50;

/// The filters, in the address, so that a view can be kept and sent.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Filters {
    search: String,
    status: String,
    attention: bool,
    cursor: String,
}

const STATUSES: [&str; 5] = ["AUTHORIZED", "PART_CAPTURED", "CAPTURED", "CANCELLED", "EXPIRED"];

struct Choice {
    value: &'static str,
    word: String,
    is_chosen: bool,
}

struct Row {
    /// Where it leads.
    href: String,
    /// The shop's reference, else the id.
    name: String,
    /// Klarna's short reference.
    klarna_reference: String,
    status: Badge,
    fraud: Option<Badge>,
    country: String,
    amount: String,
    /// Parts of a thousand of the amount.
    captured: i64,
    refunded: i64,
    /// The bars in words.
    sums: String,
    at: Timestamp,
    moment: String,
    attention: Option<String>,
}

#[derive(Template)]
#[template(path = "dashboard/orders.html")]
struct OrdersPage<'a> {
    signed_in: &'a SignedIn,
    filters: &'a Filters,
    statuses: Vec<Choice>,
    rows: Vec<Row>,
    next: Option<String>,
    is_filtered: bool,
    /// The titles of what is wrong with the whole.
    alarms: Vec<&'static str>,
}

/// `GET /dashboard/orders`
pub(super) async fn orders(
    State(app): State<App>,
    signed_in: SignedIn,
    Query(filters): Query<Filters>,
) -> Result<Response, Trouble> {
    let at = app.engine().now().await;
    let some = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let query = SaleQuery {
        // A checkout whose placing is in doubt has no order yet, and needs somebody all the more.
        orders_only: !filters.attention,
        attention_only: filters.attention,
        status: some(&filters.status),
        search: some(&filters.search),
        cursor: some(&filters.cursor),
        limit: ROWS,
        ..SaleQuery::all(at)
    };
    let found = app.engine().ledger().summaries(&query).await?;
    let mut alarms = Vec::new();
    if filters.cursor.is_empty() {
        alarms = app.engine().alarms().await?;
    }
    let choice = |value: &'static str| Choice {
        value,
        word: words::status(value).word,
        is_chosen: filters.status == value,
    };
    Ok(page(
        StatusCode::OK,
        &OrdersPage {
            signed_in: &signed_in,
            statuses: STATUSES.into_iter().map(choice).collect(),
            rows: found.items.into_iter().map(|summary| row(summary, at)).collect(),
            next: found.next_cursor.map(|cursor| address(&filters, &cursor)),
            alarms: alarms.iter().map(|alarm| words::alarm(alarm.kind)).collect(),
            is_filtered: query.search.is_some() || query.status.is_some() || filters.attention,
            filters: &filters,
        },
    ))
}

/// The same view from a cursor on.
fn address(filters: &Filters, cursor: &str) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    if !filters.search.is_empty() {
        query.append_pair("search", &filters.search);
    }
    if !filters.status.is_empty() {
        query.append_pair("status", &filters.status);
    }
    if filters.attention {
        query.append_pair("attention", "true");
    }
    query.append_pair("cursor", cursor);
    format!("/dashboard/orders?{}", query.finish())
}

fn row(summary: SaleSummary, at: Timestamp) -> Row {
    let status = summary.order_status_at(at).map(words::status);
    let left = summary.remaining_authorized_amount_at(at);
    let of = |minor| money_of(minor, &summary.purchase_currency);
    let id = summary.sale.order_id();
    Row {
        href: order_href(summary.sale),
        name: summary.merchant_reference1.clone().unwrap_or_else(|| id.to_string()),
        klarna_reference: summary.klarna_reference.clone().unwrap_or_default(),
        status: status.unwrap_or_else(|| words::checkout_status(&summary.checkout_status)),
        fraud: summary.fraud_status.as_deref().and_then(words::fraud),
        amount: of(summary.order_amount),
        captured: part(summary.captured_amount, summary.order_amount),
        refunded: part(summary.refunded_amount, summary.order_amount),
        sums: format!(
            "captured {}, refunded {}, left {}",
            of(summary.captured_amount),
            of(summary.refunded_amount),
            of(left)
        ),
        at: summary.created_at,
        moment: moment(summary.created_at),
        country: summary.purchase_country,
        attention: summary.attention,
    }
}
