//! Doubt that must not get lost, and authorizations that must not be forgotten.

use std::time::Duration;

use kvitt_core::{Event, IntentState, Placement, Sale, SaleCart, Wish};
use kvitt_engine::{EngineError, names};
use kvitt_ledger::InboxDoor;
use kvitt_money::{Cart, Country, OrderLine, TaxRate};
use serde_json::{Value, json};

use crate::shop::{Shop, account, browser, capture, engine, keyed, merchant, tell};

/// A worker that took all that was due and was never heard of again: nobody knows how far it came.
async fn worker_that_dies(shop: &Shop) {
    let claimed = shop.engine.ledger().claim_due(16, Duration::ZERO).await.unwrap();
    assert_eq!(claimed.len(), 1, "{claimed:?}");
}

/// Until a fault that delays the answer has struck: its request is under way.
pub(crate) async fn until_struck(shop: &Shop) {
    for _ in 0..10_000 {
        let Value::Array(faults) = shop.control("GET", "/sandbox/v1/faults", None).await else {
            panic!("no list")
        };
        if faults.iter().any(|it| it["effect"]["kind"] == "delay" && it["times"] == 0) {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("no request came");
}

fn refusal(status: u16, code: &str, message: &str) -> Value {
    let id = "6c2b1cb5-1f0f-4a60-9c0e-3c4a1a0f2d11";
    let body = json!({"correlation_id": id, "error_code": code, "error_messages": [message]});
    json!({"kind": "status", "status": status, "body": body.to_string()})
}

fn only_intent(sale: &Sale) -> &IntentState {
    let mut intents = sale.intents.values();
    let intent = intents.next().unwrap();
    assert!(intents.next().is_none());
    &intent.state
}

#[tokio::test]
async fn a_refusal_after_a_worker_that_died_while_placing_is_no_proof_that_there_is_no_order() {
    let shop = Shop::open().await;
    let sale = shop.checkout().await;
    let token = shop.authorize(&sale).await;
    shop.fault("/order", 1, json!({"kind": "too_many_requests"})).await;
    let sale = shop.hand_in(sale.id, &token).await.unwrap();
    let IntentState::Unknown { may_have_taken_effect: false, .. } = only_intent(&sale) else {
        panic!("{:?}", sale.intents);
    };
    worker_that_dies(&shop).await;
    shop.fault("/order", 1, refusal(404, "NOT_FOUND", "Invalid authorization token")).await;
    // The session has no order yet, but the dead worker's call may still be under way: neither is
    // it refused, nor has anybody to look. Asked again, Klarna places it.
    let known = |sale: &Sale| !matches!(only_intent(sale), IntentState::Unknown { .. });
    let sale = shop.work_until(sale.id, known).await;
    assert!(matches!(only_intent(&sale), IntentState::Done(_)), "{:?}", sale.intents);
}

#[tokio::test]
async fn a_try_that_never_left_does_not_end_the_doubt_about_the_one_before() {
    let shop = Shop::open().await;
    let sale = shop.checkout().await;
    let token = shop.authorize(&sale).await;
    shop.fault("/order", 1, json!({"kind": "too_many_requests"})).await;
    let sale = shop.hand_in(sale.id, &token).await.unwrap();
    worker_that_dies(&shop).await;
    shop.fault("/order", 1, json!({"kind": "too_many_requests"})).await;
    shop.engine.work_once().await.unwrap();
    let sale = shop.engine.sale(sale.id).await.unwrap();
    let IntentState::Unknown { may_have_taken_effect: true, .. } = only_intent(&sale) else {
        panic!("{:?}", sale.intents);
    };
    shop.fault("/order", 1, refusal(404, "NOT_FOUND", "Invalid authorization token")).await;
    // The session has no order yet, but the dead worker's call may still be under way: neither is
    // it refused, nor has anybody to look. Asked again, Klarna places it.
    let known = |sale: &Sale| !matches!(only_intent(sale), IntentState::Unknown { .. });
    let sale = shop.work_until(sale.id, known).await;
    assert!(matches!(only_intent(&sale), IntentState::Done(_)), "{:?}", sale.intents);
}

#[tokio::test]
async fn wrong_credentials_after_a_lost_answer_leave_the_capture_in_doubt() {
    let shop = Shop::open().await;
    let sale = shop.order().await;
    shop.fault("/captures", 1, json!({"kind": "reset_after"})).await;
    shop.fault("/captures", 3, json!({"kind": "status", "status": 401})).await;
    let answered = shop.act(sale.id, capture(&[("l1", 1)])).await.unwrap();
    let settled = |sale: &Sale| sale.intents[&answered.intent].state.is_settled();
    let sale = shop.work_until(sale.id, settled).await;
    assert!(matches!(sale.intents[&answered.intent].state, IntentState::Done(_)));
    assert_eq!(shop.at_klarna(&sale).await["captured_amount"], 10_000);
    assert_eq!(shop.exchanges("/captures").await.len(), 5);
}

#[tokio::test]
async fn an_authorization_that_came_while_another_was_placing_is_placed_when_that_one_is_refused() {
    let shop = Shop::open().await;
    let sale = shop.checkout().await;
    let first = shop.authorize(&sale).await;
    shop.fault("/order", 1, json!({"kind": "too_many_requests"})).await;
    let sale = shop.hand_in(sale.id, &first).await.unwrap();
    assert_eq!(sale.checkout_status().as_str(), "placing");
    // The shopper authorizes once more in a second tab, which ends the first token.
    let second = shop.authorize(&sale).await;
    let sale = shop.hand_in(sale.id, &second).await.unwrap();
    assert_eq!((sale.authorizations.len(), sale.order.is_none()), (2, true));
    let sale = shop.work_until(sale.id, |sale| sale.order.is_some()).await;
    assert!(sale.authorizations[0].released);
    assert!(!sale.authorizations[1].released, "the one in use was given back");
    assert_eq!(shop.at_klarna(&sale).await["order_amount"], 55_000);
}

#[tokio::test]
async fn an_authorization_of_another_session_is_given_back_though_klarna_is_away_at_first() {
    let shop = Shop::open().await;
    let engine = shop.replica_with(|settings| settings.lease = Duration::ZERO).await;
    let sale = shop.checkout().await;
    let token = shop.authorize(&sale).await;
    shop.fault("/payments/v1/authorizations", 2, json!({"kind": "html_502"})).await;
    let body = json!({"authorization_token": token, "session_id": "another"});
    tell(&engine, sale.id, InboxDoor::Authorization, &body.to_string()).await;
    let mut released = false;
    for _ in 0..200 {
        engine.work_once().await.unwrap();
        released = engine.sale(sale.id).await.unwrap().authorizations[0].released;
        if released {
            break;
        }
        tokio::task::yield_now().await;
    }
    assert!(released, "nobody gives it back");
    assert_eq!(engine.work_once().await.unwrap(), 0);
    let placed = shop.exchanges("/order").await;
    assert!(placed.is_empty(), "{placed:?}");
}

#[tokio::test]
async fn an_authorization_that_loses_while_another_is_given_back_is_not_forgotten() {
    let shop = Shop::open().await;
    let other = shop.replica_with(|settings| settings.lease = Duration::ZERO).await;
    let sale = shop.checkout_with(Placement::Manual).await;
    let id = sale.id;
    let first = shop.authorize(&sale).await;
    shop.hand_in(id, &first).await.unwrap();
    let second = shop.authorize(&sale).await;
    // Giving the first back takes long; meanwhile the second loses too, and cannot be given back.
    let path = "/payments/v1/authorizations";
    shop.fault(path, 1, json!({"kind": "delay", "milliseconds": 400})).await;
    shop.fault(path, 1, json!({"kind": "status", "status": 503})).await;
    let slow = tokio::spawn({
        let (engine, second) = (shop.engine.clone(), second.clone());
        async move { engine.hand_in_authorization(id, browser(&second), &merchant()).await }
    });
    until_struck(&shop).await;
    let third = shop.authorize(&sale).await;
    other.hand_in_authorization(id, browser(&third), &merchant()).await.unwrap();
    slow.await.unwrap().unwrap();
    for _ in 0..50 {
        other.work_once().await.unwrap();
    }
    let sale = other.sale(id).await.unwrap();
    let released: Vec<_> = sale.authorizations.iter().map(|it| it.released).collect();
    assert_eq!(released, [true, true, false]);
    let placed = shop.act(id, Wish::Place).await.unwrap().sale;
    assert!(placed.order.is_some());
}

#[tokio::test]
async fn a_dead_authorization_that_klarna_does_not_take_back_is_left_alone() {
    let shop = Shop::open().await;
    let sale = shop.checkout_with(Placement::Manual).await;
    let token = shop.authorize(&sale).await;
    shop.hand_in(sale.id, &token).await.unwrap();
    let path = "/payments/v1/authorizations";
    shop.fault(path, 1000, refusal(403, "NOT_ALLOWED", "Not yours")).await;
    let engine = shop.replica_with(|settings| settings.lease = Duration::ZERO).await;
    let sale = engine.abandon(sale.id, &merchant()).await.unwrap();
    assert!(!sale.authorizations[0].released);
    assert!(engine.work_once().await.unwrap() > 0);
    shop.advance("PT61M").await;
    for _ in 0..5 {
        engine.work_once().await.unwrap();
    }
    assert_eq!(engine.work_once().await.unwrap(), 0, "it is tried for ever");
    assert!(engine.sale(sale.id).await.unwrap().authorizations[0].released);
}

#[tokio::test]
async fn a_token_that_became_an_order_is_not_kept() {
    let shop = Shop::open().await;
    let sale = shop.order().await;
    let private = shop.engine.ledger().private(sale.id).await.unwrap();
    let kept: Vec<_> = private.secret_names().collect();
    assert_eq!(kept, [names::CALLBACK_SECRET, names::CLIENT_TOKEN, names::SHOPPER_SECRET]);
}

#[tokio::test]
async fn news_that_comes_while_the_order_is_read_asks_for_another_read() {
    let shop = Shop::open().await;
    let sale = shop.order().await;
    shop.fault("/ordermanagement/v1/orders", 1, json!({"kind": "delay", "milliseconds": 1000}))
        .await;
    let reading = tokio::spawn({
        let (engine, id) = (shop.engine.clone(), sale.id);
        async move { engine.refresh(id).await }
    });
    until_struck(&shop).await;
    let id = sale.order.as_ref().unwrap().klarna_order_id.clone();
    let decide = json!({"decision": "REJECTED"});
    shop.control("POST", &format!("/sandbox/v1/orders/{id}/fraud"), Some(decide)).await;
    let news = json!({"event_type": "FRAUD_RISK_REJECTED"}).to_string();
    tell(&shop.engine, sale.id, InboxDoor::Notification, &news).await;
    reading.await.unwrap().unwrap();
    assert_eq!(shop.engine.work_once().await.unwrap(), 1);
    let sale = shop.engine.sale(sale.id).await.unwrap();
    assert_eq!(sale.order.unwrap().fraud_status.as_str(), "REJECTED");
    assert_eq!(shop.engine.work_once().await.unwrap(), 0);
}

#[tokio::test]
async fn two_replicas_that_create_one_checkout_open_one_session_for_it() {
    let shop = Shop::open().await;
    let other = shop.another_replica().await;
    shop.fault("/sessions", 2, json!({"kind": "delay", "milliseconds": 100})).await;
    let new = || Shop::new_checkout(Placement::Automatic);
    let caller = keyed("cart-1", 1);
    let (left, right) = tokio::join!(
        shop.engine.create_checkout(new(), &caller),
        other.create_checkout(new(), &caller)
    );
    let (left, right) = (left.unwrap().sale, right.unwrap().sale);
    assert_eq!(left.session, right.session);
    let (_, events) = shop.engine.history(left.id).await.unwrap();
    let opened = |it: &&kvitt_core::Recorded| matches!(it.event, Event::SessionOpened { .. });
    assert_eq!(events.iter().filter(opened).count(), 1);
}

#[tokio::test]
async fn one_key_on_two_replicas_is_one_answer_for_checkouts_too() {
    let shop = Shop::open().await;
    let other = shop.another_replica().await;
    for round in 0..8 {
        let sale = shop.checkout_with(Placement::Manual).await;
        let token = shop.authorize(&sale).await;
        let caller = keyed(&format!("hand-in-{round}"), 1);
        let (left, right) = tokio::join!(
            shop.engine.hand_in_authorization(sale.id, browser(&token), &caller),
            other.hand_in_authorization(sale.id, browser(&token), &caller),
        );
        assert_eq!(left.unwrap().authorizations, right.unwrap().authorizations);
        let caller = keyed(&format!("abandon-{round}"), 1);
        let (left, right) =
            tokio::join!(shop.engine.abandon(sale.id, &caller), other.abandon(sale.id, &caller));
        assert!(left.unwrap().abandoned && right.unwrap().abandoned);
    }
}

#[tokio::test]
async fn an_account_that_is_gone_refuses_an_act_before_it_is_stored() {
    let shop = Shop::open().await;
    let sale = shop.order().await;
    let folder = shop.folder();
    let renamed = engine(folder, &shop.klarna, vec![account("new", &shop.klarna.url(), &[])]).await;
    let refused = renamed.act(sale.id, capture(&[("l1", 1)]), None, &merchant()).await;
    assert!(matches!(refused, Err(EngineError::AccountMissing { .. })), "{refused:?}");
    assert_eq!(renamed.sale(sale.id).await.unwrap().version, sale.version);
    // With the account back, nothing stands in the way.
    shop.act(sale.id, capture(&[("l1", 1)])).await.unwrap();
}

#[tokio::test]
async fn a_refusal_that_repeats_what_the_shopper_gave_keeps_it_out_of_the_events() {
    let shop = Shop::open().await;
    let sale = shop.order().await;
    let address = json!({
        "given_name": "Alice", "family_name": "Test", "street_address": "Storgatan 1",
        "postal_code": "11148", "city": "Stockholm", "country": "SE",
        "email": "alice@example.com", "phone": "+46701740615"
    });
    let message = "Bad value: shipping_address.email alice@example.com of Alice";
    shop.fault("/customer-details", 1, refusal(400, "BAD_VALUE", message)).await;
    let text = secrecy::SecretString::from(address.to_string());
    let wish = Wish::UpdateShippingAddress;
    let answered = shop.engine.act(sale.id, wish, Some(text), &merchant()).await.unwrap();
    let Some(IntentState::Refused(refused)) = answered.state() else {
        panic!("{:?}", answered.state());
    };
    let kept = "Bad value: shipping_address.email [personal] of [personal]";
    assert_eq!(refused.error_messages, [kept]);
    // What Klarna refused is kept nowhere.
    let private = shop.engine.ledger().private(sale.id).await.unwrap();
    assert_eq!(private.personal_names().count(), 0);
    assert_eq!(private.secret_names().count(), 3);
}

#[tokio::test]
async fn an_answer_that_klarna_did_it_counts_though_the_claim_is_lost() {
    let shop = Shop::open().await;
    let sale = shop.checkout().await;
    let token = shop.authorize(&sale).await;
    shop.fault("/order", 1, json!({"kind": "too_many_requests"})).await;
    shop.hand_in(sale.id, &token).await.unwrap();
    shop.fault("/order", 1, json!({"kind": "delay", "milliseconds": 1000})).await;
    let slow = shop.replica_with(|settings| settings.lease = Duration::ZERO).await;
    let working = tokio::spawn(async move { slow.work_once().await });
    until_struck(&shop).await;
    worker_that_dies(&shop).await;
    working.await.unwrap().unwrap();
    let sale = shop.engine.sale(sale.id).await.unwrap();
    assert!(sale.order.is_some(), "{:?}", sale.intents);
}

#[tokio::test]
async fn a_refusal_that_comes_once_a_worker_took_over_is_left_to_the_worker() {
    let shop = Shop::open().await;
    let sale = shop.checkout().await;
    let (id, token) = (sale.id, shop.authorize(&sale).await);
    let slow = json!({"kind": "delay", "milliseconds": 1000, "when": "before"});
    shop.fault("/order", 1, slow).await;
    let engine = shop.replica_with(|settings| settings.lease = Duration::ZERO).await;
    let placing = tokio::spawn(async move {
        engine.hand_in_authorization(id, browser(&token), &merchant()).await
    });
    until_struck(&shop).await;
    // It may have placed the order, and that be why Klarna refuses the slow call.
    worker_that_dies(&shop).await;
    // The shopper authorizes once more in a second tab, which ends the first token.
    shop.authorize(&sale).await;
    let sale = placing.await.unwrap().unwrap();
    assert_eq!(shop.exchanges("/order").await.len(), 1);
    assert_eq!(*only_intent(&sale), IntentState::Requested);
    assert_eq!(sale.checkout_status().as_str(), "placing");
}

#[tokio::test]
async fn what_was_read_before_an_act_does_not_pass_for_the_latest() {
    let shop = Shop::open().await;
    let sale = shop.order().await;
    let other = shop.another_replica().await;
    let id = sale.id;
    shop.fault("/ordermanagement/v1/orders", 1, json!({"kind": "delay", "milliseconds": 1000}))
        .await;
    let reading = tokio::spawn(async move { other.refresh(id).await });
    until_struck(&shop).await;
    shop.act(id, capture(&[("l1", 1)])).await.unwrap();
    let sale = reading.await.unwrap().unwrap();
    assert_eq!(sale.order.as_ref().unwrap().last_read.as_ref().unwrap().0.captured_amount, 10_000);
    assert_eq!(sale.difference(), None);
}

#[tokio::test]
async fn carts_changed_on_two_replicas_leave_the_last_one_in_the_session() {
    let shop = Shop::open().await;
    let sale = shop.checkout().await;
    let other = shop.another_replica().await;
    let id = sale.id;
    let cups = |quantity| {
        let rate = TaxRate::new(2500).unwrap();
        let cups = OrderLine::tax_inclusive("Cup", 10_000, rate, quantity).unwrap();
        SaleCart::numbered(Cart::sum(Country::SE, vec![cups]).unwrap())
    };
    shop.fault("/payments/v1/sessions", 1, json!({"kind": "delay", "milliseconds": 1000})).await;
    let two = cups(2);
    let slow = tokio::spawn(async move { other.change_cart(id, two, &merchant()).await });
    until_struck(&shop).await;
    shop.engine.change_cart(id, cups(1), &merchant()).await.unwrap();
    let sale = slow.await.unwrap().unwrap();
    assert_eq!((sale.cart_version, sale.session.as_ref().unwrap().cart_version), (3, 3));
    let token = shop.authorize(&sale).await;
    let placed = shop.hand_in(id, &token).await.unwrap();
    assert_eq!(shop.at_klarna(&placed).await["order_amount"], 10_000);
}

#[tokio::test]
async fn a_completed_session_means_that_an_order_exists() {
    let shop = Shop::open().await;
    let sale = shop.checkout().await;
    let token = shop.authorize(&sale).await;
    shop.fault("/order", 1, refusal(403, "SESSION_COMPLETED", "Session completed")).await;
    let sale = shop.hand_in(sale.id, &token).await.unwrap();
    assert!(matches!(only_intent(&sale), IntentState::NeedsHuman { .. }), "{:?}", sale.intents);
    assert!(!sale.authorizations[0].released);
}

#[tokio::test]
async fn an_order_that_could_not_be_read_at_once_is_read_by_the_worker() {
    let shop = Shop::open().await;
    let engine = shop.replica_with(|settings| settings.lease = Duration::ZERO).await;
    let sale = shop.checkout().await;
    let token = shop.authorize(&sale).await;
    shop.fault("/ordermanagement", 1, json!({"kind": "html_502"})).await;
    let placed = engine.hand_in_authorization(sale.id, browser(&token), &merchant()).await.unwrap();
    assert!(placed.order.unwrap().last_read.is_none());
    assert!(engine.work_once().await.unwrap() > 0);
    let sale = engine.sale(sale.id).await.unwrap();
    assert!(sale.order.unwrap().expires_at.is_some());
}
