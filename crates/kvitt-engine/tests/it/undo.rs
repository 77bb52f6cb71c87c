//! Undoing: in each state, and whatever happens between its acts; amounts are written by hand.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use kvitt_core::{
    ActKind, IntentId, IntentState, OrderStatus, Outcome, Refusal, Sale, UndoWish, Wish, may_ship,
};
use kvitt_engine::{Answered, EngineError};
use serde_json::{Value, json};

use crate::shop::{Shop, capture, keyed, merchant, refund};
use crate::unsteady::Unsteady;

const EVERYTHING: Wish = Wish::Capture(kvitt_core::CaptureWish {
    lines: Vec::new(),
    captured_amount: None,
    amount_only: false,
    reference: None,
    description: None,
    shipping_info: Vec::new(),
    is_final: false,
});

async fn undo(shop: &Shop, sale: &Sale) -> Answered {
    shop.engine.undo(sale.id, UndoWish::default(), &merchant()).await.unwrap()
}

fn state(sale: &Sale, undo: IntentId) -> IntentState {
    sale.state_of(undo).unwrap()
}

fn is_done(sale: &Sale, undo: IntentId) -> bool {
    state(sale, undo) == IntentState::Done(Outcome::Changed)
}

/// The acts of an undo.
fn steps(sale: &Sale, undo: IntentId) -> Vec<ActKind> {
    sale.undos[&undo].steps.iter().map(|id| sale.intents[id].act.kind()).collect()
}

/// `status`, `captured_amount`, `refunded_amount`, and how many captures and refunds.
async fn at_klarna(shop: &Shop, sale: &Sale) -> Value {
    let order = shop.at_klarna(sale).await;
    let count = |name: &str| order[name].as_array().unwrap().len();
    json!([
        order["status"],
        order["captured_amount"],
        order["refunded_amount"],
        count("captures"),
        count("refunds")
    ])
}

/// An order of which two cups are captured: 200.00 of 550.00.
async fn part_captured(shop: &Shop) -> Sale {
    let sale = shop.order().await;
    shop.act(sale.id, capture(&[("l1", 2)])).await.unwrap().sale
}

async fn captured(shop: &Shop) -> Sale {
    let sale = shop.order().await;
    shop.act(sale.id, EVERYTHING).await.unwrap().sale
}

/// The same books on both sides, and nothing left to do on this one.
async fn check_settled(shop: &Shop, sale: &Sale) {
    let read = shop.engine.refresh(sale.id).await.unwrap();
    assert_eq!((read.difference(), read.attention()), (None, None));
    assert!(read.open_undo().is_none());
    let amounts = read.order.as_ref().unwrap().amounts(shop.engine.now().await);
    assert_eq!((amounts.remaining_authorized_amount, amounts.refundable_amount()), (0, 0));
}

#[tokio::test]
async fn each_state_is_undone_by_the_acts_that_it_takes() {
    let shop = Shop::open().await;
    let sale = shop.order().await;
    let answered = undo(&shop, &sale).await;
    assert!(is_done(&answered.sale, answered.intent));
    assert_eq!(answered.state(), Some(IntentState::Done(Outcome::Changed)));
    assert_eq!(steps(&answered.sale, answered.intent), [ActKind::Cancel]);
    assert_eq!(at_klarna(&shop, &sale).await, json!(["CANCELLED", 0, 0, 0, 0]));
    assert_eq!(shop.engine.ledger().sale_of_intent(answered.intent).await.unwrap(), Some(sale.id));
    check_settled(&shop, &sale).await;

    let sale = part_captured(&shop).await;
    let answered = undo(&shop, &sale).await;
    assert!(is_done(&answered.sale, answered.intent));
    assert_eq!(steps(&answered.sale, answered.intent), [ActKind::Release, ActKind::Refund]);
    assert_eq!(at_klarna(&shop, &sale).await, json!(["CAPTURED", 20_000, 20_000, 1, 1]));
    let order = shop.at_klarna(&sale).await;
    assert_eq!(order["refunds"][0]["order_lines"][0]["quantity"], 2);
    check_settled(&shop, &sale).await;

    // Two refunds before, of which each keeps its own id; the undo refunds what they left.
    let sale = captured(&shop).await;
    let one = shop.act(sale.id, refund(&[("l1", 1)])).await.unwrap();
    let two = shop.act(sale.id, refund(&[("l1", 1)])).await.unwrap();
    let wish = UndoWish { description: Some("Sorry".to_owned()), ..UndoWish::default() };
    let plan = shop.engine.plan_undo(sale.id, &wish).await.unwrap();
    let answered = shop.engine.undo(sale.id, wish, &merchant()).await.unwrap();
    let amounts = answered.sale.order.as_ref().unwrap().amounts(shop.engine.now().await);
    assert_eq!(plan.last().after, amounts, "what was shown is what was done");
    assert_eq!(steps(&answered.sale, answered.intent), [ActKind::Refund]);
    assert_eq!(at_klarna(&shop, &sale).await, json!(["CAPTURED", 55_000, 55_000, 1, 3]));
    let order = shop.at_klarna(&sale).await;
    let refunds = &answered.sale.order.as_ref().unwrap().refunds;
    for (index, intent) in [one.intent, two.intent, first_step(&answered)].into_iter().enumerate() {
        assert_eq!(refunds[index].intent, Some(intent));
        assert_eq!(refunds[index].refund_id, order["refunds"][index]["refund_id"]);
    }
    assert_eq!(order["refunds"][2]["refunded_amount"], 35_000);
    assert_eq!(order["refunds"][2]["description"], "Sorry");
    check_settled(&shop, &sale).await;
}

fn first_step(answered: &Answered) -> IntentId {
    answered.sale.undos[&answered.intent].steps[0]
}

#[tokio::test]
async fn what_ran_out_after_a_capture_is_refunded_and_what_ran_out_before_is_nothing() {
    let shop = Shop::open().await;
    let part = part_captured(&shop).await;
    let none = shop.order().await;
    shop.advance("P29D").await;
    let answered = undo(&shop, &part).await;
    assert_eq!(steps(&answered.sale, answered.intent), [ActKind::Refund]);
    assert_eq!(at_klarna(&shop, &part).await, json!(["CAPTURED", 20_000, 20_000, 1, 1]));
    check_settled(&shop, &part).await;

    let calls = shop.exchanges("/ordermanagement").await.len();
    let refused = shop.engine.undo(none.id, UndoWish::default(), &merchant()).await;
    let Err(EngineError::Refused(Refusal::NothingToUndo { status })) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(status, OrderStatus::Expired);
    assert_eq!(shop.exchanges("/ordermanagement").await.len(), calls);
    assert_eq!(shop.engine.sale(none.id).await.unwrap().version, none.version);
}

#[tokio::test]
async fn one_key_is_one_undo() {
    let shop = Shop::open().await;
    let sale = captured(&shop).await;
    let first = shop.engine.undo(sale.id, UndoWish::default(), &keyed("u", 1)).await.unwrap();
    let again = shop.engine.undo(sale.id, UndoWish::default(), &keyed("u", 1)).await.unwrap();
    assert_eq!((first.replayed, again.replayed), (false, true));
    assert_eq!(first.intent, again.intent);
    assert!(is_done(&again.sale, again.intent));
    let other = shop.engine.undo(sale.id, UndoWish::default(), &keyed("u", 2)).await;
    assert!(matches!(other, Err(EngineError::IdempotencyKeyReused)), "{other:?}");
    assert_eq!(at_klarna(&shop, &sale).await, json!(["CAPTURED", 55_000, 55_000, 1, 1]));
}

#[tokio::test]
async fn two_replicas_undo_once() {
    let shop = Shop::open().await;
    let other = shop.another_replica().await;
    for round in 0..4 {
        let sale = part_captured(&shop).await;
        let caller = keyed(&format!("undo-{round}"), 1);
        let wish = UndoWish::default;
        let (left, right) = tokio::join!(
            shop.engine.undo(sale.id, wish(), &caller),
            other.undo(sale.id, wish(), &caller)
        );
        let undo = left.unwrap().intent;
        assert_eq!(right.unwrap().intent, undo);
        shop.work_until(sale.id, |sale| is_done(sale, undo)).await;
        assert_eq!(at_klarna(&shop, &sale).await, json!(["CAPTURED", 20_000, 20_000, 1, 1]));
        check_settled(&shop, &sale).await;

        // Two of them, each with a key of its own: only one finds something to undo.
        let sale = part_captured(&shop).await;
        let callers = (keyed("left", 1), keyed("right", 1));
        let (left, right) = tokio::join!(
            shop.engine.undo(sale.id, wish(), &callers.0),
            other.undo(sale.id, wish(), &callers.1)
        );
        let undo = [&left, &right].into_iter().find_map(|it| it.as_ref().ok()).unwrap();
        let undo = undo.intent;
        assert_ne!(left.is_ok(), right.is_ok(), "{left:?} {right:?}");
        shop.work_until(sale.id, |sale| is_done(sale, undo)).await;
        assert_eq!(at_klarna(&shop, &sale).await, json!(["CAPTURED", 20_000, 20_000, 1, 1]));
    }
}

#[tokio::test]
async fn an_answer_that_is_lost_at_any_act_is_waited_for() {
    let shop = Shop::open().await;
    for effect in ["reset_after", "reset_before", "html_502"] {
        for (path, taken) in [("/release-remaining", 1), ("/refunds", 2)] {
            let sale = part_captured(&shop).await;
            shop.fault(path, 1, json!({ "kind": effect })).await;
            let answered = undo(&shop, &sale).await;
            let (undo, sale) = (answered.intent, answered.sale);
            assert!(matches!(state(&sale, undo), IntentState::Unknown { .. }), "{effect} {path}");
            assert_eq!(steps(&sale, undo).len(), taken);
            assert!(!may_ship(&sale, shop.engine.now().await).allowed);
            // Nothing crosses it.
            for wish in [capture(&[("l2", 1)]), refund(&[("l1", 1)]), Wish::Extend] {
                let refused = shop.act(sale.id, wish).await;
                assert!(
                    matches!(refused, Err(EngineError::Refused(Refusal::OutcomeUnknown { .. }))),
                    "{refused:?}"
                );
            }
            let sale = shop.work_until(sale.id, |sale| is_done(sale, undo)).await;
            assert_eq!(steps(&sale, undo), [ActKind::Release, ActKind::Refund]);
            assert_eq!(at_klarna(&shop, &sale).await, json!(["CAPTURED", 20_000, 20_000, 1, 1]));
            check_settled(&shop, &sale).await;
        }
    }
}

#[tokio::test]
async fn a_process_that_dies_between_any_two_writes_is_followed_by_the_next() {
    let shop = Shop::open().await;
    // Requested; release stored; released; refund stored; refunded; over.
    for writes in 1..=6 {
        let sale = part_captured(&shop).await;
        let left = AtomicU32::new(writes);
        let dead = move |_: &kvitt_ledger::Append| {
            let less = |left: u32| left.checked_sub(1);
            left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less).is_err()
        };
        let at_once = |settings: &mut kvitt_engine::Settings| settings.lease = Duration::ZERO;
        let mortal = shop.replica_over(|ledger| Unsteady::over(ledger, dead), at_once).await;
        let undo = mortal.undo(sale.id, UndoWish::default(), &merchant()).await.unwrap().intent;
        let before = shop.engine.sale(sale.id).await.unwrap();
        assert_eq!(is_done(&before, undo), writes == 6, "{writes}");
        let sale = shop.work_until(sale.id, |sale| is_done(sale, undo)).await;
        assert_eq!(steps(&sale, undo), [ActKind::Release, ActKind::Refund], "{writes}");
        assert_eq!(at_klarna(&shop, &sale).await, json!(["CAPTURED", 20_000, 20_000, 1, 1]));
        check_settled(&shop, &sale).await;
        while shop.engine.work_once().await.unwrap() > 0 {}
    }
}

#[tokio::test]
async fn an_order_that_somebody_cancelled_in_the_portal_is_undone_by_that() {
    let shop = Shop::open().await;
    let sale = shop.order().await;
    shop.behind_our_back(&sale, "cancel", Value::Null).await;
    let answered = undo(&shop, &sale).await;
    assert!(is_done(&answered.sale, answered.intent), "{:?}", answered.state());
    assert_eq!(shop.exchanges("/cancel").await.len(), 2, "theirs and ours, which was refused");
    check_settled(&shop, &sale).await;
}

#[tokio::test]
async fn what_somebody_captured_in_the_portal_changes_the_acts_that_it_takes() {
    let shop = Shop::open().await;
    let sale = shop.order().await;
    let plan = shop.engine.plan_undo(sale.id, &UndoWish::default()).await.unwrap();
    assert_eq!(plan.steps().map(|it| it.act.kind()).collect::<Vec<_>>(), [ActKind::Cancel]);
    shop.behind_our_back(&sale, "captures", json!({"captured_amount": 10_000})).await;
    let answered = undo(&shop, &sale).await;
    assert!(is_done(&answered.sale, answered.intent), "{:?}", answered.state());
    let kinds = [ActKind::Cancel, ActKind::Release, ActKind::Refund];
    assert_eq!(steps(&answered.sale, answered.intent), kinds);
    assert_eq!(at_klarna(&shop, &sale).await, json!(["CAPTURED", 10_000, 10_000, 1, 1]));
    check_settled(&shop, &sale).await;

    // Somebody refunded a part: what is left of it is refunded, and not all of it again.
    let sale = captured(&shop).await;
    shop.behind_our_back(&sale, "refunds", json!({"refunded_amount": 20_000})).await;
    let answered = undo(&shop, &sale).await;
    assert!(is_done(&answered.sale, answered.intent), "{:?}", answered.state());
    assert_eq!(steps(&answered.sale, answered.intent), [ActKind::Refund, ActKind::Refund]);
    assert_eq!(at_klarna(&shop, &sale).await, json!(["CAPTURED", 55_000, 55_000, 1, 2]));
    assert_eq!(shop.at_klarna(&sale).await["refunds"][1]["refunded_amount"], 35_000);
    check_settled(&shop, &sale).await;
}

#[tokio::test]
async fn a_refusal_that_stays_ends_it_with_klarnas_words() {
    let shop = Shop::open().await;
    let sale = part_captured(&shop).await;
    let body = json!({
        "correlation_id": "6c2b1cb5-1f0f-4a60-9c0e-3c4a1a0f2d11",
        "error_code": "REFUND_NOT_ALLOWED", "error_messages": ["Not today"]
    });
    let refusal = json!({"kind": "status", "status": 403, "body": body.to_string()});
    shop.fault("/refunds", 2, refusal.clone()).await;
    let answered = undo(&shop, &sale).await;
    let Some(IntentState::Refused(refused)) = answered.state() else {
        panic!("{:?}", answered.state());
    };
    assert_eq!(refused.error_code, "REFUND_NOT_ALLOWED");
    assert_eq!(refused.error_messages, ["Not today"]);
    assert_eq!(refused.evidence.status, Some(403));
    let kinds = [ActKind::Release, ActKind::Refund, ActKind::Refund];
    assert_eq!(steps(&answered.sale, answered.intent), kinds);
    // What was done stays done; the rest is there to be tried again.
    assert_eq!(at_klarna(&shop, &sale).await, json!(["CAPTURED", 20_000, 0, 1, 0]));
    // Refused once only, the act is made again by itself.
    shop.fault("/refunds", 1, refusal).await;
    let answered = undo(&shop, &sale).await;
    assert!(is_done(&answered.sale, answered.intent), "{:?}", answered.state());
    assert_eq!(at_klarna(&shop, &sale).await, json!(["CAPTURED", 20_000, 20_000, 1, 1]));
    check_settled(&shop, &sale).await;
}

#[tokio::test]
async fn an_order_that_cannot_be_read_after_a_refusal_is_read_before_anything_else() {
    let shop = Shop::open().await;
    let sale = shop.order().await;
    shop.behind_our_back(&sale, "cancel", Value::Null).await;
    let fault = json!({
        "match": {"operation": "getOrder"}, "times": 2, "effect": {"kind": "html_502"}
    });
    shop.control("POST", "/sandbox/v1/faults", Some(fault)).await;
    let engine = shop.replica_with(|settings| settings.lease = Duration::ZERO).await;
    let answered = engine.undo(sale.id, UndoWish::default(), &merchant()).await.unwrap();
    assert_eq!(answered.state(), Some(IntentState::Requested));
    assert_eq!(steps(&answered.sale, answered.intent), [ActKind::Cancel]);
    let sale = shop.work_until(sale.id, |sale| is_done(sale, answered.intent)).await;
    assert_eq!(steps(&sale, answered.intent), [ActKind::Cancel], "no second try in the dark");
    check_settled(&shop, &sale).await;
}
