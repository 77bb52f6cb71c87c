//! Ways in which integrations have failed (docs/failure-modes.md) and that no other file plays.

use std::collections::BTreeSet;

use kvitt_core::{
    Event, FraudStatus, IntentState, MayShipReason, OrderStatus, Outcome, Placement, SaleCart,
    Wish, may_ship,
};
use kvitt_engine::EngineError;
use kvitt_money::{Cart, Country, OrderLine, TaxRate};
use serde_json::json;

use crate::elsewhere::order_ids;
use crate::fraud::{notify, pending};
use crate::shop::{Shop, capture, keyed, merchant, refund};

fn cups(quantity: i64) -> OrderLine {
    let cups =
        OrderLine::tax_inclusive("Cup", 10_000, TaxRate::new(2500).unwrap(), quantity).unwrap();
    cups.with(|line| line.reference = Some("cup-white".to_owned())).unwrap()
}

fn cart(lines: Vec<OrderLine>) -> SaleCart {
    SaleCart::numbered(Cart::sum(Country::SE, lines).unwrap())
}

#[tokio::test]
async fn an_error_while_placing_is_unknown_until_klarna_has_an_order() {
    for when in ["before", "after"] {
        let shop = Shop::open().await;
        let sale = shop.checkout().await;
        let token = shop.authorize(&sale).await;
        shop.fault("/order", 1, json!({"kind": "status", "status": 500, "when": when})).await;
        let sale = shop.hand_in(sale.id, &token).await.unwrap();
        assert!(sale.order.is_none());
        assert_eq!(sale.checkout_status().as_str(), "placing", "{when}");
        assert_eq!(order_ids(&shop).await.len(), usize::from(when == "after"));

        let sale = shop.work_until(sale.id, |sale| sale.order.is_some()).await;

        assert_eq!(order_ids(&shop).await, [sale.order.unwrap().klarna_order_id], "{when}");
    }
}

#[tokio::test]
async fn two_lines_of_one_article_stay_two_lines() {
    let shop = Shop::open().await;
    let mut new = Shop::new_checkout(Placement::Automatic);
    new.cart = cart(vec![cups(2), cups(2)]);
    let sale = shop.engine.create_checkout(new, &merchant()).await.unwrap().sale;
    let token = shop.authorize(&sale).await;
    let sale = shop.hand_in(sale.id, &token).await.unwrap();
    shop.act(sale.id, capture(&[("l2", 1)])).await.unwrap();
    shop.act(sale.id, capture(&[("l1", 2)])).await.unwrap();
    let over = shop.act(sale.id, capture(&[("l1", 1)])).await;
    assert!(matches!(over, Err(EngineError::Refused(_))), "{over:?}");
    let sale = shop.act(sale.id, capture(&[])).await.unwrap().sale;
    let order = sale.order.as_ref().unwrap();
    let amounts: Vec<_> = order.captures.iter().map(|it| it.captured_amount).collect();
    assert_eq!(amounts, [10_000, 20_000, 10_000]);
    let at_klarna = shop.at_klarna(&sale).await;
    assert_eq!(at_klarna["order_lines"].as_array().unwrap().len(), 2);
    assert_eq!(at_klarna["captured_amount"], 40_000);
}

#[tokio::test]
async fn an_amount_that_klarna_has_otherwise_holds_the_goods_until_a_person_looked() {
    let shop = Shop::open().await;
    let sale = shop.order().await;
    let mut otherwise = shop.at_klarna(&sale).await;
    for member in ["order_amount", "original_order_amount", "remaining_authorized_amount"] {
        otherwise[member] = json!(54_999);
    }
    let effect = json!({"kind": "status", "status": 200, "body": otherwise});
    shop.fault("/ordermanagement/v1/orders/", 1, effect).await;
    let sale = shop.engine.refresh(sale.id).await.unwrap();
    let said = "order_amount is 55000 here and 54999 at Klarna";
    assert_eq!(sale.attention().as_deref(), Some(said));
    let now = shop.klarna.sandbox().now();
    assert_eq!(may_ship(&sale, now).reason, MayShipReason::DiffersAtKlarna);
    let sale = shop.engine.refresh(sale.id).await.unwrap();
    assert_eq!((sale.attention(), may_ship(&sale, now).allowed), (None, true));
}

#[tokio::test]
async fn a_completed_session_is_not_replaced_by_another() {
    let shop = Shop::open().await;
    let sale = shop.checkout().await;
    let effect = json!({"kind": "error", "error_code": "SESSION_COMPLETED"});
    shop.fault("/payments/v1/sessions/", 1, effect).await;
    let changed = shop.engine.change_cart(sale.id, cart(vec![cups(1)]), &merchant()).await;
    let Err(EngineError::KlarnaRefused { refused, .. }) = changed else { panic!("{changed:?}") };
    assert_eq!(refused.error_code, "SESSION_COMPLETED");
    let after = shop.engine.sale(sale.id).await.unwrap();
    let id = |sale: &kvitt_core::Sale| sale.session.as_ref().map(|it| it.session_id.clone());
    assert_eq!(id(&after), id(&sale));
}

#[tokio::test]
async fn notifications_that_cross_each_other_leave_what_klarna_says_now() {
    let words = ["FRAUD_RISK_ACCEPTED", "FRAUD_RISK_REJECTED"];
    for (decision, order) in [("ACCEPTED", [1, 0]), ("ACCEPTED", [0, 1]), ("REJECTED", [1, 0])] {
        let shop = Shop::open().await;
        let sale = pending(&shop).await;
        let id = &sale.order.as_ref().unwrap().klarna_order_id;
        let path = format!("/sandbox/v1/orders/{id}/fraud");
        shop.control("POST", &path, Some(json!({ "decision": decision }))).await;
        for index in order {
            notify(&shop, &sale, words[index]).await;
            shop.work_off().await;
        }
        let sale = shop.engine.sale(sale.id).await.unwrap();
        assert_eq!(sale.order.as_ref().unwrap().fraud_status.as_str(), decision);
        let now = shop.klarna.sandbox().now();
        assert_eq!(may_ship(&sale, now).allowed, decision == "ACCEPTED");
    }
}

#[tokio::test]
async fn an_acceptance_after_a_cancellation_revives_nothing() {
    let shop = Shop::open().await;
    let sale = pending(&shop).await;
    assert_eq!(sale.order.as_ref().unwrap().fraud_status, FraudStatus::Pending);
    let cancelled = shop.act(sale.id, Wish::Cancel).await.unwrap();
    assert!(matches!(cancelled.state(), Some(IntentState::Done(_))), "{:?}", cancelled.state());
    shop.advance("PT61M").await;
    let version = shop.engine.sale(sale.id).await.unwrap().version;
    notify(&shop, &sale, "FRAUD_RISK_ACCEPTED").await;
    let sale = shop.work_until(sale.id, |sale| sale.version > version).await;
    let now = shop.klarna.sandbox().now();
    assert_eq!(sale.order.as_ref().unwrap().status(now), OrderStatus::Cancelled);
    assert_eq!(may_ship(&sale, now).reason, MayShipReason::Cancelled);
    assert!(shop.act(sale.id, capture(&[("l1", 1)])).await.is_err());
    assert_eq!(shop.at_klarna(&sale).await["captured_amount"], 0);
}

#[tokio::test]
async fn a_refund_without_an_id_is_none() {
    let shop = Shop::open().await;
    let sale = shop.order().await;
    shop.act(sale.id, capture(&[])).await.unwrap();
    shop.fault("/refunds", 1, json!({"kind": "status", "status": 201})).await;
    let answered = shop.act(sale.id, refund(&[("l1", 1)])).await.unwrap();
    assert!(matches!(answered.state(), Some(IntentState::Unknown { .. })));
    assert!(answered.sale.order.unwrap().refunds.is_empty());
    let settled = |sale: &kvitt_core::Sale| sale.intents[&answered.intent].state.is_settled();
    let sale = shop.work_until(sale.id, settled).await;
    assert_eq!(shop.at_klarna(&sale).await["refunded_amount"], 10_000);

    // A denial is one, whatever its body looks like.
    let denial = json!({"kind": "status", "status": 403, "body": "<html>refund_id: 1</html>"});
    shop.fault("/refunds", 1, denial).await;
    let denied = shop.act(sale.id, refund(&[("l1", 1)])).await.unwrap();
    assert!(matches!(denied.state(), Some(IntentState::Refused(_))), "{:?}", denied.state());
    assert_eq!(denied.sale.order.unwrap().refunds.len(), 1);
}

#[tokio::test]
async fn refunds_that_are_alike_each_keep_their_own_id() {
    let shop = Shop::open().await;
    let sale = shop.order().await;
    shop.act(sale.id, capture(&[])).await.unwrap();
    let one = || shop.act(sale.id, refund(&[("l1", 1)]));
    let (left, right) = tokio::join!(one(), one());
    let ours: BTreeSet<_> = [left.unwrap(), right.unwrap()]
        .iter()
        .map(|answered| match answered.state() {
            Some(IntentState::Done(Outcome::Refunded { refund_id })) => {
                (refund_id, answered.intent.to_string())
            }
            other => panic!("{other:?}"),
        })
        .collect();
    let at_klarna = shop.at_klarna(&sale).await;
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let theirs = at_klarna["refunds"].as_array().unwrap().iter();
    let theirs = theirs.map(|it| (text(&it["refund_id"]), text(&it["reference"]))).collect();
    assert_eq!(ours, theirs);
    assert_eq!(ours.len(), 2);
}

#[tokio::test]
async fn an_order_is_cancelled_once_however_often_it_is_wished() {
    let shop = Shop::open().await;
    let sale = shop.order().await;
    let other = shop.another_replica().await;
    let key = keyed("cancel-1", 1);
    let (left, right) = tokio::join!(
        shop.engine.act(sale.id, Wish::Cancel, None, &key),
        other.act(sale.id, Wish::Cancel, None, &key),
    );
    assert_eq!(left.unwrap().intent, right.unwrap().intent);
    shop.work_until(sale.id, |sale| sale.order.as_ref().unwrap().cancelled).await;
    let late = shop.act(sale.id, Wish::Cancel).await;
    assert!(matches!(late, Err(EngineError::Refused(_))), "{late:?}");
    let (_, events) = shop.engine.history(sale.id).await.unwrap();
    let changed = |event: &Event| matches!(event, Event::Done { outcome: Outcome::Changed, .. });
    assert_eq!(events.iter().filter(|it| changed(&it.event)).count(), 1);
    assert_eq!(shop.exchanges("/cancel").await.len(), 1);
}
