//! What there is once Klarna accepted an order: sums, lines, what moved, and what may be done.

use jiff::Timestamp;
use kvitt_core::{ActKind, CaptureWish, RefundWish, Sale, UndoPlan, UndoWish, Wish, may_ship};
use kvitt_money::Currency;

use super::movements::{Movement, movements};
use crate::dashboard::bars::{Bar, bars};
use crate::dashboard::words::{self, money, sentence};
use crate::dashboard::{act_href, undo_href};
use crate::view::effect;

/// An act that the order's state allows now.
pub(super) struct Allowed {
    pub(super) href: String,
    pub(super) title: &'static str,
    /// What it will do.
    pub(super) effect: String,
}

/// An act that it does not, and why.
pub(super) struct Barred {
    pub(super) title: &'static str,
    pub(super) why: String,
}

pub(super) struct Line {
    pub(super) name: String,
    pub(super) reference: String,
    pub(super) quantity: i64,
    pub(super) amount: String,
    pub(super) captured: i64,
    pub(super) refunded: i64,
}

/// What there is once Klarna accepted an order.
pub(super) struct Placed {
    pub(super) bars: Vec<Bar>,
    pub(super) may_ship: bool,
    pub(super) reason: String,
    pub(super) lines: Vec<Line>,
    pub(super) movements: Vec<Movement>,
    pub(super) allowed: Vec<Allowed>,
    pub(super) barred: Vec<Barred>,
}

pub(super) fn placed(sale: &Sale, at: Timestamp) -> Option<Placed> {
    let order = sale.order.as_ref()?;
    let currency = sale.terms.market.purchase_currency();
    let may_ship = may_ship(sale, at);
    let uncaptured = order.uncaptured_lines();
    let unrefunded = order.unrefunded_lines();
    let lines = order.cart.lines().map(|(line_id, line)| {
        let captured = line.quantity - uncaptured.get(line_id).map_or(0, |left| left.quantity);
        let kept = unrefunded.get(line_id).map_or(0, |left| left.quantity);
        Line {
            name: line.name.clone(),
            reference: line.reference.clone().unwrap_or_default(),
            quantity: line.quantity,
            amount: money(line.total_amount, currency),
            captured,
            refunded: captured - kept,
        }
    });
    let (mut allowed, mut barred) = (Vec::new(), Vec::new());
    for kind in ActKind::ON_ORDERS {
        match sale.may(kind, at) {
            Ok(()) => allowed.push(allowed_act(sale, kind, at, currency)),
            Err(refusal) => {
                barred.push(Barred { title: words::title(kind), why: refusal.to_string() });
            }
        }
    }
    match sale.plan_undo(&UndoWish::default(), at) {
        Ok(plan) => allowed.push(undo(sale, &plan, currency)),
        Err(refusal) => barred.push(Barred { title: words::UNDO, why: refusal.to_string() }),
    }
    Some(Placed {
        bars: bars(&order.amounts(at), currency),
        may_ship: may_ship.allowed,
        reason: sentence(may_ship.reason.sentence()),
        lines: lines.collect(),
        movements: movements(order, currency),
        allowed,
        barred,
    })
}

/// Undoing, with the acts that it takes.
fn undo(sale: &Sale, plan: &UndoPlan, currency: Currency) -> Allowed {
    let steps: Vec<_> = plan.steps().map(|step| words::act(&step.act, currency)).collect();
    let effect = format!("kvitt does what it takes: {}.", steps.join(", then "));
    Allowed { href: undo_href(sale.id), title: words::UNDO, effect }
}

/// An act with what it would do: all that is left, where something is picked.
fn allowed_act(sale: &Sale, kind: ActKind, at: Timestamp, currency: Currency) -> Allowed {
    let whole = match kind {
        ActKind::Capture => Some(Wish::Capture(CaptureWish::default())),
        ActKind::Refund => Some(Wish::Refund(RefundWish::default())),
        ActKind::Cancel => Some(Wish::Cancel),
        ActKind::Release => Some(Wish::Release),
        ActKind::Extend => Some(Wish::Extend),
        _ => None,
    };
    let preview = whole.and_then(|wish| sale.preview(wish, at).ok());
    let effect = match (&preview, kind) {
        (Some(preview), ActKind::Capture | ActKind::Refund) => {
            let left = if kind == ActKind::Capture {
                preview.before.remaining_authorized_amount
            } else {
                preview.before.refundable_amount()
            };
            format!(
                "Up to {}, by lines or by amount. {}.",
                money(left, currency),
                effect(&preview.act)
            )
        }
        (Some(preview), ActKind::Cancel | ActKind::Release) => format!(
            "{}: {}.",
            effect(&preview.act),
            money(preview.before.remaining_authorized_amount, currency)
        ),
        (Some(preview), _) => format!("{}.", effect(&preview.act)),
        (None, ActKind::UpdateAuthorization) => {
            "Takes pieces out of what is not shipped. Klarna replaces the lines and the total."
                .to_owned()
        }
        (None, ActKind::UpdateReferences) => {
            "Your order number and second reference, as Klarna shows them.".to_owned()
        }
        (None, ActKind::UpdateShippingAddress) => {
            "Klarna checks the new address and takes it, or refuses it.".to_owned()
        }
        (None, ActKind::AddShippingInfo) => {
            "A parcel's carrier and number; Klarna shows them to the customer.".to_owned()
        }
        (None, ActKind::TriggerSendOut) => {
            "Klarna sends its message of a capture, such as the invoice, once more.".to_owned()
        }
        (None, _) => String::new(),
    };
    Allowed { href: act_href(sale.id, kind), title: words::title(kind), effect }
}
