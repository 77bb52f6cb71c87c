//! Figures put together for a page: day by day, with what is open.

use std::collections::BTreeMap;

use jiff::ToSpan as _;
use jiff::civil::Date;
use kvitt_core::{FigureKind, Tally};
use kvitt_ledger::Figure;

/// A day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CountedDay {
    pub(super) day: Date,
    pub(super) authorized: Tally,
    pub(super) captured: Tally,
    pub(super) refunded: Tally,
    /// What became of the orders that were placed on it.
    pub(super) orders: Orders,
}

/// What became of the orders of a day, in minor units. The sum is what was authorized.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Orders {
    /// Captured and not given back.
    pub(super) kept: i64,
    pub(super) refunded: i64,
    pub(super) open: i64,
    /// Cancelled, released, or out of time.
    pub(super) freed: i64,
}

/// What can still be captured of orders that were placed so many days ago, until a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Open {
    pub(super) age: i64,
    /// How many days are left; none where that is not known.
    pub(super) left: Option<i64>,
    pub(super) tally: Tally,
}

impl Open {
    /// Whether the time to capture ends within so many days.
    pub(super) fn ends_within(&self, days: i64) -> bool {
        self.left.is_some_and(|left| left <= days)
    }
}

/// The figures of one currency.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Counted {
    pub(super) purchase_currency: String,
    /// Every day asked for, today last.
    pub(super) days: Vec<CountedDay>,
    pub(super) open: Vec<Open>,
    /// Acts that Klarna refused by act and `error_code`, the most frequent first.
    pub(super) refusals: Vec<(String, i64)>,
}

impl Counted {
    /// The currencies that there are orders in, the one with most of them first.
    pub(super) fn by_currency(figures: Vec<Figure>, today: Date, days: i64) -> Vec<Self> {
        let mut currencies: BTreeMap<String, Vec<Figure>> = BTreeMap::new();
        for figure in figures {
            currencies.entry(figure.purchase_currency.clone()).or_default().push(figure);
        }
        let mut all: Vec<_> = currencies
            .into_iter()
            .map(|(currency, figures)| Self::of(currency, &figures, today, days))
            .collect();
        all.sort_by_key(|it| std::cmp::Reverse(it.total(|day| day.authorized).count));
        all
    }

    fn of(purchase_currency: String, figures: &[Figure], today: Date, days: i64) -> Self {
        let mut counted: BTreeMap<Date, CountedDay> = (0..days)
            .map(|back| today.saturating_sub(back.days()))
            .map(|day| (day, CountedDay::empty(day)))
            .collect();
        let mut open = Vec::new();
        let mut refusals: BTreeMap<&str, i64> = BTreeMap::new();
        for Figure { kind, day, part, tally, .. } in figures {
            let left = part.parse().ok().map(|end| days_between(today, end));
            // Nothing takes note when time runs out.
            let is_over = left.is_some_and(|left| left < 0);
            if *kind == FigureKind::Open && !is_over {
                open.push(Open { age: days_between(*day, today), left, tally: *tally });
            }
            let Some(of_day) = counted.get_mut(day) else { continue };
            match kind {
                FigureKind::Authorized => of_day.authorized = *tally,
                FigureKind::Captured => of_day.captured = *tally,
                FigureKind::Refunded => of_day.refunded = *tally,
                FigureKind::CapturedOfPlaced => of_day.orders.kept += tally.amount,
                FigureKind::RefundedOfPlaced => of_day.orders.refunded += tally.amount,
                FigureKind::Open if !is_over => of_day.orders.open += tally.amount,
                FigureKind::Open => {}
                FigureKind::Refused => *refusals.entry(part).or_default() += tally.count,
            }
        }
        let mut refusals: Vec<_> =
            refusals.into_iter().map(|(part, count)| (part.to_owned(), count)).collect();
        refusals.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let days = counted.into_values().map(CountedDay::settled).collect();
        Self { purchase_currency, days, open, refusals }
    }

    /// Over all days.
    pub(super) fn total(&self, of: impl Fn(&CountedDay) -> Tally) -> Tally {
        self.days.iter().map(of).sum()
    }

    /// What of the open is meant.
    pub(super) fn open_where(&self, is_meant: impl Fn(&Open) -> bool) -> Tally {
        self.open.iter().filter(|open| is_meant(open)).map(|open| open.tally).sum()
    }
}

impl CountedDay {
    fn empty(day: Date) -> Self {
        let none = Tally::default();
        let orders = Orders::default();
        Self { day, authorized: none, captured: none, refunded: none, orders }
    }

    /// What was captured is parted into what was kept and what was given back; the rest was freed.
    fn settled(mut self) -> Self {
        let orders = &mut self.orders;
        orders.freed = self.authorized.amount - orders.kept - orders.open;
        orders.kept -= orders.refunded;
        self
    }
}

fn days_between(from: Date, to: Date) -> i64 {
    from.duration_until(to).as_hours() / 24
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    const TODAY: Date = date(2026, 3, 10);

    fn figure(kind: FigureKind, day: Date, part: &str, count: i64, amount: i64) -> Figure {
        Figure {
            kind,
            day,
            purchase_currency: "SEK".to_owned(),
            part: part.to_owned(),
            tally: Tally { count, amount },
        }
    }

    fn orders(kept: i64, refunded: i64, open: i64, freed: i64) -> Orders {
        Orders { kept, refunded, open, freed }
    }

    #[test]
    fn what_was_authorized_is_kept_refunded_open_or_freed() {
        let placed = date(2026, 3, 8);
        let counted = Counted::by_currency(
            vec![
                figure(FigureKind::Authorized, placed, "", 4, 100_000),
                figure(FigureKind::CapturedOfPlaced, placed, "", 3, 60_000),
                figure(FigureKind::RefundedOfPlaced, placed, "", 1, 10_000),
                figure(FigureKind::Open, placed, "2026-04-05", 1, 20_000),
                // Its time ran out yesterday: nothing of it is open.
                figure(FigureKind::Open, placed, "2026-03-09", 1, 15_000),
                figure(FigureKind::Captured, TODAY, "", 3, 60_000),
            ],
            TODAY,
            7,
        );
        assert_eq!(counted.len(), 1);
        let days: Vec<_> = counted[0].days.iter().map(|it| it.day).collect();
        assert_eq!((days[0], days[6], days.len()), (date(2026, 3, 4), TODAY, 7));
        assert_eq!(counted[0].days[4].orders, orders(50_000, 10_000, 20_000, 20_000));
        assert_eq!(counted[0].days[6].orders, orders(0, 0, 0, 0));
        assert_eq!(counted[0].days[6].captured, Tally { count: 3, amount: 60_000 });
        let open = Open { age: 2, left: Some(26), tally: Tally { count: 1, amount: 20_000 } };
        assert_eq!(counted[0].open, [open]);
    }

    #[test]
    fn what_ends_soon_is_what_still_can_be_captured() {
        let open = |day, end: &str, amount| figure(FigureKind::Open, day, end, 1, amount);
        let old = date(2025, 12, 1);
        let figures = vec![
            open(old, "2026-03-09", 1),
            open(old, "2026-03-10", 20),
            open(TODAY, "2026-03-13", 300),
            open(TODAY, "2026-03-14", 4_000),
            open(TODAY, "", 50_000),
        ];
        let counted = Counted::by_currency(figures, TODAY, 7);
        let soon = counted[0].open_where(|open| open.ends_within(3));
        assert_eq!(soon, Tally { count: 2, amount: 320 });
        assert_eq!(counted[0].open.len(), 4);
        assert_eq!(counted[0].open[0].age, 99, "what is open counts whatever its day");
    }

    #[test]
    fn the_currency_with_most_orders_and_the_commonest_refusal_come_first() {
        let mut euros = figure(FigureKind::Authorized, TODAY, "", 2, 100);
        euros.purchase_currency = "EUR".to_owned();
        let figures = vec![
            figure(FigureKind::Authorized, TODAY, "", 1, 900_000),
            figure(FigureKind::Refused, TODAY, "capture CAPTURE_NOT_ALLOWED", 1, 0),
            figure(FigureKind::Refused, date(2026, 3, 9), "refund REFUND_NOT_ALLOWED", 1, 0),
            figure(FigureKind::Refused, TODAY, "refund REFUND_NOT_ALLOWED", 1, 0),
            euros,
        ];
        let counted = Counted::by_currency(figures, TODAY, 7);
        let codes: Vec<_> = counted.iter().map(|it| it.purchase_currency.as_str()).collect();
        assert_eq!(codes, ["EUR", "SEK"]);
        let refusal = |part: &str, count| (part.to_owned(), count);
        assert_eq!(
            counted[1].refusals,
            [refusal("refund REFUND_NOT_ALLOWED", 2), refusal("capture CAPTURE_NOT_ALLOWED", 1)]
        );
        assert_eq!(Counted::by_currency(Vec::new(), TODAY, 7), []);
    }
}
