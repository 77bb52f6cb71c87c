//! What an act would do, before it is done.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use kvitt_core::{Act, Amounts, Preview, Sale, ShippingInfo, UndoPlan};

use super::form::{Fields, is_bare};
use super::inputs::described;
use crate::dashboard::message::page;
use crate::dashboard::session::SignedIn;
use crate::dashboard::words::{self, money, sentence};
use crate::dashboard::{act_href, order_href, order_name, undo_href};
use crate::view::effect;

/// A sum before and after.
struct Change {
    label: &'static str,
    before: String,
    after: String,
    changes: bool,
}

struct Part {
    name: String,
    quantity: i64,
    amount: String,
}

#[derive(Template)]
#[template(path = "dashboard/preview.html")]
struct PreviewPage<'a> {
    signed_in: &'a SignedIn,
    /// The form's address.
    href: String,
    back: String,
    order_name: String,
    title: &'static str,
    effect: String,
    /// The acts of an undo, in order.
    steps: Vec<String>,
    status_before: String,
    status_after: String,
    sums: Vec<Change>,
    parts: Vec<Part>,
    texts: Vec<(&'static str, String)>,
    fields: Vec<(&'a str, &'a str)>,
    idempotency_key: String,
    button: String,
    can_edit: bool,
}

/// The page on which the operator says yes. `idempotency_key` makes a second yes the same one.
pub(super) fn preview_page(
    signed_in: &SignedIn,
    sale: &Sale,
    preview: &Preview,
    fields: &Fields,
    idempotency_key: String,
) -> Response {
    let kind = preview.act.kind();
    let currency = sale.terms.market.purchase_currency();
    page(
        StatusCode::OK,
        &PreviewPage {
            signed_in,
            href: act_href(sale.id, kind),
            back: order_href(sale.id),
            order_name: order_name(sale),
            title: words::title(kind),
            effect: effect(&preview.act),
            steps: Vec::new(),
            status_before: words::status(preview.status_before.as_str()).word,
            status_after: words::status(preview.status_after.as_str()).word,
            sums: changes(&preview.before, &preview.after, |minor| money(minor, currency)),
            parts: parts(&preview.act, |minor| money(minor, currency)),
            texts: texts(&preview.act, fields),
            fields: fields.of_the_act().collect(),
            idempotency_key,
            button: sentence(&words::act(&preview.act, currency)),
            can_edit: !is_bare(kind),
        },
    )
}

/// The same for an undo, whose acts are listed.
pub(super) fn undo_page(
    signed_in: &SignedIn,
    sale: &Sale,
    plan: &UndoPlan,
    idempotency_key: String,
) -> Response {
    let currency = sale.terms.market.purchase_currency();
    let step =
        |it: &Preview| format!("{}: {}", sentence(&words::act(&it.act, currency)), effect(&it.act));
    let last = plan.last();
    page(
        StatusCode::OK,
        &PreviewPage {
            signed_in,
            href: undo_href(sale.id),
            back: order_href(sale.id),
            order_name: order_name(sale),
            title: words::UNDO,
            effect: "All of the order is undone".to_owned(),
            steps: plan.steps().map(step).collect(),
            status_before: words::status(plan.first.status_before.as_str()).word,
            status_after: words::status(last.status_after.as_str()).word,
            sums: changes(&plan.first.before, &last.after, |minor| money(minor, currency)),
            parts: parts(&last.act, |minor| money(minor, currency)),
            texts: Vec::new(),
            fields: Vec::new(),
            idempotency_key,
            button: words::UNDO.to_owned(),
            can_edit: false,
        },
    )
}

fn changes(before: &Amounts, after: &Amounts, money: impl Fn(i64) -> String) -> Vec<Change> {
    let sums = |amounts: &Amounts| {
        [
            ("Authorized", amounts.order_amount),
            ("Captured", amounts.captured_amount),
            ("Refunded", amounts.refunded_amount),
            ("Left to capture", amounts.remaining_authorized_amount),
        ]
    };
    sums(before)
        .into_iter()
        .zip(sums(after))
        .map(|((label, before), (_, after))| Change {
            label,
            before: money(before),
            after: money(after),
            changes: before != after,
        })
        .collect()
}

fn parts(act: &Act, money: impl Fn(i64) -> String) -> Vec<Part> {
    let part = |line: &kvitt_money::OrderLineFields| Part {
        name: line.name.clone(),
        quantity: line.quantity,
        amount: money(line.total_amount),
    };
    match act {
        Act::Capture { lines, .. } | Act::Refund { lines, .. } => {
            lines.iter().map(|it| part(&it.line)).collect()
        }
        Act::UpdateAuthorization { cart, .. } => cart.lines().map(|(_, line)| part(line)).collect(),
        _ => Vec::new(),
    }
}

/// What goes along in words.
fn texts(act: &Act, fields: &Fields) -> Vec<(&'static str, String)> {
    let mut texts = Vec::new();
    let mut add = |label, text: &Option<String>| {
        if let Some(text) = text {
            texts.push((label, text.clone()));
        }
    };
    let mut parcels: &[ShippingInfo] = &[];
    match act {
        // It is personal data, so the act does not hold it.
        Act::UpdateShippingAddress => {
            for (name, label, ..) in described(act.kind()) {
                add(label, &fields.text(name).map(str::to_owned));
            }
        }
        Act::Capture { reference, description, shipping_info, .. } => {
            add("Reference", reference);
            add("Shown to the customer", description);
            parcels = shipping_info;
        }
        Act::Refund { reference, description, .. } => {
            add("Reference", reference);
            add("Shown to the customer", description);
        }
        Act::UpdateAuthorization { description, .. } => add("Shown to the customer", description),
        Act::AddShippingInfo { capture_id, shipping_info } => {
            add("Capture", capture_id);
            parcels = shipping_info;
        }
        Act::TriggerSendOut { capture_id } => add("Capture", &Some(capture_id.clone())),
        _ => {}
    }
    for parcel in parcels {
        add("Carrier", &parcel.shipping_company);
        add("Shipping method", &parcel.shipping_method);
        add("Tracking number", &parcel.tracking_number);
        add("Tracking page", &parcel.tracking_uri);
    }
    texts
}
