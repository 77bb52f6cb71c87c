//! Klarna refuses, or does not answer.

use reqwest::Method;
use serde_json::{Value, json};

use crate::shop::{Shop, cart, id};

async fn fault(shop: &Shop, path_contains: &str, effect: Value) {
    let fault = json!({"match": {"path_contains": path_contains}, "times": 1, "effect": effect});
    shop.control(Method::POST, "/faults", &fault).await;
}

#[tokio::test]
async fn an_unknown_outcome_is_202_blocks_others_and_is_learnt_later() {
    let shop = Shop::open().await;
    let order = shop.order().await;
    let path = format!("/v1/orders/{}", id(&order));
    fault(&shop, "/captures", json!({"kind": "reset_after"})).await;
    let body = json!({"order_lines": [{"line_id": "shirt", "quantity": 1}]});
    let answer = shop.post_once(&format!("{path}/captures"), "c1", &body).await.expect(202);
    assert_eq!(answer["intent"]["state"], "unknown");
    assert!(answer["intent"]["problem"].is_string());
    assert_eq!(answer["order"]["captured_amount"], 0);
    assert_eq!(answer["order"]["open_intent"]["id"], answer["intent"]["id"]);
    assert_eq!(answer["order"]["may_ship"]["reason"], "outcome_unknown");
    assert_eq!(answer.get("capture"), None);

    let refused = shop.post(&format!("{path}/captures"), &json!({})).await;
    refused.refused(409, "outcome_unknown");
    let again = shop.post_once(&format!("{path}/captures"), "c1", &body).await;
    assert_eq!(again.headers["idempotency-replayed"], "true");
    assert_eq!(again.expect(202)["intent"], answer["intent"]);

    shop.engine.work_once().await.unwrap();
    let url = answer["intent"]["url"].as_str().unwrap();
    assert_eq!(shop.get(url).await.expect(200)["state"], "done");
    let done = shop.post_once(&format!("{path}/captures"), "c1", &body).await.expect(201);
    assert_eq!(done["capture"]["captured_amount"], 24_900);
    assert_eq!(done["order"]["captured_amount"], 24_900);
}

#[tokio::test]
async fn klarnas_refusal_is_told_with_its_own_words() {
    let shop = Shop::open().await;
    let order = shop.order().await;
    let path = format!("/v1/orders/{}", id(&order));
    let body = json!({"error_code": "CAPTURE_NOT_ALLOWED", "error_messages": ["Not now."],
        "correlation_id": "c0ffee"});
    let effect = json!({"kind": "status", "status": 403, "body": body.to_string()});
    fault(&shop, "/captures", effect).await;
    let answer = shop.post_once(&format!("{path}/captures"), "c1", &json!({})).await;
    let problem = answer.refused(409, "klarna_refused");
    assert_eq!(problem["klarna"]["status"], 403);
    assert_eq!(problem["klarna"]["error_code"], "CAPTURE_NOT_ALLOWED");
    assert_eq!(problem["klarna"]["error_messages"], json!(["Not now."]));
    assert!(problem["klarna"]["correlation_id"].is_string());
    assert_eq!(problem["intent"]["state"], "refused");
    assert_eq!(problem["order"]["captured_amount"], 0);
    assert!(problem["allowed_acts"].as_array().unwrap().contains(&json!("capture")));

    let again = shop.post_once(&format!("{path}/captures"), "c1", &json!({})).await;
    assert_eq!(again.headers["idempotency-replayed"], "true");
    again.refused(409, "klarna_refused");
    // A new attempt is a new request.
    shop.post_once(&format!("{path}/captures"), "c2", &json!({})).await.expect(201);
}

#[tokio::test]
async fn a_checkout_survives_that_klarna_was_away() {
    let shop = Shop::open().await;
    fault(&shop, "/payments/v1/sessions", json!({"kind": "html_502"})).await;
    let answer = shop.post_once("/v1/checkouts", "k", &cart()).await;
    let problem = answer.refused(503, "klarna_unavailable");
    let checkout_id = problem["checkout_id"].as_str().unwrap();
    let healed = shop.post_once("/v1/checkouts", "k", &cart()).await.expect(201);
    assert_eq!(id(&healed), checkout_id);
    assert!(healed["session"]["client_token"].is_string());
}

#[tokio::test]
async fn a_shopper_who_gets_no_turn_hears_when_to_try_again() {
    let shop = Shop::in_a_hurry().await;
    shop.checkout().await;
    let answer = shop.post_once("/v1/checkouts", "k", &cart()).await;
    let wait: u32 = answer.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=30).contains(&wait), "{wait}");
    let problem = answer.refused(503, "klarna_busy");
    assert!(problem["detail"].as_str().unwrap().contains("try again in"), "{problem}");
    assert!(problem["checkout_id"].is_string());
    let metrics = shop.get("/metrics").await;
    let labels = "account=\"default\",category=\"create_session\"";
    for line in [
        format!("kvitt_klarna_calls_total{{{labels},class=\"shopper\"}} 1"),
        format!("kvitt_klarna_calls_held_back_total{{{labels},class=\"shopper\"}} 1"),
        format!("kvitt_klarna_calls_waiting{{{labels},class=\"shopper\"}} 0"),
        format!("kvitt_klarna_calls_per_second_max{{{labels}}} 1"),
        format!("kvitt_klarna_rate_limited_total{{{labels}}} 0"),
        "kvitt_replicas 1".to_owned(),
    ] {
        assert!(metrics.text.lines().any(|it| it == line), "{line} not in\n{}", metrics.text);
    }
    assert!(!metrics.text.contains("create_hpp_session"), "nobody uses it");
}

#[tokio::test]
async fn an_order_that_klarna_does_not_place_is_told() {
    let shop = Shop::open().await;
    let checkout = shop.checkout().await;
    let token = shop.authorize(&checkout).await;
    let body = json!({"error_code": "REJECTED", "error_messages": ["No."],
        "correlation_id": "c0ffee"});
    let effect = json!({"kind": "status", "status": 403, "body": body.to_string()});
    fault(&shop, "/order", effect).await;
    let path = format!("/v1/checkouts/{}/authorization", id(&checkout));
    let problem = shop
        .post(&path, &json!({"authorization_token": token}))
        .await
        .refused(409, "klarna_refused");
    assert_eq!(problem["checkout_id"], id(&checkout));
    assert_eq!(problem["intent"]["kind"], "place");
    let read = shop.get(&format!("/v1/checkouts/{}", id(&checkout))).await.expect(200);
    assert_eq!(read["order_id"], Value::Null);
}

#[tokio::test]
async fn placing_whose_outcome_is_not_known_is_202() {
    let shop = Shop::open().await;
    let checkout = shop.checkout().await;
    let token = shop.authorize(&checkout).await;
    fault(&shop, "/order", json!({"kind": "reset_after"})).await;
    let path = format!("/v1/checkouts/{}/authorization", id(&checkout));
    let answer = shop.post(&path, &json!({"authorization_token": token})).await.expect(202);
    assert_eq!(answer["status"], "placing");
    assert_eq!(answer["order_id"], Value::Null);
    assert_eq!(answer["intent"]["kind"], "place");
    assert!(answer["attention"].is_string());
    let url = answer["intent"]["url"].as_str().unwrap();
    assert_eq!(shop.get(url).await.expect(200)["id"], answer["intent"]["id"]);
}
