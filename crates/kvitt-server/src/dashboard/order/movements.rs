//! Captures and refunds, as they are shown.

use jiff::Timestamp;
use kvitt_core::{LinePart, Order, ShippingInfo};
use kvitt_money::Currency;

use crate::dashboard::words::{moment, money};

/// A capture or a refund.
pub(super) struct Movement {
    pub(super) title: &'static str,
    pub(super) amount: String,
    pub(super) minor: i64,
    pub(super) moment: String,
    pub(super) at: Timestamp,
    pub(super) id: String,
    /// Lines, texts and tracking.
    pub(super) details: Vec<String>,
}

/// The oldest first.
pub(super) fn movements(order: &Order, currency: Currency) -> Vec<Movement> {
    let movement = |title, minor, at, id: &str, details| Movement {
        title,
        amount: money(minor, currency),
        minor,
        moment: moment(at),
        at,
        id: id.to_owned(),
        details,
    };
    let captures = order.captures.iter().map(|it| {
        let mut details = details(&it.lines, [&it.reference, &it.description]);
        details.extend(it.shipping_info.iter().map(tracking));
        movement("Capture", it.captured_amount, it.captured_at, &it.capture_id, details)
    });
    let refunds = order.refunds.iter().map(|it| {
        let details = details(&it.lines, [&it.reference, &it.description]);
        movement("Refund", it.refunded_amount, it.refunded_at, &it.refund_id, details)
    });
    let mut movements: Vec<Movement> = captures.chain(refunds).collect();
    movements.sort_by_key(|movement| movement.at);
    movements
}

fn details(lines: &[LinePart], texts: [&Option<String>; 2]) -> Vec<String> {
    let pieces = lines.iter().map(|part| format!("{} × {}", part.line.quantity, part.line.name));
    pieces.chain(texts.into_iter().flatten().cloned()).collect()
}

fn tracking(parcel: &ShippingInfo) -> String {
    let parts = [&parcel.shipping_company, &parcel.tracking_number, &parcel.tracking_uri];
    parts.into_iter().flatten().cloned().collect::<Vec<_>>().join(" ")
}
