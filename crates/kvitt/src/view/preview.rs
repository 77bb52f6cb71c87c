//! What an act would do.

use serde::Deserialize;

use super::line::{self, Line};
use super::money::amount;
use crate::output;

/// A preview as the merchant API shows it.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Preview {
    kind: String,
    effect: String,
    amount: Option<i64>,
    order_lines: Vec<Line>,
    status_before: String,
    before: Sums,
    status_after: String,
    after: Sums,
    purchase_currency: Option<String>,
    /// The acts of an undo.
    steps: Vec<Step>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Step {
    kind: String,
    effect: String,
    amount: Option<i64>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Sums {
    order_amount: i64,
    captured_amount: i64,
    refunded_amount: i64,
    remaining_authorized_amount: i64,
}

impl Preview {
    /// What would change, before and after. Where the preview does not name the currency, it is
    /// the order's, which the caller knows.
    pub(crate) fn show(&self, order_currency: &str) -> String {
        let currency = self.purchase_currency.as_deref().unwrap_or(order_currency);
        let how_much =
            self.amount.map(|it| format!(" of {}", amount(it, currency))).unwrap_or_default();
        let act = self.kind.replace('_', " ");
        let head = output::plain(&format!("{act}{how_much}: a preview, nothing was changed"));
        let head = if self.steps.is_empty() {
            format!("{head}\n{}", output::plain(&self.effect))
        } else {
            format!("{head}\n\n{}", self.steps(currency))
        };
        let (before, after) = (&self.before, &self.after);
        let row = |name: &str, before: i64, after: i64| {
            vec![name.to_owned(), amount(before, currency), amount(after, currency)]
        };
        let rows = [
            vec!["status".to_owned(), self.status_before.clone(), self.status_after.clone()],
            row("amount", before.order_amount, after.order_amount),
            row("captured", before.captured_amount, after.captured_amount),
            row("refunded", before.refunded_amount, after.refunded_amount),
            row(
                "left to capture",
                before.remaining_authorized_amount,
                after.remaining_authorized_amount,
            ),
        ];
        let table = output::table(&["", ">now", ">then"], rows);
        if self.order_lines.is_empty() {
            return format!("{head}\n\n{table}");
        }
        format!("{head}\n\n{}\n\n{table}", line::lines(&self.order_lines, currency))
    }

    fn steps(&self, currency: &str) -> String {
        let rows = (1..).zip(&self.steps).map(|(number, step): (u32, _)| {
            let moved = step.amount.map(|it| amount(it, currency)).unwrap_or_default();
            vec![number.to_string(), step.kind.replace('_', " "), moved, step.effect.clone()]
        });
        output::table(&[">", "act", ">amount", "what it does"], rows)
    }
}
