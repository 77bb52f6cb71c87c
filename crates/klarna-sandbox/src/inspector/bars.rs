//! Amounts as bars: what was authorized, and what became of it.

use crate::{rules::order::Order, write::amount};

/// Widths are parts of this.
const FULL: i64 = 1000;

/// One amount, where it lies within the whole.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Bar {
    pub(super) label: &'static str,
    /// Its name in the style sheet.
    pub(super) kind: &'static str,
    pub(super) minor: i64,
    pub(super) amount: String,
    pub(super) from: i64,
    pub(super) width: i64,
}

/// The order's sums: what is authorized is captured, left or freed, and what is captured may be
/// given back.
pub(super) fn bars(order: &Order) -> Vec<Bar> {
    let Order { order_amount, captured_amount, refunded_amount, .. } = *order;
    let left = order.remaining_authorized_amount;
    let freed = order_amount - captured_amount - left;
    [
        ("Order", "whole", 0, order_amount),
        ("Captured", "captured", 0, captured_amount),
        ("Refunded", "refunded", 0, refunded_amount),
        ("Left to capture", "left", captured_amount, left),
        ("Given up", "freed", captured_amount + left, freed.max(0)),
    ]
    .into_iter()
    .filter(|(_, kind, _, minor)| *minor != 0 || *kind == "whole")
    .map(|(label, kind, from, minor)| Bar {
        label,
        kind,
        minor,
        amount: amount(minor, Some(&order.purchase_currency)),
        from: part(from, order_amount),
        width: part(from.saturating_add(minor), order_amount) - part(from, order_amount),
    })
    .collect()
}

/// How wide an amount is, between nothing and all of it.
fn part(amount: i64, whole: i64) -> i64 {
    if whole <= 0 {
        return 0;
    }
    let part = i128::from(amount.clamp(0, whole)) * i128::from(FULL) / i128::from(whole);
    i64::try_from(part).unwrap_or(FULL)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::order::tests::order;

    fn drawn(captured: i64, refunded: i64, left: i64) -> Vec<(&'static str, i64, i64, i64)> {
        let mut order = order();
        order.captured_amount = captured;
        order.refunded_amount = refunded;
        order.remaining_authorized_amount = left;
        bars(&order).iter().map(|bar| (bar.label, bar.minor, bar.from, bar.width)).collect()
    }

    #[test]
    fn what_is_captured_and_what_is_left_make_up_the_whole() {
        assert_eq!(
            drawn(2500, 500, 7500),
            [
                ("Order", 10_000, 0, 1000),
                ("Captured", 2500, 0, 250),
                ("Refunded", 500, 0, 50),
                ("Left to capture", 7500, 250, 750),
            ]
        );
        assert_eq!(drawn(0, 0, 10_000)[1..], [("Left to capture", 10_000, 0, 1000)]);
    }

    #[test]
    fn what_can_no_longer_be_captured_is_shown_as_given_up() {
        assert_eq!(
            drawn(2500, 0, 0)[1..],
            [("Captured", 2500, 0, 250), ("Given up", 7500, 250, 750)]
        );
        assert_eq!(drawn(2500, 0, 2500)[3..], [("Given up", 5000, 500, 500)]);
    }

    #[test]
    fn an_order_of_nothing_and_the_largest_one_have_bars_too() {
        let mut order = order();
        order.order_amount = 0;
        order.remaining_authorized_amount = 0;
        assert_eq!(bars(&order).len(), 1);
        assert_eq!(bars(&order)[0].width, 0);
        assert_eq!(part(i64::MAX, i64::MAX), FULL);
    }
}
