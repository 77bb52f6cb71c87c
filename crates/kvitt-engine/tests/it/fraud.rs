//! Klarna reviews, accepts, rejects, stops.

use kvitt_core::{FraudStatus, MayShipReason, Refusal, Sale, may_ship};
use kvitt_engine::EngineError;
use kvitt_ledger::InboxDoor;
use serde_json::json;

use crate::shop::{Shop, capture, tell};

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
    assert!(matches!(
        shop.act(sale.id, capture(&[("l1", 1)])).await,
        Err(EngineError::Refused(Refusal::FraudPending))
    ));
    // A forged acceptance changes nothing: the order is read, and it is still pending.
    notify(&shop, &sale, "FRAUD_RISK_ACCEPTED").await;
    let read = |before: u64| move |sale: &Sale| sale.version > before;
    let sale = shop.work_until(sale.id, read(sale.version)).await;
    assert_eq!(may_ship(&sale, now).reason, MayShipReason::FraudPending);

    shop.advance("PT61M").await;
    notify(&shop, &sale, "FRAUD_RISK_ACCEPTED").await;
    let sale = shop.work_until(sale.id, read(sale.version)).await;
    assert!(may_ship(&sale, now).allowed);
    shop.act(sale.id, capture(&[("l1", 1)])).await.unwrap();
    assert_eq!(shop.at_klarna(&sale).await["captured_amount"], 10_000);
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
