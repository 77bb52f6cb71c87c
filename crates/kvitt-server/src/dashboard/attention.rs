//! The queue of what needs a person: orders, and what is wrong with the whole. Nothing is crossed off
//! here; what is there goes away with its cause.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use jiff::Timestamp;
use kvitt_core::{Sale, WebhookEndpointId};
use kvitt_engine::webhooks::WebhookEndpointChange;
use kvitt_engine::{Alarm, Caller};
use kvitt_ledger::{SaleQuery, SaleSummary, WebhookEndpoint};
use serde::Deserialize;

use super::concern::{ConcernShown, concerns};
use super::form::DashboardForm;
use super::message::page;
use super::session::SignedIn;
use super::words::{self, moment, money, sentence};
use super::{ATTENTION, Trouble, order_href, order_name};
use crate::app::App;
use crate::problem::{Problem, codes};

/// How many sales a page shows: each of them is read.
const ROWS: u32 = 25;

/// How many orders under review are shown; the others are a link away.
const UNDER_REVIEW_MAX: u32 = 10;

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Asked {
    cursor: String,
}

/// A sale with everything about it that needs somebody.
struct Item {
    href: String,
    name: String,
    amount: String,
    concerns: Vec<ConcernShown>,
}

/// What is wrong with the whole.
struct AlarmShown {
    title: &'static str,
    alarm: Alarm,
    moment: String,
}

/// An endpoint to which nothing is sent.
struct DisabledEndpoint {
    url: String,
    why: String,
    at: Timestamp,
    moment: String,
    enable_href: String,
}

/// An order that Klarna still looks at.
struct UnderReview {
    href: String,
    name: String,
    amount: String,
    at: Timestamp,
    moment: String,
}

#[derive(Template)]
#[template(path = "dashboard/attention.html")]
struct AttentionPage<'a> {
    signed_in: &'a SignedIn,
    alarms: Vec<AlarmShown>,
    endpoints: Vec<DisabledEndpoint>,
    items: Vec<Item>,
    under_review: Vec<UnderReview>,
    /// Whether there are more of them than shown.
    more_under_review: bool,
    is_first: bool,
    next: Option<String>,
}

/// `GET /dashboard/attention`
pub(super) async fn attention(
    State(app): State<App>,
    signed_in: SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Response, Trouble> {
    let engine = app.engine();
    let at = engine.now().await;
    let is_first = asked.cursor.is_empty();
    let (mut alarms, mut endpoints, mut under_review) = (Vec::new(), Vec::new(), Vec::new());
    let mut more_under_review = false;
    if is_first {
        alarms = engine.alarms().await?.into_iter().map(alarm_shown).collect();
        let all = engine.ledger().webhooks().webhook_endpoints().await?;
        endpoints = all.into_iter().filter_map(disabled).collect();
        let found = engine.ledger().summaries(&reviewed(at)).await?;
        more_under_review = found.next_cursor.is_some();
        under_review = found.items.into_iter().map(review_shown).collect();
    }
    let query = SaleQuery {
        attention_only: true,
        limit: ROWS,
        cursor: Some(asked.cursor).filter(|cursor| !cursor.is_empty()),
        ..SaleQuery::all(at)
    };
    let found = engine.ledger().summaries(&query).await?;
    let mut items = Vec::new();
    for row in found.items {
        let sale = engine.sale(row.sale).await?;
        items.extend(item(&sale, at));
    }
    Ok(page(
        StatusCode::OK,
        &AttentionPage {
            signed_in: &signed_in,
            alarms,
            endpoints,
            items,
            under_review,
            more_under_review,
            is_first,
            next: found.next_cursor.map(|cursor| {
                let mut query = url::form_urlencoded::Serializer::new(String::new());
                query.append_pair("cursor", &cursor);
                format!("{ATTENTION}?{}", query.finish())
            }),
        },
    ))
}

/// `POST /dashboard/webhook-endpoints/{id}/enable`: sends to it again.
pub(super) async fn enable_endpoint(
    State(app): State<App>,
    Path(id): Path<String>,
    DashboardForm { signed_in, .. }: DashboardForm<Vec<(String, String)>>,
) -> Result<Response, Trouble> {
    let no_such = || Problem::new(codes::NOT_FOUND, format!("there is no webhook endpoint {id:?}"));
    let id: WebhookEndpointId = id.parse().map_err(|_| no_such())?;
    let change = WebhookEndpointChange { enabled: Some(true), ..WebhookEndpointChange::default() };
    // Enabling what is enabled does no harm, so a second press needs no key.
    let caller = Caller::without_key(signed_in.cause());
    app.engine().change_webhook_endpoint(id, &change, &caller).await?;
    Ok(Redirect::to(ATTENTION).into_response())
}

/// What was settled since the list was read has nothing to say any more.
fn item(sale: &Sale, at: Timestamp) -> Option<Item> {
    let concerns = concerns(sale, at);
    let cart = sale.order.as_ref().map_or(&sale.cart, |order| &order.cart).cart();
    let currency = sale.terms.market.purchase_currency();
    (!concerns.is_empty()).then(|| Item {
        href: order_href(sale.id),
        name: order_name(sale),
        amount: money(cart.totals().order_amount, currency),
        concerns,
    })
}

fn alarm_shown(alarm: Alarm) -> AlarmShown {
    AlarmShown { title: words::alarm(alarm.kind), moment: moment(alarm.since), alarm }
}

fn disabled(endpoint: WebhookEndpoint) -> Option<DisabledEndpoint> {
    let disabled = endpoint.disabled?;
    Some(DisabledEndpoint {
        enable_href: format!("/dashboard/webhook-endpoints/{}/enable", endpoint.id),
        url: endpoint.url,
        why: sentence(disabled.reason.trim_end_matches('.')),
        moment: moment(disabled.at),
        at: disabled.at,
    })
}

/// The orders that Klarna has not decided on, of those that can still be shipped.
fn reviewed(at: Timestamp) -> SaleQuery {
    SaleQuery {
        orders_only: true,
        fraud_status: Some("PENDING".to_owned()),
        status: Some("AUTHORIZED".to_owned()),
        limit: UNDER_REVIEW_MAX,
        ..SaleQuery::all(at)
    }
}

fn review_shown(summary: SaleSummary) -> UnderReview {
    let at = summary.placed_at.unwrap_or(summary.created_at);
    let id = summary.sale.order_id().to_string();
    UnderReview {
        href: order_href(summary.sale),
        amount: words::money_of(summary.order_amount, &summary.purchase_currency),
        name: summary.merchant_reference1.unwrap_or(id),
        at,
        moment: moment(at),
    }
}
