//! Decisions about captures and refunds.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use kvitt_money::OrderLineFields;

use super::limits::{check_shipping_info, check_text};
use crate::act::{Act, LinePart, ShippingInfo};
use crate::cart::{LineId, SaleCart};
use crate::refusal::Refusal;
use crate::sale::Sale;

/// A line and how many pieces of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinePick {
    /// The line.
    pub line_id: LineId,
    /// How many pieces; all that are left where absent.
    pub quantity: Option<i64>,
}

/// What somebody wants captured. With neither lines nor an amount: everything that is left.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CaptureWish {
    /// Of which lines.
    pub lines: Vec<LinePick>,
    /// How much, in minor units; with lines it must be their sum.
    pub captured_amount: Option<i64>,
    /// An amount without lines is meant so.
    pub amount_only: bool,
    /// The shop's reference.
    pub reference: Option<String>,
    /// Shown to the customer.
    pub description: Option<String>,
    /// Tracking.
    pub shipping_info: Vec<ShippingInfo>,
    /// Nothing else will ship: what is left is released afterwards.
    pub is_final: bool,
}

/// What somebody wants refunded. With neither lines nor an amount: everything that is left.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RefundWish {
    /// Of which lines.
    pub lines: Vec<LinePick>,
    /// How much, in minor units; with lines it must be their sum.
    pub refunded_amount: Option<i64>,
    /// An amount without lines is meant so.
    pub amount_only: bool,
    /// The shop's reference.
    pub reference: Option<String>,
    /// Shown to the customer.
    pub description: Option<String>,
}

impl Sale {
    pub(super) fn decide_capture(&self, wish: CaptureWish, at: Timestamp) -> Result<Act, Refusal> {
        let order = self.order.as_ref().ok_or(Refusal::NoOrder)?;
        check_text("reference", wish.reference.as_deref())?;
        check_text("description", wish.description.as_deref())?;
        check_shipping_info(&wish.shipping_info)?;
        let left = order.amounts(at).remaining_authorized_amount - self.held_amount();
        let (captured_amount, lines) = Asked {
            field: "captured_amount",
            picks: &wish.lines,
            amount: wish.captured_amount,
            amount_only: wish.amount_only,
        }
        .resolve(&order.cart, &self.unclaimed_lines(order), left)?;
        if captured_amount > left {
            let currency = self.terms.market.purchase_currency();
            return Err(Refusal::OverCapture { asked: captured_amount, left, currency });
        }
        Ok(Act::Capture {
            captured_amount,
            lines,
            reference: wish.reference,
            description: wish.description,
            shipping_info: wish.shipping_info,
            is_final: wish.is_final,
        })
    }

    pub(super) fn decide_refund(&self, wish: RefundWish, at: Timestamp) -> Result<Act, Refusal> {
        let order = self.order.as_ref().ok_or(Refusal::NoOrder)?;
        check_text("reference", wish.reference.as_deref())?;
        check_text("description", wish.description.as_deref())?;
        let left = order.amounts(at).refundable_amount();
        let (refunded_amount, lines) = Asked {
            field: "refunded_amount",
            picks: &wish.lines,
            amount: wish.refunded_amount,
            amount_only: wish.amount_only,
        }
        .resolve(&order.cart, &order.unrefunded_lines(), left)?;
        if refunded_amount > left {
            let currency = self.terms.market.purchase_currency();
            return Err(Refusal::OverRefund { asked: refunded_amount, left, currency });
        }
        Ok(Act::Refund {
            refunded_amount,
            lines,
            reference: wish.reference,
            description: wish.description,
        })
    }
}

/// Lines, an amount, both or neither.
struct Asked<'a> {
    field: &'static str,
    picks: &'a [LinePick],
    amount: Option<i64>,
    amount_only: bool,
}

impl Asked<'_> {
    /// The amount, and the parts of lines that it is made of.
    fn resolve(
        &self,
        cart: &SaleCart,
        left: &BTreeMap<LineId, OrderLineFields>,
        amount_left: i64,
    ) -> Result<(i64, Vec<LinePart>), Refusal> {
        let (amount, lines) = match (self.picks, self.amount) {
            ([], None) => (amount_left, everything_worth(cart, left, amount_left)),
            ([], Some(amount)) => {
                let lines = everything(cart, left);
                // Too much or too little is the more helpful thing to say.
                let is_refused_anyway = !(1..=amount_left).contains(&amount);
                if amount == amount_left && sum(&lines) == amount {
                    (amount, lines)
                } else if self.amount_only || is_refused_anyway {
                    (amount, Vec::new())
                } else {
                    return Err(Refusal::LinesMissing { field: self.field });
                }
            }
            (picks, amount) => {
                let lines = pick(cart, left, picks)?;
                let expected = sum(&lines);
                let given = amount.unwrap_or(expected);
                if given != expected {
                    return Err(Refusal::AmountMismatch { field: self.field, given, expected });
                }
                (expected, lines)
            }
        };
        if amount < 1 {
            return Err(Refusal::NotPositive { field: self.field, value: amount });
        }
        Ok((amount, lines))
    }
}

fn sum(lines: &[LinePart]) -> i64 {
    crate::order::sum(lines.iter().map(|part| part.line.total_amount))
}

/// All that is left of all lines, where it is worth what is left. After an amount without lines it
/// no longer is.
pub(super) fn everything_worth(
    cart: &SaleCart,
    left: &BTreeMap<LineId, OrderLineFields>,
    amount_left: i64,
) -> Vec<LinePart> {
    let lines = everything(cart, left);
    if sum(&lines) == amount_left { lines } else { Vec::new() }
}

/// All that is left of all lines, in the shop's order.
fn everything(cart: &SaleCart, left: &BTreeMap<LineId, OrderLineFields>) -> Vec<LinePart> {
    cart.lines()
        .filter_map(|(line_id, _)| Some((line_id, left.get(line_id)?)))
        .filter(|(_, line)| line.quantity > 0 || is_bare_amount(line))
        .map(|(line_id, line)| LinePart { line_id: line_id.clone(), line: line.clone() })
        .collect()
}

/// A line of no pieces that is worth something: a reduction without a price of its own. It can
/// only be taken as a whole, and once it is taken nothing is left of it.
fn is_bare_amount(line: &OrderLineFields) -> bool {
    line.quantity == 0 && line.total_amount != 0
}

fn pick(
    cart: &SaleCart,
    left: &BTreeMap<LineId, OrderLineFields>,
    picks: &[LinePick],
) -> Result<Vec<LinePart>, Refusal> {
    let mut picked = BTreeSet::new();
    let mut parts = Vec::with_capacity(picks.len());
    for LinePick { line_id, quantity } in picks {
        if cart.line(line_id).is_none() {
            let known: Vec<_> = cart.lines().map(|(id, _)| id.0.as_str()).collect();
            return Err(Refusal::UnknownLine { line_id: line_id.clone(), known: known.join(", ") });
        }
        if !picked.insert(line_id) {
            return Err(Refusal::LineTwice { line_id: line_id.clone() });
        }
        let line = left.get(line_id);
        let available = line.map_or(0, |line| line.quantity);
        let asked = quantity.unwrap_or(available);
        let refused = || Refusal::LineQuantity { line_id: line_id.clone(), asked, left: available };
        let part = line
            .filter(|line| asked >= 1 || is_bare_amount(line))
            .and_then(|line| line.portion(0, asked).ok())
            .ok_or_else(refused)?;
        parts.push(LinePart { line_id: line_id.clone(), line: part });
    }
    Ok(parts)
}
