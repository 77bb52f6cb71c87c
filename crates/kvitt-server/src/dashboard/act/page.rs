//! The form of an act.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use kvitt_core::{ActKind, SHIPPING_METHODS};

use super::Ordered;
use super::form::{Fields, Wrong};
use super::inputs::{Described, LineInput, TextInput, captures, described, known, line_inputs};
use crate::dashboard::message::page;
use crate::dashboard::session::SignedIn;
use crate::dashboard::words::{self, money};
use crate::dashboard::{Trouble, act_href, order_href, order_name};

#[derive(Template)]
#[template(path = "dashboard/act.html")]
struct ActPage<'a> {
    signed_in: &'a SignedIn,
    href: String,
    back: String,
    order_name: String,
    title: &'static str,
    /// What is wrong, but not with one of the texts below.
    problems: Vec<String>,
    lines: Vec<LineInput>,
    lines_title: &'static str,
    /// Tax lines that are typed anew.
    taxes: Vec<LineInput>,
    takes_amount: bool,
    by_amount: bool,
    amount: TextInput,
    texts: Vec<TextInput>,
    /// The captures to choose from: id, name, whether it is chosen.
    captures: Vec<(String, String, bool)>,
    captures_title: &'static str,
    /// Whether the order as a whole may be meant instead.
    takes_order: bool,
    methods: Vec<(&'static str, bool)>,
    /// Whether this may be the last shipment, and whether it is said to be.
    is_final: Option<bool>,
}

pub(super) fn form_page(
    status: StatusCode,
    signed_in: &SignedIn,
    ordered: &Ordered,
    kind: ActKind,
    fields: &Fields,
    wrong: &[Wrong],
) -> Result<Response, Trouble> {
    let sale = &ordered.sale;
    let order = ordered.order()?;
    let currency = sale.terms.market.purchase_currency();
    let text = |(name, label, hint, kind, maxlength): Described| TextInput {
        name,
        label,
        hint,
        kind,
        maxlength,
        value: fields
            .typed(name)
            .map_or_else(|| known(name, ordered, order).unwrap_or_default(), str::to_owned),
        problem: wrong.iter().find(|it| it.member == name).map_or("", |it| &it.text).to_owned(),
    };
    let texts: Vec<TextInput> = described(kind).iter().copied().map(text).collect();
    let told_at_inputs =
        |it: &&Wrong| texts.iter().any(|text| text.name == it.member) || it.member == "amount";
    let chosen = fields.text("shipping_method").unwrap_or_default();
    let (lines, taxes) = line_inputs(kind, order, fields, |minor| money(minor, currency));
    Ok(page(
        status,
        &ActPage {
            signed_in,
            href: act_href(sale.id, kind),
            back: order_href(sale.id),
            order_name: order_name(sale),
            title: words::title(kind),
            problems: wrong
                .iter()
                .filter(|it| !told_at_inputs(it))
                .map(|it| it.text.clone())
                .collect(),
            lines,
            taxes,
            lines_title: match kind {
                ActKind::Capture => "What ships",
                ActKind::Refund => "What came back",
                _ => "What stays in the order",
            },
            takes_amount: matches!(kind, ActKind::Capture | ActKind::Refund),
            by_amount: fields.typed("by") == Some("amount"),
            amount: text((
                "amount",
                "Amount",
                "The customer's invoice then shows no lines for it.",
                "text",
                20,
            )),
            captures: captures(kind, order, fields, |minor| money(minor, currency)),
            captures_title: match kind {
                ActKind::TriggerSendOut => "The message of",
                _ => "Belongs to",
            },
            takes_order: kind == ActKind::AddShippingInfo,
            methods: if matches!(kind, ActKind::Capture | ActKind::AddShippingInfo) {
                SHIPPING_METHODS.split(", ").map(|it| (it, it == chosen)).collect()
            } else {
                Vec::new()
            },
            is_final: (kind == ActKind::Capture).then(|| fields.text("final").is_some()),
            texts,
        },
    ))
}
