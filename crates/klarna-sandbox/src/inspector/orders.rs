//! The list of orders.

use askama::Template;

use super::{
    Visit,
    frame::{Frame, render},
    gather::{Begin, Loan, Page, Pager, gather},
    search::Search,
    words::{self, Badge, Moment},
};
use crate::{http::Filter, rules::order::Order, sandbox::Shared, state::State, write::amount};

const PAGE: usize = 50;

/// What can be chosen.
const STATUSES: [&str; 5] = ["AUTHORIZED", "PART_CAPTURED", "CAPTURED", "CANCELLED", "EXPIRED"];
const FRAUD_STATUSES: [&str; 3] = ["PENDING", "ACCEPTED", "REJECTED"];

/// One of them in a list.
struct Row {
    id: String,
    klarna_reference: String,
    reference: String,
    status: Badge,
    fraud: Badge,
    amount: String,
    captured: String,
    refunded: String,
    left: String,
    country: String,
    created: Moment,
}

impl Row {
    /// `None`: it is not looked for.
    fn of(order: &Order, search: &Search) -> Option<Self> {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let (reference, other) =
            (text(&order.merchant_reference1), text(&order.merchant_reference2));
        let email = order.billing_address.as_ref().and_then(|it| it.get("email"));
        let texts = [
            &order.order_id,
            &order.session_id,
            &order.klarna_reference,
            &*reference,
            &other,
            email.unwrap_or_default(),
        ];
        let ids = order.captures.iter().map(|it| it.capture_id.as_str());
        let ids = ids.chain(order.refunds.iter().map(|it| it.refund_id.as_str()));
        let texts: Vec<&str> = texts.into_iter().chain(ids).collect();
        let is_wanted = search.wants("status", order.status.as_str())
            && search.wants("fraud_status", order.fraud_status.as_str())
            && search.finds(&texts);
        let money = |minor| amount(minor, Some(&order.purchase_currency));
        let some = |minor| if minor == 0 { String::new() } else { money(minor) };
        is_wanted.then(|| Self {
            id: order.order_id.clone(),
            klarna_reference: order.klarna_reference.clone(),
            reference,
            status: words::status(order.status),
            fraud: words::fraud(order.fraud_status),
            amount: money(order.order_amount),
            captured: some(order.captured_amount),
            refunded: some(order.refunded_amount),
            left: some(order.remaining_authorized_amount),
            country: order.purchase_country.clone(),
            created: words::moment(order.created_at),
        })
    }
}

/// Where the page of one of them is, and what it is called, also if it is forgotten.
pub(super) fn way_to(order_id: &str, state: &State) -> (String, String) {
    let order = state.orders.get(order_id);
    let name = order.map_or(words::short(order_id), |order| &order.klarna_reference);
    (format!("/inspector/orders/{order_id}"), name.to_owned())
}

/// A table of orders, the newest first.
#[derive(Template)]
#[template(path = "inspector/order_table.html")]
pub(super) struct Table {
    rows: Vec<Row>,
}

/// The newest, at most so many.
pub(super) async fn newest(shared: &Shared, max: usize) -> Table {
    Table { rows: matching(shared, &Search::default(), Begin::NEWEST, max).await.rows }
}

async fn matching(shared: &Shared, search: &Search, begin: Begin, max: usize) -> Page<Row> {
    gather(begin, max, |at| {
        let state = shared.state();
        let read = |order: &Order| Row::of(order, search);
        Loan::of_table(&state.orders, at, max, read)
    })
    .await
}

#[derive(Template)]
#[template(path = "inspector/orders.html")]
struct OrdersPage {
    frame: Frame,
    search: Search,
    total: usize,
    table: Table,
    pager: Pager,
}

/// The list that the address asks for.
pub(super) async fn page(visit: &Visit<'_>) -> String {
    let search = Search::of(visit.call, &["status", "fraud_status"]);
    let begin = Begin::of(visit.call);
    let frame = Frame::of(visit, "Orders", "/inspector/orders");
    let frame = if begin == Begin::NEWEST { frame.live(visit, &Filter::default()) } else { frame };
    let found = matching(visit.shared, &search, begin, PAGE).await;
    render(&OrdersPage {
        frame,
        total: visit.shared.state().orders.len(),
        pager: Pager::of("/inspector/orders", &search.said, begin, &found),
        table: Table { rows: found.rows },
        search,
    })
}
