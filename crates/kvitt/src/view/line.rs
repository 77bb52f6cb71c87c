//! Lines of checkouts and orders.

use serde::Deserialize;

use super::money::{amount, rate};
use crate::output;

/// A line as the merchant API shows it.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Line {
    line_id: String,
    name: String,
    reference: Option<String>,
    quantity: i64,
    unit_price: i64,
    tax_rate: i64,
    total_amount: i64,
    captured: Option<Part>,
    refunded: Option<Part>,
    left_to_capture: Option<Part>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Part {
    quantity: i64,
}

/// Lines without what became of them.
pub(super) fn lines(lines: &[Line], currency: &str) -> String {
    let rows = lines.iter().map(|line| {
        vec![
            line.line_id.clone(),
            line.name.clone(),
            line.reference.clone().unwrap_or_default(),
            line.quantity.to_string(),
            amount(line.unit_price, currency),
            rate(line.tax_rate),
            amount(line.total_amount, currency),
        ]
    });
    output::table(&["line_id", "name", "reference", ">quantity", ">price", ">tax", ">total"], rows)
}

/// Lines of an order, with how many of each were captured, refunded and are left.
pub(super) fn order_lines(lines: &[Line], currency: &str) -> String {
    let quantity = |part: &Option<Part>| {
        part.as_ref().map(|part| part.quantity.to_string()).unwrap_or_default()
    };
    let rows = lines.iter().map(|line| {
        vec![
            line.line_id.clone(),
            line.name.clone(),
            line.quantity.to_string(),
            amount(line.unit_price, currency),
            amount(line.total_amount, currency),
            quantity(&line.captured),
            quantity(&line.refunded),
            quantity(&line.left_to_capture),
        ]
    });
    output::table(
        &["line_id", "name", ">quantity", ">price", ">total", ">captured", ">refunded", ">left"],
        rows,
    )
}
