//! What an injected fault does to callbacks.

use std::time::{Duration, Instant};

use klarna_sandbox::{Config, Settings};
use serde_json::{Value, json};

use crate::{
    receiver::Receiver,
    support::{Shop, cart},
};

async fn shop() -> Shop {
    let settings = Settings { callback_pause_milliseconds: 1, ..Settings::default() };
    Shop::open_with(Config { settings, ..Config::default() }).await
}

async fn set(shop: &Shop, rule: &Value) -> u64 {
    let got = shop.post("/sandbox/v1/callback-faults", rule).await;
    assert_eq!(got.status, 201, "{}", got.text);
    got.json()["id"].as_u64().unwrap()
}

async fn attempts(shop: &Shop) -> Vec<Value> {
    shop.get("/sandbox/v1/callbacks").await.json().as_array().unwrap().clone()
}

fn cart_with(urls: Value) -> Value {
    let mut cart = cart();
    cart["merchant_urls"] = urls;
    cart
}

/// A session whose authorization was called back before the buyer's browser heard of it.
async fn approved(shop: &Shop, url: &str) -> String {
    let session = shop.session(&cart_with(json!({"authorization": url}))).await;
    shop.authorize(&session, &json!({"outcome": "approved", "callback": "before"})).await;
    session
}

/// An order that fraud control decides on after ten minutes.
async fn pending(shop: &Shop, url: &str) -> String {
    let mut cart = cart_with(json!({"notification": url}));
    cart["billing_address"]["email"] = json!("user+pend-accept-10@email.se");
    shop.order_of(&cart, &json!({})).await
}

#[tokio::test]
async fn a_dropped_callback_never_comes_and_is_on_record() {
    let shop = shop().await;
    let merchant = Receiver::open().await;
    let rule = json!({"match": {"kind": "authorization"}, "nth": 1, "effect": {"kind": "dropped"}});
    set(&shop, &rule).await;
    let lost = approved(&shop, &merchant.url).await;
    assert_eq!(merchant.count(), 0);
    let all = attempts(&shop).await;
    assert_eq!(all.len(), 1);
    let one = &all[0];
    assert_eq!((&one["outcome"], &one["fault"]), (&json!("dropped"), &json!("dropped")));
    assert_eq!((&one["attempt"], &one["status"]), (&Value::Null, &Value::Null));
    assert_eq!(one["session_id"], lost);
    assert_eq!(one["body"]["session_id"], lost);
    approved(&shop, &merchant.url).await;
    assert_eq!(merchant.count(), 1);
    let all = attempts(&shop).await;
    assert_eq!((&all[1]["outcome"], &all[1]["fault"]), (&json!("arrived"), &Value::Null));
    assert_eq!((&all[1]["number"], &all[1]["attempt"]), (&json!(2), &json!(1)));
}

#[tokio::test]
async fn a_notification_that_is_lost_once_comes_ten_minutes_later() {
    let shop = shop().await;
    let merchant = Receiver::open().await;
    set(&shop, &json!({"times": 1, "effect": {"kind": "dropped"}})).await;
    let order = pending(&shop, &merchant.url).await;
    shop.advance("PT10M").await;
    assert_eq!(merchant.count(), 0);
    shop.advance("PT10M").await;
    let told = json!({"order_id": order, "event_type": "FRAUD_RISK_ACCEPTED"});
    assert_eq!(merchant.all()[0].json(), told);
    let all = attempts(&shop).await;
    assert_eq!(all[0]["callback_id"], all[1]["callback_id"]);
    assert_eq!((&all[0]["outcome"], &all[1]["outcome"]), (&json!("dropped"), &json!("arrived")));
}

#[tokio::test]
async fn a_doubled_callback_comes_several_times_at_once() {
    let shop = shop().await;
    let merchant = Receiver::answering(&[500]).await;
    set(&shop, &json!({"effect": {"kind": "doubled", "times": 3}})).await;
    approved(&shop, &merchant.url).await;
    // One of the three was refused and tried again.
    let received = merchant.all();
    assert_eq!(received.len(), 4);
    assert!(received.iter().all(|it| it.body == received[0].body));
    let all = attempts(&shop).await;
    assert_eq!(all.len(), 4);
    assert!(all.iter().all(|it| it["callback_id"] == all[0]["callback_id"]));
    assert!(all.iter().all(|it| it["fault"] == "doubled"));
}

#[tokio::test]
async fn a_delayed_callback_takes_real_time() {
    let shop = shop().await;
    let merchant = Receiver::open().await;
    set(&shop, &json!({"effect": {"kind": "delayed", "milliseconds": 60}})).await;
    let started = Instant::now();
    approved(&shop, &merchant.url).await;
    assert!(started.elapsed() >= Duration::from_millis(60));
    assert_eq!(merchant.count(), 1);
    assert_eq!(attempts(&shop).await[0]["fault"], "delayed");
}

#[tokio::test]
async fn a_late_callback_waits_for_the_sandboxs_clock() {
    let shop = shop().await;
    let merchant = Receiver::open().await;
    let rule =
        json!({"match": {"kind": "authorization"}, "effect": {"kind": "late", "by": "PT2H"}});
    set(&shop, &rule).await;
    approved(&shop, &merchant.url).await;
    shop.advance("PT1H59M59S").await;
    assert_eq!(merchant.count(), 0);
    let held = attempts(&shop).await;
    assert_eq!((held.len(), &held[0]["outcome"]), (1, &json!("held")));
    assert_eq!(held[0]["until"], "2026-03-01T14:00:00.25Z");
    shop.advance("PT1S").await;
    assert_eq!(merchant.count(), 1);
    let all = attempts(&shop).await;
    assert_eq!((&all[1]["outcome"], &all[1]["fault"]), (&json!("arrived"), &json!("late")));
    assert_eq!(all[1]["callback_id"], all[0]["callback_id"]);
    shop.advance("P1D").await;
    assert_eq!(merchant.count(), 1);
}

/// The order was computed apart, from the published generator.
#[tokio::test]
async fn shuffled_callbacks_come_in_the_order_of_the_seed() {
    let shop = shop().await;
    let merchant = Receiver::open().await;
    set(&shop, &json!({"seed": 4, "effect": {"kind": "shuffled", "of": 3}})).await;
    let mut sessions = Vec::new();
    for place in 0..3 {
        assert_eq!(merchant.count(), 0, "{place}");
        sessions.push(approved(&shop, &merchant.url).await);
    }
    let came: Vec<Value> =
        merchant.all().iter().map(|it| it.json()["session_id"].clone()).collect();
    assert_eq!(came, [2, 0, 1].map(|place: usize| json!(sessions[place])));
    let outcomes: Vec<Value> =
        attempts(&shop).await.iter().map(|it| it["outcome"].clone()).collect();
    assert_eq!(outcomes, ["held", "held", "held", "arrived", "arrived", "arrived"]);
}

#[tokio::test]
async fn too_few_to_be_shuffled_wait_for_a_moment_only() {
    let shop = shop().await;
    let merchant = Receiver::open().await;
    let shuffled = json!({"kind": "shuffled", "of": 9, "within": "PT5S"});
    let rule = set(&shop, &json!({"effect": shuffled})).await;
    approved(&shop, &merchant.url).await;
    shop.advance("PT3S").await;
    approved(&shop, &merchant.url).await;
    // What is held is sent even if the rule is gone.
    let path = format!("/sandbox/v1/callback-faults/{rule}");
    assert_eq!(shop.call("DELETE", &path, None).await.status, 204);
    shop.advance("PT1S").await;
    assert_eq!(merchant.count(), 0);
    shop.advance("PT1S").await;
    assert_eq!(merchant.count(), 2);
}

#[tokio::test]
async fn a_callback_has_to_be_all_that_is_asked_for() {
    let shop = shop().await;
    let merchant = Receiver::open().await;
    let order = pending(&shop, &format!("{}/a", merchant.url)).await;
    let reference = shop.read(&order).await["klarna_reference"].clone();
    let sessions = shop.get("/sandbox/v1/exchanges?path_contains=sessions").await.json();
    let session = sessions[0]["response_body"]["session_id"].clone();
    for (matches, count) in [
        (json!({"kind": "push"}), 1),
        (json!({"kind": "notification"}), 0),
        (json!({"url_contains": "/b"}), 1),
        (json!({"url_contains": "/a"}), 0),
        (json!({"order_id": order}), 0),
        (json!({"order_id": reference}), 0),
        (json!({"order_id": "6c2b1cb5-1f0f-4a60-9c0e-3c4a1a0f2d12"}), 1),
        (json!({"session_id": session}), 0),
        (json!({"session_id": "another"}), 1),
    ] {
        let rule = set(&shop, &json!({"match": matches, "effect": {"kind": "dropped"}})).await;
        let before = merchant.count();
        let path = format!("/sandbox/v1/orders/{order}/fraud");
        shop.post(&path, &json!({"decision": "ACCEPTED"})).await;
        assert_eq!(merchant.count() - before, count, "{matches}");
        let read = shop.get(&format!("/sandbox/v1/callback-faults/{rule}")).await.json();
        assert_eq!(read["struck"], 1 - count, "{matches}");
        shop.call("DELETE", "/sandbox/v1/callback-faults", None).await;
    }
}

#[tokio::test]
async fn rules_of_callbacks_and_of_requests_are_apart() {
    let shop = shop().await;
    set(&shop, &json!({"effect": {"kind": "dropped"}})).await;
    assert_eq!(shop.get("/sandbox/v1/faults").await.json(), json!([]));
    assert_eq!(shop.get("/sandbox/v1/callback-faults").await.json().as_array().unwrap().len(), 1);
    for (bad, part) in [
        (json!({"effect": {"kind": "reset_after"}}), "effect: kind: \"reset_after\" is unknown"),
        (json!({"match": {"path": "/"}, "effect": {"kind": "dropped"}}), "match: path: unknown"),
        (json!({"nth": "first", "effect": {"kind": "dropped"}}), "nth: send a whole number"),
    ] {
        let got = shop.post("/sandbox/v1/callback-faults", &bad).await;
        assert_eq!(got.status, 400);
        let message = got.json()["message"].as_str().unwrap().to_owned();
        assert!(message.contains(part), "{message}");
    }
    let got = shop.call("DELETE", "/sandbox/v1/callback-faults/7", None).await;
    assert_eq!(got.status, 404);
    assert_eq!(shop.call("PUT", "/sandbox/v1/callback-faults", None).await.status, 404);
}

#[tokio::test]
async fn the_record_is_read_from_a_number_on() {
    let shop = shop().await;
    let merchant = Receiver::open().await;
    for _ in 0..3 {
        approved(&shop, &merchant.url).await;
    }
    let got = shop.get("/sandbox/v1/callbacks?after=1&limit=1").await.json();
    assert_eq!((got.as_array().unwrap().len(), &got[0]["number"]), (1, &json!(2)));
    let got = shop.get("/sandbox/v1/callbacks?after=3").await.json();
    assert_eq!(got, json!([]));
}
