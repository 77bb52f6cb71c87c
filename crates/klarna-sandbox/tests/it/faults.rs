//! Injected faults, and what the client sees of them.

use serde_json::json;

use crate::support::Shop;

async fn set(shop: &Shop, fault: &serde_json::Value) {
    assert_eq!(shop.post("/sandbox/v1/faults", fault).await.status, 201);
}

#[tokio::test]
async fn a_reset_after_takes_effect_and_is_never_answered() {
    let shop = Shop::open().await;
    let order = shop.order().await;
    for (kind, captured) in [("reset_before", 0), ("reset_after", 1000)] {
        set(
            &shop,
            &json!({"match": {"method": "POST", "path_contains": "/captures"}, "times": 1,
            "effect": {"kind": kind}}),
        )
        .await;
        let path = format!("/ordermanagement/v1/orders/{order}/captures");
        let request = shop.request("POST", &path).json(&json!({"captured_amount": 1000}));
        let error = request.send().await.unwrap_err();
        assert!(!error.is_timeout() && !error.is_builder(), "{error:?}");
        assert_eq!(shop.read(&order).await["captured_amount"], captured, "{kind}");
    }
    let exchanges = shop.get("/sandbox/v1/exchanges?path_contains=captures").await.json();
    assert_eq!(exchanges[1]["fault"], "reset_after");
    assert_eq!(exchanges[1]["status"], serde_json::Value::Null);
}

#[tokio::test]
async fn other_faults_answer_in_the_place_of_klarna() {
    let shop = Shop::open().await;
    let order = shop.order().await;
    let path = format!("/ordermanagement/v1/orders/{order}");
    for effect in [
        json!({"kind": "status", "status": 503, "body": "{}"}),
        json!({"kind": "html_502"}),
        json!({"kind": "too_many_requests"}),
        json!({"kind": "delay", "milliseconds": 1}),
    ] {
        set(
            &shop,
            &json!({"match": {"path_contains": "ordermanagement"}, "times": 1,
            "effect": effect}),
        )
        .await;
    }
    assert_eq!(shop.get("/sandbox/v1/faults").await.json().as_array().unwrap().len(), 4);
    let unavailable = shop.get(&path).await;
    assert_eq!((unavailable.status, unavailable.text.as_str()), (503, "{}"));
    let proxy = shop.get(&path).await;
    assert_eq!((proxy.status, proxy.header("content-type")), (502, "text/html"));
    let limited = shop.get(&path).await;
    assert_eq!((limited.status, limited.text.as_str()), (429, ""));
    assert_eq!(limited.header("x-ratelimit-limit"), "50, 50;w=1");
    assert_eq!(limited.headers.get("retry-after"), None);
    assert_eq!(limited.headers.get("klarna-correlation-id"), None);
    assert_eq!(shop.get(&path).await.status, 200);
    assert_eq!(shop.get(&path).await.status, 200);
}

#[tokio::test]
async fn faults_skip_count_and_go_away() {
    let shop = Shop::open().await;
    let order = shop.order().await;
    let path = format!("/ordermanagement/v1/orders/{order}");
    set(&shop, &json!({"skip": 1, "effect": {"kind": "status", "status": 500}})).await;
    let mut seen = Vec::new();
    for _ in 0..3 {
        seen.push(shop.get(&path).await.status);
    }
    assert_eq!(seen, [200, 500, 500]);
    assert_eq!(shop.call("DELETE", "/sandbox/v1/faults", None).await.status, 204);
    assert_eq!(shop.get(&path).await.status, 200);
}
