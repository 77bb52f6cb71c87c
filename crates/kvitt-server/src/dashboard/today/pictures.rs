//! The pictures of the page, each with what it says in a sentence and in a table.

use kvitt_core::{ActKind, Tally};
use kvitt_money::Currency;

use super::counted::{Counted, CountedDay, Open};
use super::{SOON, SOON_DAYS};
use crate::dashboard::bars::part;
use crate::dashboard::plot::{Amounts, Columns, Day};
use crate::dashboard::words::{self, money_of};

/// Ages of what is open, in days, from and to.
const AGES: [(i64, i64, &str); 6] = [
    (0, 0, "Today"),
    (1, 3, "1 to 3 days"),
    (4, 7, "4 to 7 days"),
    (8, 14, "8 to 14 days"),
    (15, 28, "15 to 28 days"),
    (29, i64::MAX, "Older"),
];
/// How many reasons are shown.
const REASONS_MAX: usize = 8;

/// What a colour means.
pub(super) struct Legend {
    pub(super) kind: &'static str,
    pub(super) word: &'static str,
}

/// A bar that lies, with its number.
pub(super) struct Bar {
    pub(super) label: String,
    pub(super) code: String,
    pub(super) parts: Vec<BarPart>,
    pub(super) value: String,
    pub(super) note: String,
}

/// Where a part of it lies, in thousandths.
pub(super) struct BarPart {
    pub(super) kind: &'static str,
    pub(super) x: i64,
    pub(super) width: i64,
}

/// What is drawn.
pub(super) enum Drawing {
    Columns(Columns),
    Bars(Vec<Bar>),
}

/// The numbers behind it.
pub(super) struct Table {
    pub(super) head: Vec<&'static str>,
    /// What a row is of, and its numbers.
    pub(super) rows: Vec<(String, Vec<String>)>,
}

/// A picture.
pub(super) struct Picture {
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    pub(super) says: String,
    pub(super) legend: Vec<Legend>,
    pub(super) drawing: Drawing,
    pub(super) table: Option<Table>,
}

impl Picture {
    /// Whether nothing is there to draw.
    pub(super) fn is_empty(&self) -> bool {
        matches!(&self.drawing, Drawing::Bars(bars) if bars.is_empty())
    }
}

/// All of them.
pub(super) fn pictures(counted: &Counted) -> Vec<Picture> {
    vec![orders_of_days(counted), captured(counted), ages(counted), refusals(counted)]
}

/// How many minor units make one of the currency.
fn unit(counted: &Counted) -> i64 {
    let exponent = Currency::from_code(&counted.purchase_currency).and_then(Currency::exponent);
    10_i64.pow(exponent.unwrap_or_default().into())
}

fn orders_of_days(counted: &Counted) -> Picture {
    let money = |minor| money_of(minor, &counted.purchase_currency);
    let days = counted.days.iter().map(|it| Day {
        date: it.day,
        hint: format!("{}: {} authorized", it.day, money(it.authorized.amount)),
        amounts: vec![
            ("captured", it.orders.kept),
            ("refunded", it.orders.refunded),
            ("left", it.orders.open),
            ("freed", it.orders.freed),
        ],
    });
    let sum = |of: fn(&CountedDay) -> i64| counted.days.iter().map(of).fold(0, i64::saturating_add);
    let row = |it: &CountedDay| {
        let amounts = [
            it.authorized.amount,
            it.orders.kept,
            it.orders.refunded,
            it.orders.open,
            it.orders.freed,
        ];
        (it.day.to_string(), amounts.map(money).into())
    };
    Picture {
        id: "orders-of-days",
        title: "What became of each day's orders",
        says: format!(
            "Of {} authorized in these {} days, {} is captured and kept, {} refunded, {} still open, \
             and {} was freed: cancelled, released, or out of time.",
            money(sum(|it| it.authorized.amount)),
            counted.days.len(),
            money(sum(|it| it.orders.kept)),
            money(sum(|it| it.orders.refunded)),
            money(sum(|it| it.orders.open)),
            money(sum(|it| it.orders.freed)),
        ),
        legend: vec![
            Legend { kind: "captured", word: "Captured and kept" },
            Legend { kind: "refunded", word: "Refunded" },
            Legend { kind: "left", word: "Open" },
            Legend { kind: "freed", word: "Freed" },
        ],
        drawing: Drawing::Columns(Columns::of(days.collect(), Amounts::Stacked, unit(counted))),
        table: Some(Table {
            head: vec!["Placed on", "Authorized", "Kept", "Refunded", "Open", "Freed"],
            rows: rows(counted, row),
        }),
    }
}

fn captured(counted: &Counted) -> Picture {
    let money = |minor| money_of(minor, &counted.purchase_currency);
    let days = counted.days.iter().map(|it| Day {
        date: it.day,
        hint: format!(
            "{}: {} captured, {} authorized",
            it.day,
            money(it.captured.amount),
            money(it.authorized.amount)
        ),
        amounts: vec![("left", it.authorized.amount), ("captured", it.captured.amount)],
    });
    let (authorized, captured) =
        (counted.total(|day| day.authorized), counted.total(|day| day.captured));
    let row = |it: &CountedDay| {
        let amounts = [it.authorized, it.captured, it.refunded].map(|tally| money(tally.amount));
        let [authorized, captured, refunded] = amounts;
        let count = it.authorized.count.to_string();
        (it.day.to_string(), vec![count, authorized, captured, refunded])
    };
    Picture {
        id: "captured",
        title: "Captured against authorized",
        says: format!(
            "In these {} days {} was captured, and {} authorized: {}.",
            counted.days.len(),
            money(captured.amount),
            money(authorized.amount),
            percent(captured.amount, authorized.amount),
        ),
        legend: vec![
            Legend { kind: "left", word: "Authorized that day" },
            Legend { kind: "captured", word: "Captured that day" },
        ],
        drawing: Drawing::Columns(Columns::of(days.collect(), Amounts::Nested, unit(counted))),
        table: Some(Table {
            head: vec!["Day", "Orders", "Authorized", "Captured", "Refunded"],
            rows: rows(counted, row),
        }),
    }
}

/// How much of a whole an amount is, in words.
fn percent(amount: i64, whole: i64) -> String {
    if whole <= 0 {
        return "nothing to compare it with".to_owned();
    }
    let percent = i128::from(amount) * 100 / i128::from(whole);
    format!("{percent}\u{a0}% of it")
}

/// Days on which something happened, the newest first.
fn rows(
    counted: &Counted,
    row: impl Fn(&CountedDay) -> (String, Vec<String>),
) -> Vec<(String, Vec<String>)> {
    let happened =
        |it: &&CountedDay| [it.authorized, it.captured, it.refunded].iter().any(|it| it.count != 0);
    counted.days.iter().rev().filter(happened).map(row).collect()
}

fn ages(counted: &Counted) -> Picture {
    let money = |minor| money_of(minor, &counted.purchase_currency);
    let is_soon = |open: &Open| open.ends_within(SOON_DAYS);
    let groups = AGES.map(|(from, to, label)| {
        let is_of_age = |open: &Open| (from..=to).contains(&open.age);
        let soon = counted.open_where(|open| is_of_age(open) && is_soon(open));
        (label, counted.open_where(is_of_age), soon)
    });
    let most = groups.iter().map(|(_, all, _)| all.amount).max().unwrap_or_default();
    let bar = |(label, all, soon): &(&str, Tally, Tally)| {
        let (soon_to, to) = (part(soon.amount, most), part(all.amount, most));
        Bar {
            label: (*label).to_owned(),
            code: String::new(),
            parts: vec![
                BarPart { kind: "refunded", x: 0, width: soon_to },
                BarPart { kind: "left", x: soon_to, width: to - soon_to },
            ],
            value: money(all.amount),
            note: orders(all.count),
        }
    };
    let (all, soon) = (counted.open_where(|_| true), counted.open_where(is_soon));
    Picture {
        id: "ages",
        title: "Age of what is open",
        says: match all.count {
            0 => "Nothing is open: all that was authorized is captured or freed.".to_owned(),
            _ => format!(
                "{} of {} can still be captured. For {} of it the time ends within {} days.",
                money(all.amount),
                orders(all.count),
                money(soon.amount),
                SOON_DAYS,
            ),
        },
        legend: vec![
            Legend { kind: "refunded", word: SOON },
            Legend { kind: "left", word: "Open for longer" },
        ],
        drawing: Drawing::Bars(if all.count == 0 {
            Vec::new()
        } else {
            groups.iter().map(bar).collect()
        }),
        table: None,
    }
}

fn orders(count: i64) -> String {
    if count == 1 { "1 order".to_owned() } else { format!("{count} orders") }
}

fn refusals(counted: &Counted) -> Picture {
    let all: i64 = counted.refusals.iter().map(|(_, count)| *count).sum();
    let most = counted.refusals.first().map_or(0, |(_, count)| *count);
    let bar = |(reason, count): &(String, i64)| {
        let (act, code) = reason.split_once(' ').unwrap_or((reason, ""));
        let mut kinds = [ActKind::Place].into_iter().chain(ActKind::ON_ORDERS);
        let kind = kinds.find(|kind| kind.as_str() == act);
        Bar {
            label: kind.map_or_else(|| act.to_owned(), |kind| words::title(kind).to_owned()),
            code: code.to_owned(),
            parts: vec![BarPart { kind: "refunded", x: 0, width: part(*count, most) }],
            value: count.to_string(),
            note: String::new(),
        }
    };
    Picture {
        id: "refusals",
        title: "What was refused, by reason",
        says: match all {
            0 => format!("Klarna refused no act in these {} days.", counted.days.len()),
            1 => format!("1 act was refused in these {} days.", counted.days.len()),
            _ => format!("{all} acts were refused in these {} days.", counted.days.len()),
        },
        legend: Vec::new(),
        drawing: Drawing::Bars(counted.refusals.iter().take(REASONS_MAX).map(bar).collect()),
        table: None,
    }
}
