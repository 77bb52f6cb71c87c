//! What an operator is asked for: texts, pieces of lines, captures.

use std::collections::BTreeMap;

use kvitt_core::{ActKind, LineId, Order};
use kvitt_money::{LineType, OrderLineFields};

use super::Ordered;
use super::form::{Fields, amount_member, quantity_member};
use crate::dashboard::words;

/// One line of which pieces are picked.
pub(super) struct LineInput {
    pub(super) member: String,
    pub(super) name: String,
    /// How many there are to pick from, and what they are worth.
    pub(super) most: i64,
    pub(super) worth: String,
    pub(super) value: String,
    /// A line of no pieces is taken as a whole.
    pub(super) is_whole: bool,
    pub(super) is_checked: bool,
}

/// An input for a text.
pub(super) struct TextInput {
    pub(super) name: &'static str,
    pub(super) label: &'static str,
    pub(super) hint: &'static str,
    pub(super) kind: &'static str,
    pub(super) maxlength: u32,
    pub(super) value: String,
    pub(super) problem: String,
}

/// Name, label, hint, type and longest length of an input.
pub(super) type Described = (&'static str, &'static str, &'static str, &'static str, u32);

const NOTES: [Described; 2] = [
    ("reference", "Reference", "Your own, such as a delivery number.", "text", 255),
    ("description", "Description", "Shown to the customer.", "text", 255),
];
const PARCEL: [Described; 3] = [
    ("shipping_company", "Carrier", "", "text", 100),
    ("tracking_number", "Tracking number", "", "text", 100),
    ("tracking_uri", "Tracking page", "Where the parcel is followed: https://…", "url", 1024),
];
const REFERENCES: [Described; 2] = [
    ("merchant_reference1", "Order number", "Shown to the customer.", "text", 255),
    ("merchant_reference2", "Second reference", "Shown in settlements.", "text", 255),
];
const ADDRESS: [Described; 10] = [
    ("given_name", "First name", "", "text", 100),
    ("family_name", "Last name", "", "text", 100),
    ("street_address", "Street and number", "", "text", 100),
    ("street_address2", "Apartment, floor, care of", "", "text", 100),
    ("postal_code", "Postal code", "", "text", 10),
    ("city", "City", "", "text", 200),
    ("region", "State or region", "", "text", 200),
    ("country", "Country", "Two letters, such as SE.", "text", 2),
    ("email", "E-mail", "", "email", 100),
    ("phone", "Phone", "", "tel", 100),
];

pub(super) fn described(kind: ActKind) -> Vec<Described> {
    match kind {
        ActKind::Capture => NOTES.into_iter().chain(PARCEL).collect(),
        ActKind::Refund => NOTES.to_vec(),
        ActKind::UpdateAuthorization => NOTES[1..].to_vec(),
        ActKind::UpdateReferences => REFERENCES.to_vec(),
        ActKind::UpdateShippingAddress => ADDRESS.to_vec(),
        ActKind::AddShippingInfo => PARCEL.to_vec(),
        ActKind::Place
        | ActKind::Cancel
        | ActKind::Release
        | ActKind::Extend
        | ActKind::TriggerSendOut => Vec::new(),
    }
}

/// What an input holds before anybody typed: references and address as they are.
pub(super) fn known(name: &str, ordered: &Ordered, order: &Order) -> Option<String> {
    let terms = &ordered.sale.terms;
    let shopper = &ordered.shopper;
    let address = shopper.shipping_address.as_ref().or(shopper.billing_address.as_ref());
    let part = |part: fn(&klarna::Address) -> &Option<String>| part(address?).clone();
    match name {
        "merchant_reference1" => terms.merchant_reference1.clone(),
        "merchant_reference2" => terms.merchant_reference2.clone(),
        "given_name" => part(|it| &it.given_name),
        "family_name" => part(|it| &it.family_name),
        "street_address" => part(|it| &it.street_address),
        "street_address2" => part(|it| &it.street_address2),
        "postal_code" => part(|it| &it.postal_code),
        "city" => part(|it| &it.city),
        "region" => part(|it| &it.region),
        "country" => part(|it| &it.country)
            .or_else(|| Some(order.cart.cart().purchase_country().code().to_owned())),
        "email" => part(|it| &it.email),
        "phone" => part(|it| &it.phone),
        _ => None,
    }
}

/// The lines to pick from, and those whose amount is typed anew.
pub(super) fn line_inputs(
    kind: ActKind,
    order: &Order,
    fields: &Fields,
    money: impl Fn(i64) -> String,
) -> (Vec<LineInput>, Vec<LineInput>) {
    if !picks_lines(kind) {
        return (Vec::new(), Vec::new());
    }
    let left: BTreeMap<LineId, OrderLineFields> = match kind {
        ActKind::Capture => order.uncaptured_lines(),
        ActKind::Refund => order.unrefunded_lines(),
        _ => order.cart.lines().map(|(id, line)| (id.clone(), (**line).clone())).collect(),
    };
    let mut lines = Vec::new();
    let mut taxes = Vec::new();
    for (line_id, _) in order.cart.lines() {
        let Some(line) = left.get(line_id) else { continue };
        let is_whole = line.quantity == 0 && line.total_amount != 0;
        if line.quantity == 0 && !is_whole {
            continue;
        }
        let is_tax = kind == ActKind::UpdateAuthorization && line.line_type == LineType::SalesTax;
        let member = if is_tax { amount_member(line_id) } else { quantity_member(line_id) };
        let typed = fields.typed(&member);
        // What ships is mostly all of it; what comes back is mostly little.
        let usual = if kind == ActKind::Refund { 0 } else { line.quantity };
        let input = LineInput {
            value: typed.map_or_else(
                || if is_tax { String::new() } else { usual.to_string() },
                str::to_owned,
            ),
            is_checked: typed.is_some(),
            member,
            name: line.name.clone(),
            most: line.quantity,
            worth: money(line.total_amount),
            is_whole,
        };
        if is_tax { &mut taxes } else { &mut lines }.push(input);
    }
    (lines, taxes)
}

pub(super) fn captures(
    kind: ActKind,
    order: &Order,
    fields: &Fields,
    money: impl Fn(i64) -> String,
) -> Vec<(String, String, bool)> {
    if !matches!(kind, ActKind::AddShippingInfo | ActKind::TriggerSendOut) {
        return Vec::new();
    }
    let chosen = fields.text("capture_id").unwrap_or_default();
    let named = |(number, capture): (usize, &kvitt_core::Capture)| {
        let amount = money(capture.captured_amount);
        let name = format!("Capture {number}, {amount}, {}", words::moment(capture.captured_at));
        (capture.capture_id.clone(), name, capture.capture_id == chosen)
    };
    (1..).zip(&order.captures).map(named).collect()
}

/// Whether an act has something to pick from the order's lines.
fn picks_lines(kind: ActKind) -> bool {
    matches!(kind, ActKind::Capture | ActKind::Refund | ActKind::UpdateAuthorization)
}
