//! Amounts as bars: what was authorized, and what became of it.

use kvitt_core::Amounts;
use kvitt_money::Currency;

use super::words::money;

/// Widths are parts of this.
const FULL: i64 = 1_000;

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

/// The order's sums: authorized, which is captured, left or freed; and what of the captured was
/// given back.
pub(super) fn bars(amounts: &Amounts, currency: Currency) -> Vec<Bar> {
    let Amounts { order_amount, captured_amount, refunded_amount, .. } = *amounts;
    let left = amounts.remaining_authorized_amount;
    let freed = order_amount - captured_amount - left;
    let all = [
        ("Authorized", "authorized", 0, order_amount),
        ("Captured", "captured", 0, captured_amount),
        ("Refunded", "refunded", 0, refunded_amount),
        ("Left to capture", "left", captured_amount, left),
        ("Freed", "freed", captured_amount, freed),
    ];
    all.into_iter()
        .filter(|(.., minor)| *minor != 0)
        .chain((order_amount == 0).then_some(("Authorized", "authorized", 0, 0)))
        .map(|(label, kind, from, minor)| Bar {
            label,
            kind,
            minor,
            amount: money(minor, currency),
            from: part(from, order_amount),
            width: part(from + minor, order_amount) - part(from, order_amount),
        })
        .collect()
}

/// How wide an amount is, between nothing and all of it.
pub(super) fn part(amount: i64, whole: i64) -> i64 {
    if whole <= 0 {
        return 0;
    }
    let part = i128::from(amount.clamp(0, whole)) * i128::from(FULL) / i128::from(whole);
    i64::try_from(part).unwrap_or(FULL)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amounts(
        order_amount: i64,
        captured_amount: i64,
        refunded_amount: i64,
        left: i64,
    ) -> Amounts {
        Amounts {
            order_amount,
            original_order_amount: order_amount,
            captured_amount,
            refunded_amount,
            remaining_authorized_amount: left,
        }
    }

    fn drawn(amounts: &Amounts) -> Vec<(&'static str, i64, i64, i64)> {
        bars(amounts, Currency::SEK)
            .iter()
            .map(|bar| (bar.label, bar.minor, bar.from, bar.width))
            .collect()
    }

    #[test]
    fn what_is_captured_and_what_is_left_make_up_the_whole() {
        assert_eq!(
            drawn(&amounts(90_700, 12_900, 0, 77_800)),
            [
                ("Authorized", 90_700, 0, 1_000),
                ("Captured", 12_900, 0, 142),
                ("Left to capture", 77_800, 142, 858),
            ]
        );
    }

    #[test]
    fn what_was_released_is_shown_as_freed() {
        assert_eq!(
            drawn(&amounts(1_000, 250, 250, 0)),
            [
                ("Authorized", 1_000, 0, 1_000),
                ("Captured", 250, 0, 250),
                ("Refunded", 250, 0, 250),
                ("Freed", 750, 250, 750),
            ]
        );
    }

    #[test]
    fn an_order_of_nothing_and_the_largest_one_have_bars_too() {
        assert_eq!(drawn(&amounts(0, 0, 0, 0)), [("Authorized", 0, 0, 0)]);
        assert_eq!(part(i64::MAX, i64::MAX), FULL);
    }
}
