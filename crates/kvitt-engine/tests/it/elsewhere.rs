//! What others do at Klarna, and what nobody can tell from what we did.

use std::time::Duration;

use kvitt_core::{IntentState, Refusal, Sale, Wish};
use kvitt_engine::{EngineError, Settlement};
use kvitt_ledger::InboxDoor;
use serde_json::{Value, json};

use crate::doubt::until_struck;
use crate::shop::{Shop, capture, capture_amount, keyed, merchant, refund, tell};

/// Somebody acts in Klarna's portal.
async fn portal(shop: &Shop, sale: &Sale, path: &str, body: Value) {
    let id = &sale.order.as_ref().unwrap().klarna_order_id;
    let url = format!("{}/ordermanagement/v1/orders/{id}/{path}", shop.klarna.url());
    let request = shop.http.post(url).basic_auth("PK1", Some("secret")).json(&body);
    let answer = request.send().await.unwrap();
    assert!(answer.status().is_success(), "{path}: {}", answer.status());
}

/// `(captured, refunded)` here and at Klarna.
async fn sums(shop: &Shop, sale: &Sale) -> [(i64, i64); 2] {
    let ours = sale.order.as_ref().unwrap().amounts(shop.klarna.sandbox().now());
    let theirs = shop.at_klarna(sale).await;
    let number = |name: &str| theirs[name].as_i64().unwrap();
    [
        (ours.captured_amount, ours.refunded_amount),
        (number("captured_amount"), number("refunded_amount")),
    ]
}

async fn switch(shop: &Shop, name: &str, value: Value) {
    shop.control("PATCH", "/sandbox/v1/settings", Some(json!({ name: value }))).await;
}

fn needs_human(sale: &Sale) -> bool {
    sale.intents.values().any(|it| matches!(it.state, IntentState::NeedsHuman { .. }))
}

fn settled(sale: &Sale) -> bool {
    sale.intents.values().all(|it| it.state.is_settled())
}

#[tokio::test]
async fn captures_refunds_and_a_release_in_the_portal_count_like_ours() {
    let shop = Shop::open().await;
    let sale = shop.order().await;
    shop.act(sale.id, capture(&[("l1", 1)])).await.unwrap();
    portal(&shop, &sale, "captures", json!({"captured_amount": 15_000, "reference": "P1"})).await;
    portal(&shop, &sale, "refunds", json!({"refunded_amount": 5_000})).await;
    portal(&shop, &sale, "release-remaining-authorization", Value::Null).await;

    let sale = shop.engine.refresh(sale.id).await.unwrap();

    assert_eq!(sums(&shop, &sale).await, [(25_000, 5_000); 2]);
    let order = sale.order.as_ref().unwrap();
    assert_eq!(order.captures[1].reference.as_deref(), Some("P1"));
    assert_eq!((order.captures[1].intent, order.refunds[0].intent), (None, None));
    assert!(order.released);
    assert_eq!(sale.difference(), None);
    let again = shop.engine.refresh(sale.id).await.unwrap();
    assert_eq!(again.order.unwrap().captures.len(), 2, "adopted once");
}

#[tokio::test]
async fn a_refund_in_the_portal_leaves_only_the_rest_to_refund_here() {
    let shop = Shop::open().await;
    let sale = shop.order().await;
    shop.act(sale.id, capture(&[])).await.unwrap();
    portal(&shop, &sale, "refunds", json!({"refunded_amount": 50_000})).await;
    // Nobody looked before: Klarna refuses, which makes the engine look.
    let refused = shop.act(sale.id, refund(&[("l1", 1)])).await.unwrap();
    assert!(matches!(refused.state(), Some(IntentState::Refused(_))), "{:?}", refused.state());
    assert!(matches!(
        shop.act(sale.id, refund(&[("l1", 1)])).await,
        Err(EngineError::Refused(Refusal::OverRefund { left: 5_000, .. }))
    ));
}

#[tokio::test]
async fn a_capture_like_ours_in_the_portal_is_told_from_ours_by_the_reference() {
    let shop = Shop::open().await;
    let sale = shop.order().await;
    shop.fault("/captures", 1, json!({"kind": "reset_after"})).await;
    let answered = shop.act(sale.id, capture_amount(10_000)).await.unwrap();
    portal(&shop, &sale, "captures", json!({"captured_amount": 10_000, "reference": "theirs"}))
        .await;
    shop.advance("PT25H").await;

    let sale = shop.work_until(sale.id, settled).await;

    let sale = shop.engine.refresh(sale.id).await.map_or(sale, |read| read);
    let captures = &sale.order.as_ref().unwrap().captures;
    // Theirs counts as soon as it is seen, since it cannot be ours.
    let whose = |reference: &str| {
        let is_it = |it: &&kvitt_core::Capture| it.reference.as_deref() == Some(reference);
        captures.iter().find(is_it).map(|it| it.intent)
    };
    assert_eq!(whose("theirs"), Some(None));
    assert!(captures.iter().any(|it| it.intent == Some(answered.intent)));
    assert_eq!(sums(&shop, &sale).await, [(20_000, 0); 2]);
}

#[tokio::test]
async fn two_equal_captures_without_a_readable_reference_wait_for_a_person() {
    let shop = Shop::open().await;
    switch(&shop, "capture_references_are_readable", json!(false)).await;
    let sale = shop.order().await;
    shop.fault("/captures", 1, json!({"kind": "reset_after"})).await;
    shop.act(sale.id, capture_amount(10_000)).await.unwrap();
    portal(&shop, &sale, "captures", json!({"captured_amount": 10_000})).await;
    shop.advance("PT25H").await;

    let sale = shop.work_until(sale.id, needs_human).await;

    assert!(
        sale.attention().unwrap().contains("2 captures of 100.00 SEK"),
        "{:?}",
        sale.attention()
    );
    assert_eq!(shop.at_klarna(&sale).await["captured_amount"], 20_000, "nothing was done again");
    assert!(matches!(
        shop.act(sale.id, capture(&[("l2", 1)])).await,
        Err(EngineError::Refused(Refusal::OutcomeUnknown { .. }))
    ));
}

#[tokio::test]
async fn every_other_act_is_told_by_what_the_order_then_is() {
    let info = kvitt_core::ShippingInfo {
        tracking_number: Some("T1".to_owned()),
        ..kvitt_core::ShippingInfo::default()
    };
    let parcel = Wish::AddShippingInfo { capture_id: None, shipping_info: vec![info] };
    let references = Wish::UpdateReferences(kvitt_core::ReferencesWish {
        merchant_reference1: Some("order 19".to_owned()),
        merchant_reference2: None,
    });
    for (path, wish, before) in [
        ("/cancel", Wish::Cancel, None),
        ("/release", Wish::Release, Some(capture(&[("l1", 1)]))),
        ("/extend", Wish::Extend, None),
        ("/refunds", refund(&[("l1", 1)]), Some(capture(&[("l1", 1)]))),
        ("/shipping-info", parcel, None),
        ("/merchant-references", references, None),
    ] {
        for fault in ["reset_before", "reset_after"] {
            let shop = Shop::open().await;
            let sale = shop.order().await;
            if let Some(wish) = before.clone() {
                shop.act(sale.id, wish).await.unwrap();
            }
            shop.advance("P1D").await;
            shop.fault(path, 1, json!({ "kind": fault })).await;
            let answered = shop.act(sale.id, wish.clone()).await.unwrap();
            let calls = shop.exchanges(path).await.len();
            shop.advance("PT25H").await;
            let sale = shop.work_until(sale.id, settled).await;
            let state = &sale.intents[&answered.intent].state;
            assert!(matches!(state, IntentState::Done(_)), "{path} {fault}: {state:?}");
            let again = usize::from(fault == "reset_before");
            assert_eq!(shop.exchanges(path).await.len(), calls + again, "{path} {fault}");
        }
    }
}

/// A change whose answer is lost, on an order that somebody cancels, a day before it is looked for.
async fn changed_and_cancelled(shop: &Shop, wish: Wish, fault: &str) -> Sale {
    let sale = shop.order().await;
    let address = (wish == Wish::UpdateShippingAddress).then(|| {
        let address = json!({
            "given_name": "Alice", "family_name": "Test", "street_address": "Kungsgatan 7",
            "postal_code": "111 43", "city": "Stockholm", "country": "se",
            "email": "alice@example.com", "phone": "070 174 06 15"
        });
        secrecy::SecretString::from(address.to_string())
    });
    shop.fault("/ordermanagement/", 1, json!({ "kind": fault })).await;
    shop.engine.act(sale.id, wish, address, &merchant()).await.unwrap();
    portal(shop, &sale, "cancel", json!({})).await;
    shop.advance("PT25H").await;
    shop.work_until(sale.id, settled).await
}

#[tokio::test]
async fn a_change_that_took_effect_is_known_though_the_order_is_over_since() {
    let references = Wish::UpdateReferences(kvitt_core::ReferencesWish {
        merchant_reference1: None,
        merchant_reference2: Some("warehouse 2".to_owned()),
    });
    for wish in [Wish::UpdateShippingAddress, references] {
        for fault in ["reset_before", "reset_after"] {
            let shop = Shop::open().await;
            let sale = changed_and_cancelled(&shop, wish.clone(), fault).await;
            let is_done = fault == "reset_after";
            let state = &sale.intents.values().next_back().unwrap().state;
            assert_eq!(
                matches!(state, IntentState::Done(_)),
                is_done,
                "{wish:?} {fault}: {state:?}"
            );
            let at_klarna = shop.at_klarna(&sale).await;
            let street = &at_klarna["shipping_address"]["street_address"];
            let shopper = shop.engine.shopper(sale.id).await.unwrap();
            let kept = shopper.shipping_address.and_then(|address| address.street_address);
            let is_moved = is_done && wish == Wish::UpdateShippingAddress;
            assert_eq!(*street == "Kungsgatan 7", is_moved, "{at_klarna}");
            assert_eq!(kept.as_deref() == Some("Kungsgatan 7"), is_moved, "{kept:?}");
            let reference = sale.terms.merchant_reference2.as_deref().unwrap_or_default();
            assert_eq!(at_klarna["merchant_reference2"].as_str().unwrap_or_default(), reference);
        }
    }
}

/// A placing that took effect, its answer lost, refused from then on.
async fn placed_and_lost(shop: &Shop, status: u16) -> Sale {
    switch(shop, "repeated_placing", json!(status)).await;
    let sale = shop.checkout().await;
    let token = shop.authorize(&sale).await;
    shop.fault("/order", 1, json!({"kind": "reset_after"})).await;
    shop.hand_in(sale.id, &token).await.unwrap()
}

pub(crate) async fn order_ids(shop: &Shop) -> Vec<String> {
    let snapshot = shop.control("GET", "/sandbox/v1/snapshot", None).await;
    let Value::Object(orders) = snapshot["state"]["orders"].clone() else { panic!("{snapshot}") };
    orders.into_iter().map(|(id, _)| id).collect()
}

#[tokio::test]
async fn whatever_a_repeated_placing_answers_it_is_the_one_order() {
    for status in [200, 403, 404, 409] {
        for door in [InboxDoor::Push, InboxDoor::Confirmation, InboxDoor::Notification] {
            let shop = Shop::open().await;
            let sale = placed_and_lost(&shop, status).await;
            if status != 200 {
                let sale = shop.work_until(sale.id, needs_human).await;
                assert!(sale.attention().unwrap().contains("an order exists"), "{status}");
            }
            let ids = order_ids(&shop).await;
            assert_eq!(ids.len(), 1);
            let content = match door {
                InboxDoor::Notification => json!({"order_id": ids[0]}).to_string(),
                _ => format!("order_id={}", ids[0]),
            };
            tell(&shop.engine, sale.id, door, &content).await;
            let sale = shop.work_until(sale.id, |sale| sale.order.is_some()).await;
            assert_eq!(sale.order.as_ref().unwrap().klarna_order_id, ids[0]);
            assert_eq!(order_ids(&shop).await.len(), 1, "{status}");
            assert_eq!(shop.engine.refresh(sale.id).await.unwrap().difference(), None);
        }
    }
}

#[tokio::test]
async fn an_order_id_that_is_told_while_a_placing_is_given_up_is_not_missed() {
    let shop = Shop::open().await;
    let sale = placed_and_lost(&shop, 403).await;
    let slow = json!({"kind": "delay", "milliseconds": 500});
    shop.fault("/payments/v1/sessions/", 1, slow).await;
    let working = tokio::spawn({
        let engine = shop.engine.clone();
        async move {
            while !needs_human(&engine.sale(sale.id).await.unwrap()) {
                engine.work_once().await.unwrap();
            }
        }
    });
    // The ids that were told are looked through; now the session is being read.
    until_struck(&shop).await;
    let ids = order_ids(&shop).await;
    tell(&shop.engine, sale.id, InboxDoor::Push, &format!("order_id={}", ids[0])).await;
    working.await.unwrap();
    let sale = shop.work_until(sale.id, |sale| sale.order.is_some()).await;
    assert_eq!(sale.order.unwrap().klarna_order_id, ids[0]);
}

#[tokio::test]
async fn a_day_after_a_lost_placing_the_session_tells_whether_there_is_an_order() {
    for fault in ["reset_before", "reset_after"] {
        let shop = Shop::open().await;
        let sale = shop.checkout().await;
        let token = shop.authorize(&sale).await;
        shop.fault("/order", 1, json!({ "kind": fault })).await;
        shop.hand_in(sale.id, &token).await.unwrap();
        // The token is dead, so that placing is not asked for again.
        shop.advance("PT25H").await;
        if fault == "reset_after" {
            let sale = shop.work_until(sale.id, needs_human).await;
            assert!(
                sale.attention().unwrap().contains("an order exists"),
                "{:?}",
                sale.attention()
            );
            continue;
        }
        let sale = shop.work_until(sale.id, settled).await;
        let intent = sale.intents.values().next().unwrap();
        let IntentState::Refused(refused) = &intent.state else { panic!("{:?}", intent.state) };
        assert_eq!(refused.error_code, "NOT_PLACED");
        // The shopper is free to buy.
        let token = shop.authorize(&sale).await;
        let sale = shop.hand_in(sale.id, &token).await.unwrap();
        assert!(sale.order.is_some(), "{:?}", sale.intents);
        assert_eq!(order_ids(&shop).await.len(), 1);
    }
}

#[tokio::test]
async fn an_order_of_somebody_else_is_not_taken_for_ones_own() {
    let shop = Shop::open().await;
    let other = shop.order().await;
    let sale = placed_and_lost(&shop, 403).await;
    let sale = shop.work_until(sale.id, needs_human).await;
    let theirs = &other.order.as_ref().unwrap().klarna_order_id;
    for id in [theirs.as_str(), "0b1d9f3c-7c5e-4a07-9d7b-0a6a6a1c2f11", "no id", ""] {
        tell(&shop.engine, sale.id, InboxDoor::Confirmation, &format!("order_id={id}")).await;
    }
    for _ in 0..20 {
        shop.engine.work_once().await.unwrap();
    }
    let sale = shop.engine.sale(sale.id).await.unwrap();
    assert!(sale.order.is_none() && needs_human(&sale), "{:?} {:?}", sale.order, sale.intents);
    assert_eq!(shop.engine.ledger().inbox(sale.id).await.unwrap().len(), 4, "they are visible");
}

#[tokio::test]
async fn a_flood_of_confirmations_delays_klarnas_push_and_does_not_stop_it() {
    let database = kvitt_testing::database();
    let shop = Shop::open_at(|_| database.url()).await;
    let sale = placed_and_lost(&shop, 404).await;
    let sale = shop.work_until(sale.id, needs_human).await;
    let reads = || async { shop.exchanges("/ordermanagement/").await.len() };
    let flood = async || {
        for _ in 0..25 {
            tell(&shop.engine, sale.id, InboxDoor::Confirmation, "order_id=forged").await;
            shop.work_off().await;
        }
        reads().await
    };
    let (first, second) = (flood().await, flood().await);
    assert!(first > 0);
    assert_eq!(first, second, "they were enough");
    let ours = order_ids(&shop).await.remove(0);
    tell(&shop.engine, sale.id, InboxDoor::Push, &format!("order_id={ours}")).await;
    shop.work_off().await;
    assert!(needs_human(&shop.engine.sale(sale.id).await.unwrap()));

    // An hour later.
    database.sql("UPDATE work SET due_at_us = due_at_us - 3600000000");
    shop.work_off().await;
    let sale = shop.engine.sale(sale.id).await.unwrap();
    assert_eq!(sale.order.unwrap().klarna_order_id, ours);
}

#[tokio::test]
async fn a_person_settles_a_placing_with_the_orders_id_and_with_nothing_else() {
    let shop = Shop::open().await;
    let other = shop.order().await;
    let sale = placed_and_lost(&shop, 409).await;
    let sale = shop.work_until(sale.id, needs_human).await;
    let intent = *sale.intents.keys().next().unwrap();
    let theirs = other.order.unwrap().klarna_order_id;
    let ours = order_ids(&shop).await.into_iter().find(|id| *id != theirs).unwrap();
    let settle = async |id: Option<&str>| {
        let done = Settlement::Done { id: id.map(str::to_owned) };
        shop.engine.settle(sale.id, intent, &done, &merchant()).await
    };
    for wrong in [None, Some("no id"), Some(theirs.as_str())] {
        let refused = settle(wrong).await;
        let is_it = matches!(refused, Err(EngineError::Refused(Refusal::NotAtKlarna { .. })));
        assert!(is_it, "{wrong:?}: {refused:?}");
    }
    let answered = settle(Some(&ours)).await.unwrap();
    assert_eq!(answered.sale.order.as_ref().unwrap().klarna_order_id, ours);
    assert_eq!(answered.sale.attention(), None);
    let again = settle(Some(&ours)).await;
    assert!(matches!(again, Err(EngineError::Refused(Refusal::NotInDoubt { .. }))), "{again:?}");
}

#[tokio::test]
async fn a_person_settles_an_ambiguous_capture_either_way() {
    for done in [true, false] {
        let shop = Shop::open().await;
        switch(&shop, "capture_references_are_readable", json!(false)).await;
        let sale = shop.order().await;
        shop.fault("/captures", 1, json!({"kind": "reset_after"})).await;
        let answered = shop.act(sale.id, capture_amount(10_000)).await.unwrap();
        portal(&shop, &sale, "captures", json!({"captured_amount": 10_000})).await;
        shop.advance("PT25H").await;
        let sale = shop.work_until(sale.id, needs_human).await;
        let captures = shop.at_klarna(&sale).await["captures"].clone();
        let id = captures[0]["capture_id"].as_str().unwrap().to_owned();
        let settlement = if done { Settlement::Done { id: Some(id) } } else { Settlement::NotDone };
        let key = keyed("settle-1", 1);
        let settled =
            shop.engine.settle(sale.id, answered.intent, &settlement, &key).await.unwrap();
        assert_eq!(matches!(settled.state(), Some(IntentState::Done(_))), done);
        let again = shop.engine.settle(sale.id, answered.intent, &settlement, &key).await.unwrap();
        assert!(again.replayed);
        // What is left over is somebody else's.
        let sale = shop.engine.refresh(sale.id).await.unwrap();
        let ours = sale.order.as_ref().unwrap().captures.iter().filter(|it| it.intent.is_some());
        assert_eq!(ours.count(), usize::from(done));
        assert_eq!(sums(&shop, &sale).await, [(20_000, 0); 2]);
        assert_eq!(sale.attention(), None);
    }
}

#[tokio::test]
async fn a_stop_that_comes_before_the_order_is_recorded_holds_the_goods() {
    let shop = Shop::open().await;
    let sale = placed_and_lost(&shop, 200).await;
    let news = json!({"event_type": "FRAUD_RISK_STOPPED"}).to_string();
    tell(&shop.engine, sale.id, InboxDoor::Notification, &news).await;
    let sale = shop.work_until(sale.id, |sale| sale.order.is_some()).await;
    let now = shop.klarna.sandbox().now();
    assert_eq!(kvitt_core::may_ship(&sale, now).reason, kvitt_core::MayShipReason::Stopped);
}

#[tokio::test]
async fn what_is_not_understood_is_kept_and_harms_nothing() {
    let shop = Shop::open().await;
    let sale = shop.order().await;
    for door in [
        InboxDoor::Authorization,
        InboxDoor::Notification,
        InboxDoor::Push,
        InboxDoor::Confirmation,
    ] {
        for content in ["", "null", "[1]", "{\"authorization_token\": \"\"}", "%%&=&"] {
            tell(&shop.engine, sale.id, door, content).await;
            tell(&shop.engine, sale.id, door, content).await;
        }
    }
    let kept = shop.engine.ledger().inbox(sale.id).await.unwrap();
    assert_eq!(kept.len(), 20);
    assert!(kept.iter().all(|message| message.times == 2));
    shop.engine.work_once().await.unwrap();
    assert_eq!(shop.engine.sale(sale.id).await.unwrap().attention(), None);
    let wrong = shop.engine.receive(sale.id, "guess", InboxDoor::Push, "".into()).await;
    assert!(matches!(wrong, Err(EngineError::WrongSecret)));
}

#[tokio::test]
async fn a_session_that_is_over_too_leaves_a_placing_to_a_person() {
    let shop = Shop::open().await;
    let sale = shop.checkout().await;
    let token = shop.authorize(&sale).await;
    shop.fault("/order", 1, json!({"kind": "reset_before"})).await;
    let sale = shop.hand_in(sale.id, &token).await.unwrap();
    shop.advance("PT49H").await;
    let sale = shop.work_until(sale.id, needs_human).await;
    assert!(sale.attention().unwrap().contains("an order may exist"));
    assert!(matches!(
        shop.act(sale.id, Wish::Place).await,
        Err(EngineError::Refused(Refusal::OutcomeUnknown { .. }))
    ));
    // One last look at what was told meanwhile.
    shop.work_off().await;
    let engine = shop.replica_with(|settings| settings.lease = Duration::ZERO).await;
    assert_eq!(engine.work_once().await.unwrap(), 0, "nothing is left to be done");
    assert!(needs_human(&shop.engine.sale(sale.id).await.unwrap()));
}
