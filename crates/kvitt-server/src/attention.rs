//! `GET /v1/attention`

use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use kvitt_core::{Concern, Sale};
use kvitt_engine::Alarm;
use kvitt_ledger::SaleQuery;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::extract::{PageParams, Params, limit};
use crate::problem::Problem;
use crate::view::WebhookEndpoint;

/// Why somebody has to look at a sale.
#[derive(Serialize, ToSchema)]
pub(crate) struct AttentionItem {
    /// The checkout, `chk_…`.
    checkout_id: String,
    /// The same sale seen as an order, `ord_…`.
    order_id: String,
    /// `needs_human` (only a person can tell what became of an act: settle it), `outcome_unknown`
    /// (it is asked for again by itself), `difference` (Klarna's sums differ), `shipment_stopped`,
    /// `expiring` (what is left can be captured for a short time only).
    kind: &'static str,
    /// What happened, and what to do.
    reason: String,
    /// The act in doubt, `int_…`: settle it with `POST /v1/intents/{id}/settle`.
    intent_id: Option<String>,
    /// What was wanted, such as `capture`.
    act: Option<&'static str>,
    /// Since when.
    #[schema(value_type = Option<String>, format = DateTime)]
    since: Option<Timestamp>,
    /// The shop's order number.
    merchant_reference1: Option<String>,
    /// Klarna's id of the order.
    klarna_order_id: Option<String>,
}

/// Something that is wrong with the whole, and no sale can tell. It goes away by itself.
#[derive(Serialize, ToSchema)]
pub(crate) struct AttentionAlarm {
    /// `work_late` (nobody takes due work), `no_callbacks` (orders are placed, and no message of
    /// Klarna's comes in), `webhooks_late` (nobody sends what webhook endpoints are to be told).
    kind: &'static str,
    /// Since when: the first work that is late has been due; Klarna was last heard of, or where it
    /// never was, the first order was placed.
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
    /// How many pieces of work wait, orders were placed, or sales are to be told of; counted up to
    /// 1,000.
    count: u32,
    /// What is wrong, and what to do.
    message: String,
}

/// A part of the list of what needs somebody.
#[derive(Serialize, ToSchema)]
pub(crate) struct AttentionPage {
    /// What is wrong with the whole, the gravest first; on the first page.
    alarms: Vec<AttentionAlarm>,
    /// The reasons, those of the newest sales first; a sale's gravest first.
    items: Vec<AttentionItem>,
    /// Webhook endpoints to which nothing is sent; on the first page.
    disabled_webhook_endpoints: Vec<WebhookEndpoint>,
    /// Give it as `cursor` for what follows; null at the end.
    next_cursor: Option<String>,
}

/// List what needs a person, and why
#[utoipa::path(get, path = "/v1/attention", tag = "Orders", operation_id = "list_attention",
    params(PageParams),
    responses((status = 200, description = "Every reason of each sale", body = AttentionPage)))]
pub(crate) async fn attention(
    State(app): State<App>,
    Params(page): Params<PageParams>,
) -> Result<Json<AttentionPage>, Problem> {
    let engine = app.engine();
    let mut alarms = Vec::new();
    let mut disabled_webhook_endpoints = Vec::new();
    if page.cursor.is_none() {
        alarms.extend(engine.alarms().await?.into_iter().map(AttentionAlarm::of));
        let endpoints = engine.ledger().webhooks().webhook_endpoints().await?;
        let disabled = endpoints.iter().filter(|endpoint| endpoint.disabled.is_some());
        disabled_webhook_endpoints.extend(disabled.map(WebhookEndpoint::of));
    }
    let query = SaleQuery {
        attention_only: true,
        limit: limit(page.limit.as_deref())?,
        cursor: page.cursor,
        ..SaleQuery::all(engine.now().await)
    };
    let page = engine.ledger().summaries(&query).await?;
    let mut items = Vec::new();
    for row in page.items {
        let sale = engine.sale(row.sale).await?;
        items.extend(sale.concerns().into_iter().map(|it| AttentionItem::of(&sale, it)));
    }
    Ok(Json(AttentionPage {
        alarms,
        items,
        disabled_webhook_endpoints,
        next_cursor: page.next_cursor,
    }))
}

impl AttentionAlarm {
    fn of(alarm: Alarm) -> Self {
        let Alarm { kind, since, count, message } = alarm;
        Self { kind: kind.as_str(), since, count, message }
    }
}

impl AttentionItem {
    fn of(sale: &Sale, concern: Concern) -> Self {
        Self {
            checkout_id: sale.id.checkout_id().to_string(),
            order_id: sale.id.order_id().to_string(),
            kind: concern.kind.as_str(),
            reason: concern.reason,
            intent_id: concern.intent.map(|(id, _)| id.to_string()),
            act: concern.intent.map(|(_, kind)| kind.as_str()),
            since: concern.since,
            merchant_reference1: sale.terms.merchant_reference1.clone(),
            klarna_order_id: sale.order.as_ref().map(|order| order.klarna_order_id.clone()),
        }
    }
}
