//! What holds for every sale at every moment.

use jiff::Timestamp;
use kvitt_core::{
    ActKind, Amounts, Figures, FraudStatus, IntentState, MayShipReason, OrderStatus, Recorded,
    Sale, UndoWish, Wish, add_figures, figure_changes, may_ship,
};

use crate::support::{SALE, refund};
use crate::wishes::simplest;

/// Checks all laws.
pub(crate) fn check(sale: &Sale, at: Timestamp) {
    sums(sale, at);
    acts(sale, at);
    undoing(sale, at);
    shipping(sale, at);
}

/// The same events, read back from the ledger, are the same sale.
pub(crate) fn check_replay(sale: &Sale, events: &[Recorded]) {
    let stored = serde_json::to_string(events).unwrap();
    let read: Vec<Recorded> = serde_json::from_str(&stored).unwrap();
    assert_eq!(read, events);
    assert_eq!(Sale::fold(SALE, &read).unwrap().as_ref(), Some(sale));
    check_figures(sale, events);
}

/// Counted event by event, the figures are those of the whole.
fn check_figures(sale: &Sale, events: &[Recorded]) {
    let mut sums = Figures::new();
    let mut before: Option<Sale> = None;
    for count in 1..=events.len() {
        let now = Sale::fold(SALE, &events[..count]).unwrap().unwrap();
        add_figures(&mut sums, figure_changes(before.as_ref(), &now));
        before = Some(now);
    }
    assert_eq!(sums, sale.figures());
}

fn sums(sale: &Sale, at: Timestamp) {
    let Some(order) = &sale.order else { return };
    let sums = order.amounts(at);
    assert!(sums.captured_amount + sums.remaining_authorized_amount <= sums.order_amount);
    assert!(sums.refunded_amount <= sums.captured_amount);
    for amount in [sums.captured_amount, sums.refunded_amount, sums.remaining_authorized_amount] {
        assert!(amount >= 0);
    }
    assert_eq!(sums.refundable_amount(), sums.captured_amount - sums.refunded_amount);
    for left in [order.uncaptured_lines(), order.unrefunded_lines()] {
        for line in left.values() {
            assert!(line.quantity >= 0);
            assert!(line.total_discount_amount >= 0);
            assert_eq!(
                line.total_amount,
                line.quantity * line.unit_price - line.total_discount_amount
            );
        }
    }
    let is_over = sums.remaining_authorized_amount == 0;
    match order.status(at) {
        OrderStatus::Authorized => assert!(sums.captured_amount == 0 && !is_over),
        OrderStatus::PartCaptured => assert!(sums.captured_amount > 0 && !is_over),
        OrderStatus::Captured => assert!(sums.captured_amount > 0 && is_over),
        OrderStatus::Cancelled => assert!(is_over),
        OrderStatus::Expired => assert!(sums.captured_amount == 0 && is_over),
    }
}

/// What may be done, what is decided and what is previewed agree; nothing of it changes the sale.
fn acts(sale: &Sale, at: Timestamp) {
    let before = sale.clone();
    let allowed = sale.allowed_acts(at);
    let money_is_open = sale.open_undo().is_some()
        || sale.intents.values().any(|it| it.act.kind().moves_money() && !it.state.is_settled());
    for kind in ActKind::ON_ORDERS {
        let wish = simplest(kind, sale);
        let decided = sale.decide(wish.clone(), at);
        let previewed = sale.preview(wish, at);
        assert_eq!(allowed.contains(&kind), decided.is_ok(), "{kind:?}: {decided:?}");
        assert!(!(money_is_open && kind.moves_money() && decided.is_ok()), "{kind:?}");
        assert_eq!(sale.may(kind, at).err(), decided.clone().err());
        match (decided, previewed) {
            (Ok(act), Ok(preview)) => {
                assert_eq!(act.kind(), kind);
                assert_eq!(act, preview.act);
                let order = sale.order.as_ref().unwrap();
                assert_eq!(preview.before, order.amounts(at));
                assert_eq!(preview.status_before, order.status(at));
            }
            (decided, previewed) => assert_eq!(decided.err(), previewed.err()),
        }
    }
    assert!(sale.order.is_none() || sale.decide(Wish::Place, at).is_err());
    assert_eq!(*sale, before);
}

/// There is something to undo if, and only if, something can be captured or refunded. What the plan
/// says is what happens, and then nothing is left.
fn undoing(sale: &Sale, at: Timestamp) {
    let planned = sale.plan_undo(&UndoWish::default(), at);
    let Some(order) = sale.order.as_ref() else {
        assert!(planned.is_err());
        return;
    };
    let held = |sums: &Amounts| sums.remaining_authorized_amount + sums.refundable_amount();
    // A cancelled order is over for Klarna, whatever else the events say.
    let is_held = held(&order.amounts(at)) > 0 && !order.cancelled;
    let waits =
        sale.open_undo().is_some() || sale.open_intent(|act| act.kind().moves_money()).is_some();
    assert_eq!(planned.is_ok(), is_held && !waits, "{planned:?}");
    let Ok(plan) = planned else { return };
    let mut before = order.amounts(at);
    for step in plan.steps() {
        assert_eq!(step.before, before);
        before = step.after;
    }
    assert_eq!(held(&plan.last().after), 0);
    let first = match plan.first.act.kind() {
        ActKind::Refund => refund(&[]),
        kind => simplest(kind, sale),
    };
    assert_eq!(sale.preview(first, at).as_ref(), Ok(&plan.first), "it begins with a lawful act");
}

/// Goods only leave when everything speaks for it.
fn shipping(sale: &Sale, at: Timestamp) {
    let answer = may_ship(sale, at);
    let good = matches!(answer.reason, MayShipReason::Authorized | MayShipReason::Captured);
    assert_eq!(answer.allowed, good);
    if !answer.allowed {
        return;
    }
    let order = sale.order.as_ref().unwrap();
    let sums = order.amounts(at);
    assert_eq!(order.fraud_status, FraudStatus::Accepted);
    assert!(!order.stopped && !order.cancelled && sale.open_undo().is_none());
    assert!(!order.is_expired(at) || order.released || sums.captured_amount == sums.order_amount);
    assert!(sums.remaining_authorized_amount > 0 || sums.refundable_amount() > 0);
    for intent in sale.intents.values().filter(|it| it.act.kind().moves_money()) {
        assert!(!matches!(
            intent.state,
            IntentState::Unknown { .. } | IntentState::NeedsHuman { .. }
        ));
        assert!(intent.state.is_settled() || intent.act.kind() != ActKind::Cancel);
    }
}
