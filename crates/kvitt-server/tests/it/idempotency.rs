//! `Idempotency-Key`: once is once, and another request under the same key is refused.

use reqwest::Method;
use serde_json::json;

use crate::shop::{Shop, cart, id, send};

#[tokio::test]
async fn the_same_request_is_carried_out_once() {
    let shop = Shop::open().await;
    let first = shop.post_once("/v1/checkouts", "cart-1", &cart()).await;
    assert!(!first.headers.contains_key("idempotency-replayed"));
    let first = first.expect(201);
    let calls = shop.calls_to_klarna().await;

    let again = shop.post_once("/v1/checkouts", "cart-1", &cart()).await;
    assert_eq!(again.headers["idempotency-replayed"], "true");
    assert_eq!(again.expect(201), first);
    // Another form of the same request is the same request.
    let reordered = serde_json::to_string_pretty(&cart()).unwrap();
    let request = shop
        .request(Method::POST, "/v1/checkouts")
        .header("Idempotency-Key", "cart-1")
        .header("content-type", "application/json")
        .body(reordered);
    assert_eq!(send(request).await.expect(201)["id"], first["id"]);
    assert_eq!(shop.calls_to_klarna().await, calls);

    let other = shop.post_once("/v1/checkouts", "cart-2", &cart()).await.expect(201);
    assert_ne!(other["id"], first["id"]);
}

#[tokio::test]
async fn an_act_is_carried_out_once() {
    let shop = Shop::open().await;
    let order = shop.order().await;
    let path = format!("/v1/orders/{}/captures", id(&order));
    let body = json!({"order_lines": [{"line_id": "shirt", "quantity": 1}]});
    let first = shop.post_once(&path, "capture-1", &body).await.expect(201);
    let calls = shop.calls_to_klarna().await;
    let again = shop.post_once(&path, "capture-1", &body).await;
    assert_eq!(again.headers["idempotency-replayed"], "true");
    let again = again.expect(201);
    assert_eq!(again["intent"], first["intent"]);
    assert_eq!(again["capture"], first["capture"]);
    assert_eq!(shop.calls_to_klarna().await, calls);

    let both = tokio::join!(
        shop.post_once(&path, "capture-2", &body),
        shop.post_once(&path, "capture-2", &body)
    );
    assert_eq!(both.0.expect(201)["capture"], both.1.expect(201)["capture"]);
    let read = shop.get(&format!("/v1/orders/{}", id(&order))).await.expect(200);
    assert_eq!(read["captured_amount"], 49_800);
}

#[tokio::test]
async fn another_request_under_the_same_key_is_refused() {
    let shop = Shop::open().await;
    shop.post_once("/v1/checkouts", "k", &cart()).await.expect(201);
    let mut other = cart();
    other["merchant_reference1"] = json!("1002");
    let (events, calls) = (shop.events().await, shop.calls_to_klarna().await);
    let refused = shop.post_once("/v1/checkouts", "k", &other).await;
    refused.refused(422, "idempotency_key_reused");
    assert_eq!((shop.events().await, shop.calls_to_klarna().await), (events, calls));

    let order = shop.order().await;
    let path = format!("/v1/orders/{}", id(&order));
    let one = json!({"order_lines": [{"line_id": "shirt", "quantity": 1}]});
    shop.post_once(&format!("{path}/captures"), "k", &one).await.expect(201);
    let (events, calls) = (shop.events().await, shop.calls_to_klarna().await);
    let two = json!({"order_lines": [{"line_id": "freight"}]});
    let refused = shop.post_once(&format!("{path}/captures"), "k", &two).await;
    refused.refused(422, "idempotency_key_reused");
    let refused = shop.post_once(&format!("{path}/refunds"), "k", &one).await;
    refused.refused(422, "idempotency_key_reused");
    assert_eq!((shop.events().await, shop.calls_to_klarna().await), (events, calls));
}

#[tokio::test]
async fn a_key_must_be_visible_ascii_of_some_length() {
    let shop = Shop::open().await;
    let events = shop.events().await;
    for bad in ["", "two words", "k\u{f6}k", &"k".repeat(256)] {
        let request = shop.request(Method::POST, "/v1/checkouts").json(&cart());
        let value = reqwest::header::HeaderValue::from_bytes(bad.as_bytes()).unwrap();
        let answer = send(request.header("Idempotency-Key", value)).await;
        answer.refused(400, "invalid_idempotency_key");
    }
    let twice = shop
        .request(Method::POST, "/v1/checkouts")
        .header("Idempotency-Key", "a")
        .header("Idempotency-Key", "b");
    send(twice.json(&cart())).await.refused(400, "invalid_idempotency_key");
    assert_eq!(shop.events().await, events);
    assert_eq!(shop.calls_to_klarna().await, 0);
    shop.post_once("/v1/checkouts", &"k".repeat(255), &cart()).await.expect(201);
}

#[tokio::test]
async fn two_shops_may_use_the_same_key() {
    let shop = Shop::open().await;
    let now = shop.klarna.sandbox().now();
    let ids = kvitt_engine::RandomIds;
    let (_, other) =
        kvitt_server::api_keys::create(&*shop.ledger, &ids, "other", now).await.unwrap();
    let mine = shop.post_once("/v1/checkouts", "k", &cart()).await.expect(201);
    let request = shop
        .bare(Method::POST, "/v1/checkouts")
        .bearer_auth(secrecy::ExposeSecret::expose_secret(&other))
        .header("Idempotency-Key", "k")
        .json(&cart());
    assert_ne!(send(request).await.expect(201)["id"], mine["id"]);
}
