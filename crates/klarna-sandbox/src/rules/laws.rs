//! What holds for an order whatever is done to it, in whatever order.

use proptest::prelude::*;
use serde_json::json;

use super::{
    aging, authorization, capture,
    order::{
        Order, Status,
        tests::{at, order},
    },
    read::Body,
    refund,
    refusal::Refusal,
};

#[derive(Clone, Debug)]
enum Act {
    Capture(i64),
    Refund(i64),
    Update(i64),
    Cancel,
    Release,
    Extend,
    Wait(i64),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => (0i64..6000).prop_map(Act::Capture),
        3 => (0i64..6000).prop_map(Act::Refund),
        2 => (0i64..15_000).prop_map(Act::Update),
        1 => Just(Act::Cancel),
        1 => Just(Act::Release),
        1 => Just(Act::Extend),
        1 => (1i64..20).prop_map(Act::Wait),
    ]
}

fn perform(order: &mut Order, act: &Act, now: jiff::Timestamp) -> Result<(), Refusal> {
    match act {
        Act::Capture(amount) => {
            let request = capture::Request::read(&Body::of(&json!({"captured_amount": amount})))?;
            capture::capture(order, request, "c".into(), now, false)
        }
        Act::Refund(amount) => {
            let request = refund::Request::read(&Body::of(&json!({"refunded_amount": amount})))?;
            refund::refund(order, request, "r".into(), now)
        }
        Act::Update(amount) => {
            let update = authorization::Update::read(&Body::of(&json!({"order_amount": amount})))?;
            authorization::update(order, update)
        }
        Act::Cancel => authorization::cancel(order),
        Act::Release => authorization::release(order),
        Act::Extend => authorization::extend(order, now, 28),
        Act::Wait(_) => Ok(()),
    }
}

fn amounts(order: &Order) -> [i64; 4] {
    [
        order.order_amount,
        order.captured_amount,
        order.refunded_amount,
        order.remaining_authorized_amount,
    ]
}

proptest! {
    #[test]
    fn money_is_neither_made_nor_lost(acts in prop::collection::vec(act(), 0..40)) {
        let mut order = order();
        let mut now = at("2026-01-01T10:00:00Z");
        for act in &acts {
            if let Act::Wait(days) = act {
                now = super::lifetime::midnight_after(now, *days);
            }
            aging::age(&mut order, now, false, || "late".to_owned());
            let (before, status) = (amounts(&order), order.status);
            if perform(&mut order, act, now).is_err() {
                prop_assert_eq!(amounts(&order), before, "a refused {:?} changed something", act);
                prop_assert_eq!(order.status, status);
            }
            let [total, captured, refunded, remaining] = amounts(&order);
            let sum = |amounts: &[i64]| amounts.iter().sum::<i64>();
            let taken: Vec<i64> = order.captures.iter().map(|it| it.captured_amount).collect();
            let given: Vec<i64> = order.refunds.iter().map(|it| it.refunded_amount).collect();
            prop_assert_eq!(captured, sum(&taken));
            prop_assert_eq!(refunded, sum(&given));
            prop_assert!(refunded <= captured && remaining >= 0);
            prop_assert!(captured + remaining <= total);
            prop_assert_eq!(order.original_order_amount, 10_000);
            match order.status {
                Status::Authorized => prop_assert!(captured == 0 && remaining == total),
                Status::PartCaptured => prop_assert!(captured > 0 && captured + remaining == total),
                Status::Captured => prop_assert!(captured > 0 && remaining == 0),
                Status::Cancelled => prop_assert!(captured == 0),
                Status::Expired => prop_assert!(captured == 0 && remaining == 0),
            }
        }
    }
}
