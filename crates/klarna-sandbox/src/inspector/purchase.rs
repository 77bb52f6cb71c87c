//! What is bought, as a table of lines and their sums.

use askama::Template;

use crate::{
    rules::line::Line,
    write::{amount, rate},
};

struct Row {
    name: String,
    /// What else tells the line from others.
    details: String,
    quantity: String,
    unit_price: String,
    discount: String,
    tax: String,
    total: String,
}

/// Lines and sums of a purchase, an order, a capture or a refund.
#[derive(Template)]
#[template(path = "inspector/purchase.html")]
pub(super) struct Lines {
    rows: Vec<Row>,
    has_discounts: bool,
    has_tax: bool,
    tax: String,
    total: String,
}

impl Lines {
    /// The tax is that of the whole where it was told, else that of the lines.
    pub(super) fn of(lines: &[Line], total: i64, tax: Option<i64>, currency: Option<&str>) -> Self {
        let money = |minor| amount(minor, currency);
        let some = |minor: Option<i64>| minor.filter(|minor| *minor != 0);
        let sum = || {
            let parts = lines.iter().filter_map(|line| {
                if line.is_sales_tax() { Some(line.total_amount) } else { line.total_tax_amount }
            });
            parts.fold(0, i64::saturating_add)
        };
        let tax = tax.unwrap_or_else(sum);
        let row = |line: &Line| {
            let kind = Some(line.kind_or_default()).filter(|kind| *kind != "physical");
            let details: Vec<&str> = line.reference.as_deref().into_iter().chain(kind).collect();
            let percent = some(line.tax_rate).map(|it| format!(" ({})", rate(it)));
            Row {
                name: line.name.clone(),
                details: details.join(" · "),
                quantity: match line.quantity_unit.as_deref() {
                    Some(unit) if !unit.is_empty() => format!("{} {unit}", line.quantity),
                    _ => line.quantity.to_string(),
                },
                unit_price: money(line.unit_price),
                discount: some(line.total_discount_amount).map_or_else(String::new, money),
                tax: line.total_tax_amount.map_or_else(String::new, |minor| {
                    format!("{}{}", money(minor), percent.unwrap_or_default())
                }),
                total: money(line.total_amount),
            }
        };
        Self {
            rows: lines.iter().map(row).collect(),
            has_discounts: lines.iter().any(|line| some(line.total_discount_amount).is_some()),
            has_tax: lines.iter().any(|line| line.total_tax_amount.is_some()),
            tax: if tax == 0 { String::new() } else { money(tax) },
            total: money(total),
        }
    }
}
