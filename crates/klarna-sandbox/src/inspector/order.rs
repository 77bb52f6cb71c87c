//! One order: where it stands, its amounts, and fraud control's buttons.

use askama::Template;

use super::{
    Visit,
    bars::{Bar, bars},
    callbacks, exchanges,
    frame::{Frame, render},
    hosted_pages,
    map::{self, Map},
    purchase::Lines,
    sessions,
    words::{self, Badge, Moment},
};
use crate::{
    http::Filter,
    rules::{order::Order, texts::Texts},
    settings::Settings,
    state::{State, orders},
    write::amount,
};

/// How many exchanges and attempts are shown.
const SHOWN: usize = 20;

/// A capture or a refund.
struct Movement {
    title: &'static str,
    id: String,
    at: Moment,
    amount: String,
    details: Vec<String>,
    lines: Option<Lines>,
}

#[derive(Template)]
#[template(path = "inspector/order.html")]
struct OrderPage {
    frame: Frame,
    id: String,
    klarna_reference: String,
    status: Badge,
    fraud: Badge,
    status_map: Map,
    fraud_map: Map,
    /// What time alone will do.
    due: Vec<String>,
    amount: String,
    bars: Vec<Bar>,
    lines: Lines,
    movements: Vec<Movement>,
    session: Option<(String, String)>,
    hosted: Vec<hosted_pages::Link>,
    facts: Vec<(&'static str, String)>,
    addresses: Vec<(&'static str, Vec<String>)>,
    callbacks: callbacks::Table,
    exchanges: exchanges::Newest,
}

/// The page of the order of this id, however it is written.
pub(super) async fn page(visit: &Visit<'_>, id: &str) -> Option<String> {
    let shared = visit.shared;
    let frame = Frame::of(visit, "Order", "/inspector/orders");
    let (mut page, filter, session_id) = {
        let mut state = shared.state();
        let moment = shared.moment(&state, visit.call);
        state.settle_order(id, &moment);
        let order = orders::find(&state.orders, id)?;
        let session = state.sessions.get(&order.session_id);
        let token = session.and_then(|session| session.authorization_token.as_deref());
        let ids = [order.order_id.as_str(), &order.session_id, token.unwrap_or_default()];
        let ids: Vec<&str> = ids.into_iter().filter(|id| !id.is_empty()).collect();
        let filter = Filter::about(&ids);
        let page = OrderPage::of(order, &state, frame.live(visit, &filter));
        (page, filter, order.session_id.clone())
    };
    page.exchanges = exchanges::newest(shared, &filter, SHOWN).await;
    page.hosted = hosted_pages::of(shared, &session_id).await;
    page.frame.title = format!("Order {}", page.klarna_reference);
    Some(render(&page))
}

impl OrderPage {
    /// Without its exchanges and hosted pages.
    fn of(order: &Order, state: &State, frame: Frame) -> Self {
        let (status, fraud) = (words::status(order.status), words::fraud(order.fraud_status));
        let currency = Some(order.purchase_currency.as_str());
        let status_map = Map::new(&map::STATUS, status.word, status.tone);
        let status_map = if state.settings.part_captured_becomes_expired {
            status_map
        } else {
            status_map.without("PART_CAPTURED", "EXPIRED")
        };
        let session = state.sessions.get(&order.session_id).map(sessions::way_to);
        let addresses = [
            ("Billing address", &order.billing_address),
            ("Shipping address", &order.shipping_address),
        ];
        let addresses = addresses
            .into_iter()
            .filter_map(|(name, texts)| Some((name, words::address(texts.as_ref()?))))
            .filter(|(_, lines)| !lines.is_empty());
        Self {
            frame,
            id: order.order_id.clone(),
            klarna_reference: order.klarna_reference.clone(),
            status,
            fraud,
            status_map,
            fraud_map: Map::new(&map::FRAUD, fraud.word, fraud.tone),
            due: due(order),
            amount: amount(order.order_amount, currency),
            bars: bars(order),
            lines: Lines::of(&order.order_lines, order.order_amount, None, currency),
            movements: movements(order, &state.settings),
            session,
            hosted: Vec::new(),
            facts: facts(order),
            addresses: addresses.collect(),
            callbacks: callbacks::about(state, &[&order.order_id, &order.session_id], SHOWN),
            exchanges: exchanges::Newest::default(),
        }
    }
}

/// What happens by itself, and when.
fn due(order: &Order) -> Vec<String> {
    let at = |at| words::moment(at).text;
    let expiry = order.status.is_open().then(|| format!("Expires {} UTC", at(order.expires_at)));
    let decision = order.decision_due.map(|(when, decided)| {
        format!("Fraud control decides {} UTC: {}", at(when), decided.as_str())
    });
    let cancelled = order.cancelled_due.map(|when| format!("Cancelled {} UTC", at(when)));
    [decision, cancelled, expiry].into_iter().flatten().collect()
}

/// Captures and refunds, the newest first.
fn movements(order: &Order, settings: &Settings) -> Vec<Movement> {
    let currency = Some(order.purchase_currency.as_str());
    let lines =
        |lines: &[_], total| (!lines.is_empty()).then(|| Lines::of(lines, total, None, currency));
    let described = |description: &str, reference: &Option<String>| {
        let reference = reference.as_deref().map(|it| format!("Reference {it}"));
        let texts = [Some(description.to_owned()), reference].into_iter().flatten();
        texts.filter(|text| !text.is_empty()).collect::<Vec<_>>()
    };
    let shares: Vec<i64> = order.unallocated_refunds().collect();
    let shows_all = settings.unallocated_refunds_show_on_captures;
    let captures = order.captures.iter().enumerate().map(|(place, it)| {
        let mut details = described(&it.description, &it.reference);
        let share = shares.get(place).copied().filter(|_| shows_all).unwrap_or_default();
        let refunded = it.refunded_amount + share;
        if refunded > 0 {
            details.push(format!("{} of it refunded", amount(refunded, currency)));
        }
        details.extend(it.shipping_info.iter().map(parcel));
        if it.send_outs > 0 {
            details.push(format!("Message sent again: {}", it.send_outs));
        }
        (
            it.captured_at,
            Movement {
                title: "Capture",
                id: it.capture_id.clone(),
                at: words::moment(it.captured_at),
                amount: amount(it.captured_amount, currency),
                details,
                lines: lines(&it.order_lines, it.captured_amount),
            },
        )
    });
    let refunds = order.refunds.iter().map(|it| {
        (
            it.refunded_at,
            Movement {
                title: "Refund",
                id: it.refund_id.clone(),
                at: words::moment(it.refunded_at),
                amount: amount(it.refunded_amount, currency),
                details: described(&it.description, &it.reference),
                lines: lines(&it.order_lines, it.refunded_amount),
            },
        )
    });
    let mut all: Vec<_> = captures.chain(refunds).collect();
    all.sort_by_key(|(at, _)| *at);
    all.into_iter().rev().map(|(_, movement)| movement).collect()
}

fn parcel(parcel: &Texts) -> String {
    let known = ["shipping_company", "tracking_number"].into_iter().filter_map(|it| parcel.get(it));
    format!("Shipped: {}", known.collect::<Vec<_>>().join(" "))
}

fn facts(order: &Order) -> Vec<(&'static str, String)> {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let moment = |at| format!("{} UTC", words::moment(at).text);
    [
        ("Order", order.order_id.clone()),
        ("Klarna's reference", order.klarna_reference.clone()),
        ("Reference 1", text(&order.merchant_reference1)),
        ("Reference 2", text(&order.merchant_reference2)),
        ("Created", moment(order.created_at)),
        ("Expires", moment(order.expires_at)),
        ("Paid by", format!("{} ({})", order.method.description, order.method.orders)),
        ("Country", order.purchase_country.clone()),
        ("Locale", order.locale.clone()),
        ("Notification URL", text(&order.notification_url)),
        ("Merchant data", text(&order.merchant_data)),
    ]
    .into_iter()
    .chain(order.shipping_info.iter().map(|it| ("Parcel", parcel(it))))
    .filter(|(_, text)| !text.is_empty())
    .collect()
}
