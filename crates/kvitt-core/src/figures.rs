//! What a sale adds to a shop's figures: sums by day, which are counted once and then only read.

use std::collections::BTreeMap;
use std::iter::Sum;
use std::ops::{AddAssign, Neg};
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::intent::IntentState;
use crate::order::Order;
use crate::sale::Sale;

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FigureKind {
    /// Orders by the day on which they were placed, and their totals as they are now.
    Authorized,
    /// Captures by their own day.
    Captured,
    /// Refunds by their own day.
    Refunded,
    /// What was captured of the orders of a day, whenever that was.
    CapturedOfPlaced,
    /// What was refunded of the orders of a day.
    RefundedOfPlaced,
    /// What can still be captured of the orders of a day; [`FigureKey::part`] is the day on which that
    /// ends, empty where it is not known.
    Open,
    /// Acts that Klarna refused, by the day on which they were wanted; [`FigureKey::part`] is the act
    /// and Klarna's `error_code`, a space between.
    Refused,
}

impl FigureKind {
    /// Every kind.
    pub const ALL: [Self; 7] = [
        Self::Authorized,
        Self::Captured,
        Self::Refunded,
        Self::CapturedOfPlaced,
        Self::RefundedOfPlaced,
        Self::Open,
        Self::Refused,
    ];

    /// Its stored name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Authorized => "authorized",
            Self::Captured => "captured",
            Self::Refunded => "refunded",
            Self::CapturedOfPlaced => "captured_of_placed",
            Self::RefundedOfPlaced => "refunded_of_placed",
            Self::Open => "open",
            Self::Refused => "refused",
        }
    }
}

impl FromStr for FigureKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|kind| kind.as_str() == text);
        found.ok_or_else(|| format!("{text:?} is no kind of figure"))
    }
}

/// What a number is of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FigureKey {
    /// What is counted.
    pub kind: FigureKind,
    /// The day, in UTC.
    pub day: Date,
    /// The account.
    pub account: String,
    /// The ISO code of the currency.
    pub purchase_currency: String,
    /// What tells figures of one kind and day apart; most have none.
    pub part: String,
}

/// How many, and how much.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many.
    pub count: i64,
    /// Their sum in minor units.
    pub amount: i64,
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.count = self.count.saturating_add(other.count);
        self.amount = self.amount.saturating_add(other.amount);
    }
}

impl Neg for Tally {
    type Output = Self;

    fn neg(self) -> Self {
        Self { count: self.count.saturating_neg(), amount: self.amount.saturating_neg() }
    }
}

impl Sum for Tally {
    fn sum<I: Iterator<Item = Self>>(tallies: I) -> Self {
        tallies.fold(Self::default(), |mut sum, tally| {
            sum += tally;
            sum
        })
    }
}

/// Numbers by what they are of.
pub type Figures = BTreeMap<FigureKey, Tally>;

/// Adds to figures; what comes to nothing is left out.
pub fn add_figures(sums: &mut Figures, added: impl IntoIterator<Item = (FigureKey, Tally)>) {
    for (key, tally) in added {
        let mut sum = sums.remove(&key).unwrap_or_default();
        sum += tally;
        if sum != Tally::default() {
            sums.insert(key, sum);
        }
    }
}

/// How long Klarna's `error_code` may be here.
const ERROR_CODE_MAX: usize = 64;

impl Sale {
    /// What the sale adds to the figures. They are blind to the present: what runs out is in
    /// [`FigureKind::Open`] with its day.
    pub fn figures(&self) -> Figures {
        let mut figures = Figures::new();
        let mut add = |kind, at, part: String, amount| {
            let key = FigureKey {
                kind,
                day: day(at),
                account: self.terms.account.clone(),
                purchase_currency: self.terms.market.purchase_currency().code().to_owned(),
                part,
            };
            *figures.entry(key).or_default() += Tally { count: 1, amount };
        };
        if let Some(order) = &self.order {
            of_order(order, &mut add);
        }
        for intent in self.intents.values() {
            if let IntentState::Refused(refused) = &intent.state {
                let code: String = refused.error_code.chars().take(ERROR_CODE_MAX).collect();
                let part = format!("{} {code}", intent.act.kind().as_str());
                add(FigureKind::Refused, intent.requested_at, part, 0);
            }
        }
        figures
    }
}

fn of_order(order: &Order, add: &mut impl FnMut(FigureKind, Timestamp, String, i64)) {
    let amounts = order.amounts(Timestamp::MIN);
    let placed = order.placed_at;
    add(FigureKind::Authorized, placed, String::new(), amounts.order_amount);
    for capture in &order.captures {
        let amount = capture.captured_amount;
        add(FigureKind::Captured, capture.captured_at, String::new(), amount);
        add(FigureKind::CapturedOfPlaced, placed, String::new(), amount);
    }
    for refund in &order.refunds {
        let amount = refund.refunded_amount;
        add(FigureKind::Refunded, refund.refunded_at, String::new(), amount);
        add(FigureKind::RefundedOfPlaced, placed, String::new(), amount);
    }
    let left = amounts.remaining_authorized_amount;
    if left > 0 {
        let end = order.expires_at.map(|at| day(at).to_string()).unwrap_or_default();
        add(FigureKind::Open, placed, end, left);
    }
}

/// What changes in the figures when a sale goes on from one state to another; nothing stands in it
/// for what stays.
pub fn figure_changes(before: Option<&Sale>, after: &Sale) -> Figures {
    let mut changes = after.figures();
    let gone = before.map(Sale::figures).unwrap_or_default();
    add_figures(&mut changes, gone.into_iter().map(|(key, tally)| (key, -tally)));
    changes
}

fn day(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date()
}
