//! What time alone does to an order: refunds show on their captures, fraud decisions fall,
//! rejected orders are cancelled, authorizations expire.

use jiff::Timestamp;

use super::{
    capture, lifetime,
    order::{FraudStatus, Order, Status},
};

/// Whether anything is due by now.
pub(crate) fn is_due(order: &Order, now: Timestamp) -> bool {
    next_due(order).is_some_and(|due| due <= now)
        || order.captures.iter().flat_map(|it| &it.allocating).any(|(shows_at, _)| *shows_at <= now)
}

/// When the next thing happens to the order, but for refunds that come to show on their captures.
fn next_due(order: &Order) -> Option<Timestamp> {
    let decision = order.decision_due.map(|(due, _)| due);
    let expiry = order.status.is_open().then_some(order.expires_at);
    [decision, order.cancelled_due, expiry].into_iter().flatten().min()
}

/// Lets everything happen to the order that is due by now, in the order in which it fell due.
/// `capture_id` is for a capture that waited for its fraud decision. Gives the fraud decision
/// that fell, which the merchant is to be told.
pub(crate) fn age(
    order: &mut Order,
    now: Timestamp,
    part_captured_becomes_expired: bool,
    capture_id: impl Fn() -> String,
) -> Option<FraudStatus> {
    for capture in &mut order.captures {
        let refunded = &mut capture.refunded_amount;
        capture.allocating.retain(|&(shows_at, amount)| {
            let shows = shows_at <= now;
            if shows {
                *refunded += amount;
            }
            !shows
        });
    }
    let mut fallen = None;
    loop {
        let Some(due) = next_due(order).filter(|due| *due <= now) else { return fallen };
        if let Some((at, decided)) = order.decision_due.filter(|(at, _)| *at == due) {
            decide(order, decided, at, capture_id());
            fallen = Some(decided);
        } else if order.cancelled_due == Some(due) {
            order.cancelled_due = None;
            if order.status == Status::Authorized {
                order.status = Status::Cancelled;
            }
        } else {
            expire(order, part_captured_becomes_expired);
        }
    }
}

/// Fraud control's decision. It does not touch the status, but a rejected order that is not
/// captured within four hours is cancelled (Klarna documentation).
pub(crate) fn decide(order: &mut Order, decided: FraudStatus, at: Timestamp, capture_id: String) {
    order.fraud_status = decided;
    order.decision_due = None;
    order.cancelled_due = (decided == FraudStatus::Rejected && order.status == Status::Authorized)
        .then(|| lifetime::later(at, lifetime::AFTER_REJECTION));
    capture::automatically(order, capture_id, at);
}

/// Nothing more can be captured. That the rest reads 0 is a guess, as is the status of an order
/// that was partly captured.
fn expire(order: &mut Order, part_captured_becomes_expired: bool) {
    order.remaining_authorized_amount = 0;
    order.status = if order.status == Status::PartCaptured && !part_captured_becomes_expired {
        Status::Captured
    } else {
        Status::Expired
    };
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::rules::{
        capture::tests::take_from,
        order::tests::{at, order, with_reaction},
        person::Reaction,
    };

    fn age_to(order: &mut Order, now: &str) -> Option<FraudStatus> {
        age(order, at(now), false, || "late".to_owned())
    }

    #[test]
    fn an_order_expires_at_midnight_and_not_before() {
        let mut order = order();
        age_to(&mut order, "2026-01-28T23:59:59.999Z");
        assert_eq!(order.status, Status::Authorized);
        age_to(&mut order, "2026-01-29T00:00:00Z");
        assert_eq!((order.status, order.remaining_authorized_amount), (Status::Expired, 0));
    }

    #[test]
    fn a_partly_captured_order_ends_as_captured_unless_switched() {
        for (switch, expected) in [(false, Status::Captured), (true, Status::Expired)] {
            let mut order = order();
            take_from(&mut order, &json!({"captured_amount": 1})).unwrap();
            age(&mut order, at("2026-02-01T00:00:00Z"), switch, || "late".to_owned());
            assert_eq!((order.status, order.remaining_authorized_amount), (expected, 0));
        }
    }

    #[test]
    fn a_rejected_order_is_cancelled_four_hours_later() {
        let mut order = with_reaction(Reaction::Pending { accepted: false, minutes: 10 }, false);
        assert_eq!(age_to(&mut order, "2026-01-01T10:09:59Z"), None);
        assert_eq!(age_to(&mut order, "2026-01-01T10:10:00Z"), Some(FraudStatus::Rejected));
        assert_eq!(order.status, Status::Authorized);
        age_to(&mut order, "2026-01-01T14:10:00Z");
        assert_eq!(order.status, Status::Cancelled);
    }

    #[test]
    fn capturing_a_rejected_order_keeps_it() {
        let mut order = with_reaction(Reaction::Pending { accepted: false, minutes: 10 }, false);
        age_to(&mut order, "2026-01-01T10:10:00Z");
        take_from(&mut order, &json!({"captured_amount": 10_000})).unwrap();
        age_to(&mut order, "2026-02-01T10:10:00Z");
        assert_eq!(order.status, Status::Captured);
    }

    #[test]
    fn an_automatic_capture_waits_for_the_decision() {
        let mut order = with_reaction(Reaction::Pending { accepted: true, minutes: 10 }, true);
        assert_eq!(order.status, Status::Authorized);
        age_to(&mut order, "2026-05-01T00:00:00Z");
        assert_eq!(order.status, Status::Captured);
        assert_eq!(order.captures[0].captured_at, at("2026-01-01T10:10:00Z"));
    }
}
