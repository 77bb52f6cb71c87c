//! One key, one effect, one answer.

use serde_json::{Value, json};

use crate::support::{Got, Shop, got};

async fn with_key(shop: &Shop, order: &str, act: &str, key: &str, body: &Value) -> Got {
    let path = format!("/ordermanagement/v1/orders/{order}/{act}");
    let request = shop.request("POST", &path).header("Klarna-Idempotency-Key", key).json(body);
    got(request.send().await.unwrap()).await
}

#[tokio::test]
async fn a_repeat_gets_the_first_answer_whatever_its_body_says() {
    let shop = Shop::open().await;
    let order = shop.order().await;
    let first = with_key(&shop, &order, "captures", "k", &json!({"captured_amount": 1000})).await;
    let again = with_key(&shop, &order, "captures", "k", &json!({"captured_amount": 9999})).await;
    assert_eq!(again.status, 201);
    for header in ["capture-id", "location", "transaction-id", "klarna-correlation-id"] {
        assert_eq!(first.header(header), again.header(header), "{header}");
    }
    assert_eq!(shop.read(&order).await["captured_amount"], 1000);
    with_key(&shop, &order, "captures", "other", &json!({"captured_amount": 1000})).await;
    shop.done(&order, "captures", &json!({"captured_amount": 1000})).await;
    shop.done(&order, "captures", &json!({"captured_amount": 1000})).await;
    assert_eq!(shop.read(&order).await["captured_amount"], 4000);
}

#[tokio::test]
async fn a_key_counts_for_one_path_and_one_credential() {
    let shop = Shop::open().await;
    let (one, two) = (shop.order().await, shop.order().await);
    let body = json!({"captured_amount": 1000});
    with_key(&shop, &one, "captures", "k", &body).await;
    with_key(&shop, &two, "captures", "k", &body).await;
    assert_eq!(shop.read(&two).await["captured_amount"], 1000);
    with_key(&shop, &one, "refunds", "k", &json!({"refunded_amount": 1})).await;
    assert_eq!(shop.read(&one).await["refunded_amount"], 1);
    let path = format!("/ordermanagement/v1/orders/{one}/captures");
    let request = shop.client.post(format!("{}{path}", shop.running.url()));
    let request = request.basic_auth("other", Some("secret"));
    request.header("Klarna-Idempotency-Key", "k").json(&body).send().await.unwrap();
    assert_eq!(shop.read(&one).await["captured_amount"], 2000);
}

#[tokio::test]
async fn a_refusal_is_repeated_too() {
    let shop = Shop::open().await;
    let order = shop.order().await;
    let refused =
        with_key(&shop, &order, "captures", "k", &json!({"captured_amount": 99_999})).await;
    assert_eq!(refused.status, 403);
    let again = with_key(&shop, &order, "captures", "k", &json!({"captured_amount": 1})).await;
    assert_eq!((again.status, again.text), (403, refused.text));
    assert_eq!(shop.read(&order).await["captured_amount"], 0);
}

#[tokio::test]
async fn a_key_is_forgotten_after_a_day() {
    let shop = Shop::open().await;
    let order = shop.order().await;
    let body = json!({"captured_amount": 1000});
    with_key(&shop, &order, "captures", "k", &body).await;
    shop.advance("PT23H59M59S").await;
    with_key(&shop, &order, "captures", "k", &body).await;
    assert_eq!(shop.read(&order).await["captured_amount"], 1000);
    shop.advance("PT1S").await;
    with_key(&shop, &order, "captures", "k", &body).await;
    assert_eq!(shop.read(&order).await["captured_amount"], 2000);
}

#[tokio::test]
async fn concurrent_duplicates_take_effect_once() {
    let shop = std::sync::Arc::new(Shop::open().await);
    let order = shop.order().await;
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let (shop, order) = (shop.clone(), order.clone());
        calls.spawn(async move {
            let body = json!({"captured_amount": 1000});
            with_key(&shop, &order, "captures", "k", &body).await.header("capture-id").to_owned()
        });
    }
    let mut ids = calls.join_all().await;
    ids.dedup();
    assert_eq!(ids.len(), 1);
    assert_eq!(shop.read(&order).await["captures"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn simultaneous_captures_never_take_more_than_there_is() {
    let shop = std::sync::Arc::new(Shop::open().await);
    let order = shop.order().await;
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..10 {
        let (shop, order) = (shop.clone(), order.clone());
        calls.spawn(async move {
            shop.act(&order, "captures", &json!({"captured_amount": 10_000})).await.status
        });
    }
    let mut statuses = calls.join_all().await;
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 201, 403, 403, 403, 403, 403, 403, 403, 403]);
    let read = shop.read(&order).await;
    assert_eq!(
        (&read["captured_amount"], &read["remaining_authorized_amount"]),
        (&json!(20_000), &json!(2880))
    );
}
