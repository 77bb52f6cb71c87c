//! Klarna reviews, accepts, rejects, stops.

use kvitt_core::{
    FRAUD_REJECTED, FraudStatus, IntentState, MayShipReason, ORDER_CLOSED, Refusal, Sale, Wish,
    may_ship,
};
use kvitt_engine::{EngineError, Settlement};
use kvitt_ledger::InboxDoor;
use serde_json::json;

use crate::shop::{Shop, capture, keyed, merchant, tell};

pub(crate) async fn notify(shop: &Shop, sale: &Sale, event_type: &str) {
    let body = json!({"order_id": "any", "event_type": event_type}).to_string();
    tell(&shop.engine, sale.id, InboxDoor::Notification, &body).await;
}

/// An order that Klarna still reviews.
pub(crate) async fn pending(shop: &Shop) -> Sale {
    let sale = shop.checkout().await;
    let body = json!({
        "callback": "never",
        "data": {"billing_address": {
            "given_name": "Test", "family_name": "Person-se", "email": "user+pend-accept-60@email.se",
            "street_address": "Storgatan 1", "postal_code": "11148", "city": "Stockholm",
            "country": "SE", "phone": "+46701740615"
        }}
    });
    let token = shop.authorize_with(&sale, body).await;
    let token = token["authorization_token"].as_str().unwrap().to_owned();
    shop.hand_in(sale.id, &token).await.unwrap()
}

#[tokio::test]
async fn nothing_ships_and_nothing_is_captured_while_klarna_reviews() {
    let shop = Shop::open().await;
    let sale = pending(&shop).await;
    let now = shop.klarna.sandbox().now();
    assert_eq!(sale.order.as_ref().unwrap().fraud_status, FraudStatus::Pending);
    assert_eq!(may_ship(&sale, now).reason, MayShipReason::FraudPending);
    let held = shop.act(sale.id, capture(&[("l1", 1)])).await.unwrap();
    assert_eq!(held.state(), Some(IntentState::Held));
    // A forged acceptance changes nothing: the order is read, and it is still pending.
    notify(&shop, &sale, "FRAUD_RISK_ACCEPTED").await;
    let read = |before: u64| move |sale: &Sale| sale.version > before;
    let sale = shop.work_until(sale.id, read(sale.version)).await;
    assert_eq!(may_ship(&sale, now).reason, MayShipReason::FraudPending);

    shop.advance("PT61M").await;
    notify(&shop, &sale, "FRAUD_RISK_ACCEPTED").await;
    let sale = shop.work_until(sale.id, read(sale.version)).await;
    assert!(may_ship(&sale, now).allowed);
    let captured = |sale: &Sale| sale.intents[&held.intent].state.is_settled();
    let sale = shop.work_until(sale.id, captured).await;
    assert_eq!(sale.order.as_ref().unwrap().captures[0].intent, Some(held.intent));
    assert_eq!(shop.at_klarna(&sale).await["captured_amount"], 10_000);
    assert_eq!(shop.exchanges("/captures").await.len(), 1);
}

#[tokio::test]
async fn held_captures_are_made_once_whoever_finds_the_acceptance() {
    let shop = Shop::open().await;
    let sale = pending(&shop).await;
    let first = shop.act(sale.id, capture(&[("l1", 1)])).await.unwrap().intent;
    let rest = shop.act(sale.id, capture(&[])).await.unwrap().intent;
    let again = shop.engine.act(sale.id, capture(&[]), None, &keyed("rest", 1)).await;
    assert!(matches!(again, Err(EngineError::Refused(Refusal::NotPositive { .. }))), "{again:?}");
    // Nobody tells: a look of two replicas finds it.
    shop.advance("PT61M").await;
    let other = shop.another_replica().await;
    let (one, two) = tokio::join!(shop.engine.work_once(), other.work_once());
    one.unwrap();
    two.unwrap();
    let done = |sale: &Sale| [first, rest].iter().all(|it| sale.intents[it].state.is_settled());
    let sale = shop.work_until(sale.id, done).await;
    assert_eq!(shop.at_klarna(&sale).await["captured_amount"], 55_000);
    assert_eq!(shop.at_klarna(&sale).await["captures"].as_array().unwrap().len(), 2);
    assert_eq!(shop.engine.refresh(sale.id).await.unwrap().difference(), None);
}

#[tokio::test]
async fn a_rejection_or_a_cancellation_drops_what_is_held() {
    for cancel in [true, false] {
        let shop = Shop::open().await;
        let sale = pending(&shop).await;
        let held = shop.act(sale.id, capture(&[])).await.unwrap().intent;
        if cancel {
            shop.act(sale.id, Wish::Cancel).await.unwrap();
        } else {
            let id = sale.order.as_ref().unwrap().klarna_order_id.clone();
            let decide = json!({"decision": "REJECTED"});
            shop.control("POST", &format!("/sandbox/v1/orders/{id}/fraud"), Some(decide)).await;
            notify(&shop, &sale, "FRAUD_RISK_REJECTED").await;
        }
        let over = |sale: &Sale| sale.intents[&held].state.is_settled();
        let sale = shop.work_until(sale.id, over).await;
        let IntentState::Refused(refused) = &sale.intents[&held].state else { panic!() };
        let code = if cancel { ORDER_CLOSED } else { FRAUD_REJECTED };
        assert_eq!(refused.error_code, code);
        assert_eq!(shop.exchanges("/captures").await.len(), 0, "Klarna was never asked");
        let kept = shop.engine.ledger().private(sale.id).await.unwrap();
        assert!(!kept.secret_names().any(|name| name.starts_with("call@")), "{kept:?}");
    }
}

#[tokio::test]
async fn what_is_held_can_be_dropped_by_the_shop() {
    let shop = Shop::open().await;
    let sale = pending(&shop).await;
    let held = shop.act(sale.id, capture(&[])).await.unwrap().intent;
    let done = Settlement::Done { id: None };
    let refused = shop.engine.settle(sale.id, held, &done, &merchant()).await;
    assert!(matches!(refused, Err(EngineError::Refused(Refusal::NotInDoubt { .. }))));
    shop.engine.settle(sale.id, held, &Settlement::NotDone, &merchant()).await.unwrap();
    shop.act(sale.id, capture(&[("l2", 1)])).await.unwrap();
}

#[tokio::test]
async fn a_rejection_and_a_stop_hold_the_goods() {
    let shop = Shop::open().await;
    let sale = pending(&shop).await;
    let now = shop.klarna.sandbox().now();
    let id = sale.order.as_ref().unwrap().klarna_order_id.clone();
    let decide = json!({"decision": "REJECTED"});
    shop.control("POST", &format!("/sandbox/v1/orders/{id}/fraud"), Some(decide)).await;
    notify(&shop, &sale, "FRAUD_RISK_REJECTED").await;
    let version = sale.version;
    let sale = shop.work_until(sale.id, |sale| sale.version > version).await;
    assert_eq!(may_ship(&sale, now).reason, MayShipReason::FraudRejected);

    let stopped = shop.order().await;
    assert!(may_ship(&stopped, now).allowed);
    notify(&shop, &stopped, "FRAUD_RISK_STOPPED").await;
    let stopped = shop.engine.sale(stopped.id).await.unwrap();
    assert_eq!(may_ship(&stopped, now).reason, MayShipReason::Stopped);
    assert!(matches!(
        shop.act(stopped.id, capture(&[("l1", 1)])).await,
        Err(EngineError::Refused(Refusal::ShipmentStopped))
    ));
}
