//! Numbers as pictures, drawn here as SVG: an axis, and a column for each day.

use jiff::civil::Date;

/// The picture's own units; what shows it scales it.
pub(super) const WIDTH: i64 = 4_000;
pub(super) const HEIGHT: i64 = 2_200;
/// Where the columns stand. What is named below the last one needs room beside it.
pub(super) const LEFT: i64 = 480;
pub(super) const RIGHT: i64 = 3_820;
const TOP: i64 = 120;
const BOTTOM: i64 = 1_900;
/// How many days are named below the columns, at most.
const NAMED_MAX: usize = 5;

/// A line across, with its number.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Tick {
    pub(super) y: i64,
    pub(super) label: String,
}

/// A rectangle.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// Its name in the style sheet.
    pub(super) kind: &'static str,
    pub(super) x: i64,
    pub(super) y: i64,
    pub(super) width: i64,
    pub(super) height: i64,
}

/// A day.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Column {
    /// What a pointer that rests on it is told.
    pub(super) hint: String,
    pub(super) parts: Vec<Part>,
    /// The day, where it is named.
    pub(super) label: Option<String>,
    pub(super) middle: i64,
}

/// What of a day is drawn.
pub(super) struct Day {
    pub(super) date: Date,
    pub(super) hint: String,
    /// Amounts by their names in the style sheet.
    pub(super) amounts: Vec<(&'static str, i64)>,
}

/// How the amounts of a day stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Amounts {
    /// Parts of a whole, the first at the bottom.
    Stacked,
    /// One before the other, each narrower than the one behind it.
    Nested,
}

/// Columns on an axis.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Columns {
    pub(super) ticks: Vec<Tick>,
    pub(super) columns: Vec<Column>,
}

impl Columns {
    /// `unit` is how many of the amounts' units make one of the axis's: 100 for cents.
    pub(super) fn of(days: Vec<Day>, how: Amounts, unit: i64) -> Self {
        let heights = days.iter().map(|day| {
            let amounts = day.amounts.iter().map(|(_, amount)| (*amount).max(0));
            match how {
                Amounts::Stacked => amounts.fold(0, i64::saturating_add),
                Amounts::Nested => amounts.max().unwrap_or_default(),
            }
        });
        let scale = Scale::over(heights.max().unwrap_or_default(), unit);
        let count = i64::try_from(days.len()).unwrap_or(i64::MAX).max(1);
        let named_each = days.len().div_ceil(NAMED_MAX).max(1);
        let last = days.len().saturating_sub(1);
        let columns = days.into_iter().enumerate().map(|(index, day)| {
            let at = i64::try_from(index).unwrap_or_default();
            let from = LEFT + (RIGHT - LEFT) * at / count;
            let to = LEFT + (RIGHT - LEFT) * (at + 1) / count;
            let gap = (to - from) / 6;
            Column {
                parts: parts(&day.amounts, how, &scale, (from + gap, to - gap)),
                hint: day.hint,
                // The newest day is named, and others so far apart that their names have room.
                label: (last - index)
                    .is_multiple_of(named_each)
                    .then(|| day.date.strftime("%d %b").to_string()),
                middle: i64::midpoint(from, to),
            }
        });
        Self { columns: columns.collect(), ticks: scale.ticks() }
    }
}

fn parts(
    amounts: &[(&'static str, i64)],
    how: Amounts,
    scale: &Scale,
    (left, right): (i64, i64),
) -> Vec<Part> {
    let mut parts = Vec::new();
    let (mut below, mut inset) = (0_i64, 0);
    for (kind, amount) in amounts {
        let amount = (*amount).max(0);
        let (y, foot) = (scale.y(below.saturating_add(amount)), scale.y(below));
        if amount > 0 {
            // What is there is seen, however little it is beside the rest.
            let height = (foot - y).max(6);
            let width = (right - left - 2 * inset).max(4);
            parts.push(Part { kind, x: left + inset, y: foot - height, width, height });
        }
        match how {
            Amounts::Stacked => below = below.saturating_add(amount),
            Amounts::Nested => inset += (right - left) / 5,
        }
    }
    parts
}

/// From nothing to a round number that nothing exceeds.
struct Scale {
    step: i64,
    steps: i64,
    unit: i64,
}

impl Scale {
    /// Four steps at most.
    fn over(highest: i64, unit: i64) -> Self {
        let unit = unit.max(1);
        let step = (0..18)
            .flat_map(|power| [1, 2, 5].map(|digit| digit * 10_i64.pow(power)))
            .map(|step| unit.saturating_mul(step))
            .find(|step| step.saturating_mul(4) >= highest)
            .unwrap_or(i64::MAX);
        let steps = (highest / step + i64::from(highest % step > 0)).max(1);
        Self { step, steps, unit }
    }

    fn y(&self, amount: i64) -> i64 {
        let whole = i128::from(self.step) * i128::from(self.steps);
        let rise = i128::from(BOTTOM - TOP) * i128::from(amount) / whole;
        BOTTOM - i64::try_from(rise).unwrap_or(BOTTOM - TOP).clamp(0, BOTTOM - TOP)
    }

    fn ticks(&self) -> Vec<Tick> {
        let tick = |count: i64| {
            let amount = self.step.saturating_mul(count);
            Tick { y: self.y(amount), label: short(amount / self.unit) }
        };
        (0..=self.steps).map(tick).collect()
    }
}

/// A round number in few letters, such as `1.5k`.
fn short(number: i64) -> String {
    let (size, letter) = match number {
        ..1_000 => return number.to_string(),
        1_000..1_000_000 => (1_000, "k"),
        1_000_000..1_000_000_000 => (1_000_000, "M"),
        _ => (1_000_000_000, "G"),
    };
    match number % size * 10 / size {
        0 => format!("{}{letter}", number / size),
        tenths => format!("{}.{tenths}{letter}", number / size),
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn labels(highest: i64, unit: i64) -> Vec<String> {
        Scale::over(highest, unit).ticks().into_iter().map(|tick| tick.label).collect()
    }

    #[test]
    fn an_axis_ends_at_a_round_number() {
        assert_eq!(labels(0, 100), ["0", "1"]);
        assert_eq!(labels(90_700, 100), ["0", "500", "1k"]);
        assert_eq!(labels(200_000, 100), ["0", "500", "1k", "1.5k", "2k"]);
        assert_eq!(labels(200_001, 100), ["0", "1k", "2k", "3k"]);
        assert_eq!(labels(3, 1), ["0", "1", "2", "3"]);
        assert_eq!(labels(123_456_789_000, 1), ["0", "50G", "100G", "150G"]);
        assert!(labels(i64::MAX, 100).len() <= 5);
        let scale = Scale::over(200_000, 100);
        assert_eq!([0, 100_000, 200_000].map(|it| scale.y(it)), [1_900, 1_010, 120]);
    }

    fn day(day: i8, amounts: Vec<(&'static str, i64)>) -> Day {
        Day { date: date(2026, 1, day), hint: String::new(), amounts }
    }

    #[test]
    fn parts_stand_on_each_other_or_in_front() {
        let amounts = || vec![("captured", 30_000), ("left", 0), ("refunded", 10_000)];
        let drawn = |how| Columns::of(vec![day(1, amounts())], how, 100);
        let boxes = |columns: Columns| {
            let parts = columns.columns.into_iter().flat_map(|column| column.parts);
            parts.map(|it| (it.kind, it.x, it.y, it.width, it.height)).collect::<Vec<_>>()
        };
        assert_eq!(
            boxes(drawn(Amounts::Stacked)),
            [("captured", 1_036, 565, 2_228, 1_335), ("refunded", 1_036, 120, 2_228, 445)]
        );
        assert_eq!(
            boxes(drawn(Amounts::Nested)),
            [("captured", 1_036, 120, 2_228, 1_780), ("refunded", 1_926, 1_307, 448, 593)]
        );
    }

    #[test]
    fn what_is_little_is_seen_and_what_is_nothing_is_not() {
        let days = vec![
            day(1, vec![("captured", 1)]),
            day(2, vec![("captured", 1_000_000)]),
            day(3, vec![("captured", 0)]),
        ];
        let columns = Columns::of(days, Amounts::Stacked, 100).columns;
        assert_eq!(columns[0].parts[0].height, 6);
        assert_eq!(columns[2].parts, []);
    }

    #[test]
    fn a_few_days_are_named_and_the_newest_always() {
        let days = |count: i8| (1..=count).map(|it| day(it, vec![("captured", 100)])).collect();
        let named = |count| -> Vec<String> {
            let columns = Columns::of(days(count), Amounts::Stacked, 100).columns;
            columns.into_iter().filter_map(|column| column.label).collect()
        };
        assert_eq!(named(3), ["01 Jan", "02 Jan", "03 Jan"]);
        assert_eq!(named(30), ["06 Jan", "12 Jan", "18 Jan", "24 Jan", "30 Jan"]);
        assert_eq!(named(0), [""; 0]);
    }
}
