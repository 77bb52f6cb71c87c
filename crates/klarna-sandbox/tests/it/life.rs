//! The whole life of an order.

use serde_json::json;

use crate::support::{Shop, cart};

#[tokio::test]
async fn from_cart_to_refund() {
    let shop = Shop::open().await;
    let session = shop.post("/payments/v1/sessions", &cart()).await;
    assert_eq!(session.status, 200);
    let session_id = session.json()["session_id"].as_str().unwrap().to_owned();
    assert_eq!(session.json()["client_token"].as_str().unwrap().split('.').count(), 3);

    let approved = shop.authorize(&session_id, &json!({"outcome": "approved"})).await;
    assert_eq!(approved["approved"], true);
    assert_eq!(approved["finalize_required"], false);
    let token = approved["authorization_token"].as_str().unwrap();

    let placed = shop.place(token, &cart()).await;
    assert_eq!(placed.status, 200);
    let order_id = placed.json()["order_id"].as_str().unwrap().to_owned();
    let redirect = format!("{}/eu/kp/v1/sessions/{session_id}/redirect", shop.running.url());
    assert_eq!(
        placed.text,
        format!(
            "{{\n  \"order_id\" : \"{order_id}\",\n  \"redirect_url\" : \"{redirect}\",\n  \
             \"fraud_status\" : \"ACCEPTED\",\n  \"authorized_payment_method\" : {{\n    \
             \"type\" : \"invoice\"\n  }}\n}}"
        )
    );
    let confirmation = shop.client.get(&redirect).send().await.unwrap();
    assert_eq!(confirmation.status(), 302);
    assert_eq!(
        confirmation.headers()["location"],
        format!("https://shop.example/done?s={session_id}&o={order_id}")
    );

    let order = shop.read(&order_id).await;
    assert_eq!(order["status"], "AUTHORIZED");
    assert_eq!(order["remaining_authorized_amount"], 22_880);
    assert_eq!(order["expires_at"], "2026-03-29T00:00:00.000Z");
    assert_eq!(order["created_at"], "2026-03-01T12:00:00.250Z");

    let capture = shop
        .act(
            &order_id,
            "captures",
            &json!({"captured_amount": 17_980,
            "order_lines": [cart()["order_lines"][0]]}),
        )
        .await;
    assert_eq!((capture.status, capture.text.as_str()), (201, ""));
    assert_eq!(capture.header("content-length"), "0");
    assert_eq!(capture.header("klarna-order-validation"), "Valid");
    let capture_id = capture.header("capture-id");
    assert_eq!(
        capture.header("location"),
        format!(
            "{}/ordermanagement/v1/orders/{order_id}/captures/{capture_id}",
            shop.running.url()
        )
    );
    let order = shop.read(&order_id).await;
    assert_eq!(order["status"], "PART_CAPTURED");
    assert_eq!(order["captured_amount"], 17_980);
    assert_eq!(order["remaining_authorized_amount"], 4900);
    assert_eq!(order["captures"][0]["order_lines"][0]["total_tax_amount"], 3596);

    shop.done(&order_id, "captures", &json!({"captured_amount": 4900})).await;
    assert_eq!(shop.read(&order_id).await["status"], "CAPTURED");

    let line = json!({"reference": "boots", "name": "Boots", "quantity": 1, "unit_price": 8990,
        "total_amount": 8990});
    let refund_id = shop
        .done(&order_id, "refunds", &json!({"refunded_amount": 8990, "order_lines": [line]}))
        .await;
    let order = shop.read(&order_id).await;
    assert_eq!(order["status"], "CAPTURED");
    assert_eq!(order["refunded_amount"], 8990);
    assert_eq!(order["captures"][0]["refunded_amount"], 0);
    shop.advance("PT1M").await;
    let order = shop.read(&order_id).await;
    assert_eq!(order["captures"][0]["refunded_amount"], 8990);
    assert_eq!(order["captures"][1]["refunded_amount"], 0);
    assert_eq!(order["refunds"][0]["refund_id"], refund_id.as_str());
    let path = format!("/ordermanagement/v1/orders/{order_id}/refunds/{refund_id}");
    assert_eq!(shop.get(&path).await.json()["refunded_amount"], 8990);

    let session = shop.get(&format!("/payments/v1/sessions/{session_id}")).await.json();
    assert_eq!(session["status"], "complete");
}

#[tokio::test]
async fn the_documentations_of_two_back_ends_differ_in_style() {
    let shop = Shop::open().await;
    let order_id = shop.order().await;
    let order = shop.get(&format!("/ordermanagement/v1/orders/{order_id}")).await;
    assert_eq!(order.header("content-type"), "application/json");
    assert!(order.text.starts_with(&format!(
        "{{\"order_id\":\"{order_id}\",\"status\":\"AUTHORIZED\",\"fraud_status\":\"ACCEPTED\","
    )));
    assert_eq!(order.headers.get("render-time"), None);
    let session = shop.post("/payments/v1/sessions", &cart()).await;
    assert_eq!(session.header("content-type"), "application/json;charset=utf-8");
    assert!(session.text.starts_with("{\n  \"session_id\" : \""));
    assert!(session.header("render-time").parse::<u64>().is_ok());
    for got in [&order, &session] {
        assert_eq!(got.header("x-frame-options"), "DENY");
        assert_eq!(got.header("expires"), "0");
        assert_eq!(got.header("klarna-correlation-id").len(), 36);
    }
}
