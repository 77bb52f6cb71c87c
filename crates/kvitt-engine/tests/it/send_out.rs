//! The customer's message of a capture, sent once more: an act that leaves nothing at Klarna that
//! could be read back.

use kvitt_core::{IntentId, IntentState, Outcome, Refusal, Sale, Wish};
use kvitt_engine::{EngineError, Reconciling, SETTLED_AS_NOT_DONE, Settlement};
use serde_json::{Value, json};

use crate::faults::keys;
use crate::shop::{Shop, capture, merchant};

const PATH: &str = "/trigger-send-out";

/// An order with a capture, and the wish for that one's message.
async fn captured(shop: &Shop) -> (Sale, Wish) {
    let sale = shop.order().await;
    let sale = shop.act(sale.id, capture(&[("l1", 1)])).await.unwrap().sale;
    let capture_id = sale.order.as_ref().unwrap().captures[0].capture_id.clone();
    (sale, Wish::TriggerSendOut { capture_id })
}

/// How often the sandbox sent it, which Klarna shows to nobody.
pub(crate) async fn send_outs(shop: &Shop, sale: &Sale) -> Value {
    let snapshot = shop.control("GET", "/sandbox/v1/snapshot", None).await;
    let id = &sale.order.as_ref().unwrap().klarna_order_id;
    snapshot["state"]["orders"][id]["captures"][0]["send_outs"].clone()
}

async fn calls(shop: &Shop) -> usize {
    shop.exchanges(PATH).await.len()
}

fn needs_human(sale: &Sale, intent: IntentId) -> bool {
    matches!(sale.intents[&intent].state, IntentState::NeedsHuman { .. })
}

#[tokio::test]
async fn each_wish_is_one_message_and_the_order_stays_as_it_is() {
    let shop = Shop::open().await;
    let (before, wish) = captured(&shop).await;
    for sent in 1..=2 {
        let answered = shop.act(before.id, wish.clone()).await.unwrap();
        assert_eq!(answered.state(), Some(IntentState::Done(Outcome::Changed)));
        assert_eq!(answered.sale.order, before.order);
        assert_eq!(send_outs(&shop, &before).await, sent);
    }
    let made = keys(&shop.exchanges(PATH).await);
    assert_eq!(made.len(), 2);
    assert_ne!(made[0], made[1], "another wish has another key");
    assert_eq!(shop.engine.refresh(before.id).await.unwrap().difference(), None);
}

#[tokio::test]
async fn a_message_that_klarna_refuses_to_send_is_refused_and_may_be_asked_for_again() {
    let shop = Shop::open().await;
    let (sale, wish) = captured(&shop).await;
    let body = json!({"correlation_id": "6c2b1cb5-1f0f-4a60-9c0e-3c4a1a0f2d11",
        "error_code": "NOT_ALLOWED", "error_messages": ["Send out cannot be triggered."]});
    let refusal = json!({"kind": "status", "status": 403, "body": body.to_string()});
    shop.fault(PATH, 1, refusal).await;
    let answered = shop.act(sale.id, wish.clone()).await.unwrap();
    let Some(IntentState::Refused(refused)) = answered.state() else {
        panic!("{:?}", answered.state());
    };
    assert_eq!((refused.error_code.as_str(), refused.evidence.status), ("NOT_ALLOWED", Some(403)));
    assert_eq!((answered.sale.attention(), send_outs(&shop, &sale).await), (None, json!(0)));
    shop.act(sale.id, wish).await.unwrap();
    assert_eq!(send_outs(&shop, &sale).await, 1);
}

#[tokio::test]
async fn a_message_whose_answer_was_lost_is_asked_for_under_the_same_key_and_sent_once() {
    for fault in ["reset_before", "reset_after"] {
        let shop = Shop::open().await;
        let (sale, wish) = captured(&shop).await;
        shop.fault(PATH, 1, json!({ "kind": fault })).await;
        let answered = shop.act(sale.id, wish.clone()).await.unwrap();
        let state = answered.state();
        assert!(matches!(state, Some(IntentState::Unknown { .. })), "{fault}: {state:?}");
        // No second message meanwhile; money may move.
        let blocked = shop.act(sale.id, wish).await;
        assert!(
            matches!(blocked, Err(EngineError::Refused(Refusal::OutcomeUnknown { .. }))),
            "{fault}: {blocked:?}"
        );
        shop.act(sale.id, capture(&[("l1", 1)])).await.unwrap();
        // While Klarna remembers the key, nobody has to look.
        shop.engine.reconcile(sale.id, Reconciling::TakingOver).await.unwrap();
        let settled = |sale: &Sale| sale.intents[&answered.intent].state.is_settled();
        let sale = shop.work_until(sale.id, settled).await;
        let state = &sale.intents[&answered.intent].state;
        assert_eq!(state, &IntentState::Done(Outcome::Changed), "{fault}");
        assert_eq!(send_outs(&shop, &sale).await, 1, "{fault}");
        let made = keys(&shop.exchanges(PATH).await);
        assert_eq!((made.len(), &made[0]), (2, &made[1]), "{fault}");
    }
}

#[tokio::test]
async fn a_message_that_is_in_doubt_for_a_day_is_for_a_person_and_never_sent_by_guess() {
    for (fault, sent) in [("reset_before", 0), ("reset_after", 1)] {
        for settlement in [Settlement::Done { id: None }, Settlement::NotDone] {
            let when = format!("{fault} {settlement:?}");
            let shop = Shop::open().await;
            let (sale, wish) = captured(&shop).await;
            shop.fault(PATH, 1, json!({ "kind": fault })).await;
            let intent = shop.act(sale.id, wish.clone()).await.unwrap().intent;
            let made = calls(&shop).await;
            shop.advance("PT25H").await;

            let sale = shop.work_until(sale.id, |sale| needs_human(sale, intent)).await;

            let attention = sale.attention().unwrap();
            assert!(attention.contains("sent once more: ask the customer"), "{when}: {attention}");
            shop.work_off().await;
            shop.engine.reconcile(sale.id, Reconciling::TakingOver).await.unwrap();
            assert!(needs_human(&shop.engine.sale(sale.id).await.unwrap(), intent), "{when}");
            assert_eq!(calls(&shop).await, made, "{when}");
            assert_eq!(send_outs(&shop, &sale).await, sent, "{when}");

            let settled = shop.engine.settle(sale.id, intent, &settlement, &merchant()).await;
            let settled = settled.unwrap();
            match settled.state().unwrap() {
                IntentState::Done(outcome) => assert_eq!(outcome, Outcome::Changed, "{when}"),
                IntentState::Refused(refused) => {
                    assert_eq!(refused.error_code, SETTLED_AS_NOT_DONE, "{when}");
                }
                state => panic!("{when}: {state:?}"),
            }
            assert_eq!(settled.sale.attention(), None, "{when}");
            shop.act(sale.id, wish).await.unwrap();
            assert_eq!(send_outs(&shop, &sale).await, sent + 1, "{when}");
        }
    }
}

#[tokio::test]
async fn a_refusal_of_a_repeat_does_not_tell_whether_the_message_was_sent() {
    let shop = Shop::open().await;
    let (sale, wish) = captured(&shop).await;
    shop.fault(PATH, 1, json!({"kind": "reset_after"})).await;
    let intent = shop.act(sale.id, wish).await.unwrap().intent;
    shop.fault(PATH, 1, json!({"kind": "status", "status": 403})).await;
    let sale = shop.work_until(sale.id, |sale| needs_human(sale, intent)).await;
    assert_eq!(send_outs(&shop, &sale).await, 1);
}

#[tokio::test]
async fn a_message_that_surely_never_left_is_sent_after_a_day_too() {
    let shop = Shop::open().await;
    let (sale, wish) = captured(&shop).await;
    shop.fault(PATH, 1, json!({"kind": "too_many_requests"})).await;
    let intent = shop.act(sale.id, wish).await.unwrap().intent;
    shop.advance("PT25H").await;
    let settled = |sale: &Sale| sale.intents[&intent].state.is_settled();
    let sale = shop.work_until(sale.id, settled).await;
    assert_eq!(sale.intents[&intent].state, IntentState::Done(Outcome::Changed));
    assert_eq!(send_outs(&shop, &sale).await, 1);
}
