//! What a shop wants of one order, and how its shopper behaves: by the seed and the order's number
//! alone, so that a seed gives the same wishes again.

use std::collections::BTreeMap;

use fastrand::Rng;
use serde_json::{Value, json};

/// The odd number nearest to 2^64 divided by the golden ratio: keeps neighbouring orders' dice apart.
const APART: u64 = 0x9E37_79B9_7F4A_7C15;

/// Everything that is wanted of one order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Which one, from 0.
    pub number: u32,
    /// The shop's own name of it. It goes along as `merchant_data`, which nobody ever changes.
    pub reference: String,
    /// What is bought.
    pub lines: Vec<Line>,
    /// What Klarna's fraud control does with the order.
    pub review: Review,
    /// What becomes of Klarna's authorization callback, before faults strike it.
    pub callback: Callback,
    /// What the shopper's browser does after the authorization.
    pub browser: Browser,
    /// What is wanted of the order, one step after the other.
    pub steps: Vec<Step>,
}

/// A line of the cart. Amounts are minor units, tax included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Its id.
    pub line_id: String,
    /// Pieces.
    pub quantity: i64,
    /// Of one piece.
    pub unit_price: i64,
    /// In hundredths of a per cent.
    pub tax_rate: i64,
}

/// What Klarna's fraud control does with an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Review {
    /// It is accepted at once.
    None,
    /// It waits for a minute, and is accepted.
    Accepts,
    /// It waits for a minute, and is rejected.
    Rejects,
}

/// When Klarna calls back, seen from its answer to the browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Callback {
    /// Before it.
    Before,
    /// After it.
    After,
    /// After it, and once more.
    Twice,
    /// Not at all.
    Never,
}

impl Callback {
    /// The word of the sandbox's control API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::After => "after",
            Self::Twice => "twice",
            Self::Never => "never",
        }
    }
}

/// What the shopper's browser does with the authorization.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Browser {
    /// Hands it in.
    Once,
    /// Hands it in to two replicas at once.
    Twice,
    /// Was closed, and is opened again where no order appears.
    Late,
}

/// One step of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// One wish.
    One(Wish),
    /// Two wishes at once, at different replicas.
    Both(Wish, Wish),
    /// One wish, sent twice at once under one key to different replicas.
    Twice(Wish),
}

/// Something that is wanted once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// Which one of its order, from 0.
    pub number: u32,
    /// What.
    pub act: Act,
}

/// Pieces of lines, by the line's place.
pub type Picks = BTreeMap<usize, i64>;

/// What can be wanted of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Capture some pieces.
    Capture {
        /// Which pieces.
        picks: Picks,
        /// Whether the shop gives a reference of its own.
        is_named: bool,
        /// Whether nothing else ships, so that kvitt releases the rest.
        is_final: bool,
    },
    /// Capture all that is left.
    CaptureRest,
    /// Refund some pieces.
    Refund {
        /// Which pieces.
        picks: Picks,
        /// Whether the shop gives a reference of its own.
        is_named: bool,
    },
    /// Refund all that is captured.
    RefundRest,
    /// Cancel.
    Cancel,
    /// Release what is left.
    Release,
    /// Extend the authorization.
    Extend,
    /// Cancel, release and refund as it takes.
    Undo,
    /// Set the second reference.
    References,
    /// Set the shipping address.
    Address,
    /// Add a line.
    Lines(Line),
    /// Add tracking to the order, or to the capture of an earlier wish.
    Track {
        /// The number of the wish that captured.
        capture: Option<u32>,
    },
}

impl Act {
    /// Its name in the API.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Capture { .. } | Self::CaptureRest => "capture",
            Self::Refund { .. } | Self::RefundRest => "refund",
            Self::Cancel => "cancel",
            Self::Release => "release",
            Self::Extend => "extend",
            Self::Undo => "undo",
            Self::References => "update_references",
            Self::Address => "update_shipping_address",
            Self::Lines(_) => "update_authorization",
            Self::Track { .. } => "add_shipping_info",
        }
    }

    /// Whether it is decided by what earlier captures came to.
    pub fn builds_on_captures(&self) -> bool {
        matches!(
            self,
            Self::Refund { .. }
                | Self::RefundRest
                | Self::Release
                | Self::Undo
                | Self::Track { capture: Some(_) }
        )
    }
}

impl Line {
    /// What all of it costs.
    pub fn total_amount(&self) -> i64 {
        self.unit_price * self.quantity
    }

    fn total_tax_amount(&self) -> i64 {
        // Klarna's formula, rounded to the nearest unit.
        let total = self.total_amount();
        let divisor = 10_000 + self.tax_rate;
        (total * self.tax_rate + divisor / 2) / divisor
    }

    /// As the merchant API takes it.
    pub fn to_json(&self) -> Value {
        json!({
            "line_id": self.line_id, "name": self.line_id, "quantity": self.quantity,
            "unit_price": self.unit_price, "tax_rate": self.tax_rate,
            "total_amount": self.total_amount(), "total_tax_amount": self.total_tax_amount(),
        })
    }
}

impl Plan {
    /// The plan of one order under a seed.
    pub fn of(seed: u64, number: u32) -> Self {
        let mut dice = dice(seed, number);
        let lines = lines(&mut dice);
        let review = match dice.u32(..100) {
            0..6 => Review::Accepts,
            6..8 => Review::Rejects,
            _ => Review::None,
        };
        let callback = [Callback::Before, Callback::After, Callback::Twice, Callback::Never];
        let browser = [Browser::Once, Browser::Once, Browser::Twice, Browser::Late];
        let callback = callback[dice.usize(..callback.len())];
        let browser = browser[dice.usize(..browser.len())];
        let steps = Steps { wishes: 0, made: Vec::new(), dice: &mut dice }.of(&lines);
        Self {
            number,
            reference: format!("storm-{number}"),
            lines,
            review,
            callback,
            browser,
            steps,
        }
    }

    /// What the cart costs.
    pub fn order_amount(&self) -> i64 {
        self.lines.iter().map(Line::total_amount).sum()
    }

    /// What some pieces cost.
    pub fn worth(&self, picks: &Picks) -> i64 {
        picks.iter().map(|(line, pieces)| self.lines[*line].unit_price * pieces).sum()
    }

    /// How many acts are wanted, placing included.
    pub fn acts(&self) -> u64 {
        let of_step = |step: &Step| if matches!(step, Step::Both(..)) { 2 } else { 1 };
        1 + self.steps.iter().map(of_step).sum::<u64>()
    }
}

/// The dice of one order.
pub(crate) fn dice(seed: u64, number: u32) -> Rng {
    Rng::with_seed(seed ^ u64::from(number).wrapping_add(1).wrapping_mul(APART))
}

fn lines(dice: &mut Rng) -> Vec<Line> {
    let rates = [2_500, 1_200, 600, 0];
    (0..dice.usize(3..=5))
        .map(|place| Line {
            line_id: format!("line-{place}"),
            quantity: dice.i64(1..=4),
            unit_price: dice.i64(101..=49_999),
            tax_rate: rates[dice.usize(..rates.len())],
        })
        .collect()
}

/// Steps in the making.
struct Steps<'a> {
    wishes: u32,
    made: Vec<Step>,
    dice: &'a mut Rng,
}

impl Steps<'_> {
    fn of(mut self, lines: &[Line]) -> Vec<Step> {
        self.changes();
        match self.dice.u32(..100) {
            0..72 => self.in_parts(lines),
            72..82 => self.push(Act::Cancel),
            82..93 => self.undone(lines),
            _ => {
                self.push(Act::CaptureRest);
                self.push(Act::Track { capture: Some(self.wishes - 1) });
                self.push(Act::RefundRest);
            }
        }
        self.made
    }

    fn chance(&mut self, per_cent: u32) -> bool {
        self.dice.u32(..100) < per_cent
    }

    fn wish(&mut self, act: Act) -> Wish {
        self.wishes += 1;
        Wish { number: self.wishes - 1, act }
    }

    fn push(&mut self, act: Act) {
        let is_twice = self.chance(15);
        let wish = self.wish(act);
        self.made.push(if is_twice { Step::Twice(wish) } else { Step::One(wish) });
    }

    /// Several of a kind, some of them two at once.
    fn push_all(&mut self, acts: Vec<Act>) {
        let mut acts = acts.into_iter();
        while let Some(act) = acts.next() {
            if self.chance(25)
                && let Some(other) = acts.next()
            {
                let (one, other) = (self.wish(act), self.wish(other));
                self.made.push(Step::Both(one, other));
            } else {
                self.push(act);
            }
        }
    }

    /// What is changed before anything ships.
    fn changes(&mut self) {
        let extra = Line {
            line_id: "wrapping".to_owned(),
            quantity: 1,
            unit_price: self.dice.i64(100..=5_000),
            tax_rate: 2_500,
        };
        let wanted = [
            (80, Act::References),
            (50, Act::Address),
            (50, Act::Extend),
            (40, Act::Lines(extra)),
            (50, Act::Track { capture: None }),
            (40, Act::References),
        ];
        let mut acts: Vec<_> =
            wanted.into_iter().filter(|(likely, _)| self.chance(*likely)).collect();
        self.dice.shuffle(&mut acts);
        for (_, act) in acts {
            self.push(act);
        }
    }

    /// Every piece in one of so many parcels.
    fn parcels(&mut self, lines: &[Line], count: usize) -> Vec<Picks> {
        let mut parcels = vec![Picks::new(); count];
        for (place, line) in lines.iter().enumerate() {
            for _ in 0..line.quantity {
                *parcels[self.dice.usize(..count)].entry(place).or_default() += 1;
            }
        }
        parcels.retain(|picks| !picks.is_empty());
        parcels
    }

    fn in_parts(&mut self, lines: &[Line]) {
        let count = self.dice.usize(3..=6);
        let mut parcels = self.parcels(lines, count);
        let ending = self.dice.u32(..100);
        // The last parcel stays, to be released by kvitt or by the shop, or undone.
        if ending < 45 && parcels.len() > 1 {
            parcels.pop();
        }
        let last = parcels.len() - 1;
        let first_wish = self.wishes;
        let captures = parcels.iter().enumerate().map(|(place, picks)| Act::Capture {
            picks: picks.clone(),
            is_named: self.dice.bool(),
            is_final: ending < 15 && place == last,
        });
        let captures = captures.collect();
        self.push_all(captures);
        let end = self.wishes;
        let tracks = (first_wish..end).filter(|_| self.dice.u32(..100) < 45);
        let tracks: Vec<_> = tracks.map(|wish| Act::Track { capture: Some(wish) }).collect();
        for track in tracks {
            self.push(track);
        }
        if (15..30).contains(&ending) {
            self.push(Act::Release);
        }
        self.refunds(&parcels);
        if (30..45).contains(&ending) {
            self.push(Act::Undo);
        }
    }

    /// Some of what was captured comes back, no piece twice.
    fn refunds(&mut self, parcels: &[Picks]) {
        let count = self.dice.usize(2..=5).min(parcels.len());
        let mut places: Vec<_> = (0..parcels.len()).collect();
        self.dice.shuffle(&mut places);
        let refunds = places.into_iter().take(count).map(|place| {
            let all = self.dice.bool();
            let part = |(line, pieces): (&usize, &i64)| {
                (*line, if all { *pieces } else { (*pieces + 1) / 2 })
            };
            let picks = parcels[place].iter().map(part).collect();
            Act::Refund { picks, is_named: self.dice.bool() }
        });
        let refunds = refunds.collect();
        self.push_all(refunds);
    }

    fn undone(&mut self, lines: &[Line]) {
        let mut parcels = self.parcels(lines, 3);
        parcels.truncate(self.dice.usize(0..=2));
        let captures = parcels.iter().map(|picks| Act::Capture {
            picks: picks.clone(),
            is_named: self.dice.bool(),
            is_final: false,
        });
        let captures = captures.collect();
        self.push_all(captures);
        if self.chance(40) && !parcels.is_empty() {
            self.refunds(&parcels);
        }
        self.push(Act::Undo);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_wishes_again_and_another_gives_others() {
        for number in 0..200 {
            assert_eq!(Plan::of(7, number), Plan::of(7, number));
            assert_ne!(Plan::of(7, number), Plan::of(8, number));
        }
    }

    #[test]
    fn two_thousand_orders_are_at_least_twenty_thousand_acts() {
        for seed in 0..10 {
            let acts: u64 = (0..2_000).map(|number| Plan::of(seed, number).acts()).sum();
            assert!(acts >= 20_000, "seed {seed}: {acts}");
        }
    }

    #[test]
    fn no_piece_is_captured_or_refunded_twice() {
        for number in 0..2_000 {
            let plan = Plan::of(3, number);
            let (mut captured, mut refunded) = (Picks::new(), Picks::new());
            let wishes = plan.steps.iter().flat_map(|step| match step {
                Step::One(wish) | Step::Twice(wish) => vec![wish],
                Step::Both(one, other) => vec![one, other],
            });
            for (place, wish) in wishes.enumerate() {
                assert_eq!(u32::try_from(place).unwrap(), wish.number);
                let (sums, picks) = match &wish.act {
                    Act::Capture { picks, .. } => (&mut captured, picks),
                    Act::Refund { picks, .. } => (&mut refunded, picks),
                    _ => continue,
                };
                for (line, pieces) in picks {
                    *sums.entry(*line).or_default() += pieces;
                }
            }
            for (line, pieces) in &refunded {
                assert!(pieces <= &captured[line], "{plan:?}");
            }
            for (line, pieces) in &captured {
                assert!(*pieces <= plan.lines[*line].quantity, "{plan:?}");
            }
        }
    }
}
