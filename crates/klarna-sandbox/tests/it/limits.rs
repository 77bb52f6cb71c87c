//! What is forgotten where there is too much.

use klarna_sandbox::Config;
use serde_json::{Value, json};

use crate::support::{Shop, cart, refusal};

async fn session_status(shop: &Shop, id: &str) -> u16 {
    shop.get(&format!("/payments/v1/sessions/{id}")).await.status
}

#[tokio::test]
async fn the_oldest_session_goes_as_if_it_had_expired() {
    let shop = Shop::open_with(Config { sessions_max: 2, ..Config::default() }).await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(shop.session(&cart()).await);
    }
    let got = shop.get(&format!("/payments/v1/sessions/{}", ids[0])).await;
    assert_eq!(got.refusal(), refusal(404, "NOT_FOUND", "Invalid session id"));
    assert_eq!(session_status(&shop, &ids[1]).await, 200);
    assert_eq!(session_status(&shop, &ids[2]).await, 200);
}

#[tokio::test]
async fn large_sessions_go_sooner_and_the_newest_stays() {
    let config = Config { session_bytes_max: 100_000, ..Config::default() };
    let shop = Shop::open_with(config).await;
    let small = shop.session(&cart()).await;
    let mut large = cart();
    large["attachment"] = json!({"content_type": "text/plain", "body": "x".repeat(200_000)});
    let large = shop.session(&large).await;
    assert_eq!(session_status(&shop, &small).await, 404);
    assert_eq!(session_status(&shop, &large).await, 200);
    let small = shop.session(&cart()).await;
    assert_eq!(session_status(&shop, &large).await, 404);
    assert_eq!(session_status(&shop, &small).await, 200);
}

#[tokio::test]
async fn what_an_update_or_an_agreement_adds_is_counted() {
    let config = Config { session_bytes_max: 60_000, ..Config::default() };
    for act in ["update", "authorize"] {
        let shop = Shop::open_with(config.clone()).await;
        let (old, new) = (shop.session(&cart()).await, shop.session(&cart()).await);
        let attachment = json!({"content_type": "text/plain", "body": "x".repeat(40_000)});
        if act == "update" {
            let path = format!("/payments/v1/sessions/{new}");
            let twice = json!({"attachment": attachment, "merchant_data": "y".repeat(6000)});
            assert_eq!(shop.post(&path, &twice).await.status, 204);
            assert_eq!(session_status(&shop, &old).await, 200);
            shop.token(&new).await;
        } else {
            shop.authorize(
                &new,
                &json!({"outcome": "approved", "data": {"attachment": attachment}}),
            )
            .await;
        }
        // The purchase is held twice now, by the session and by what was agreed to.
        shop.advance("PT1S").await;
        assert_eq!(session_status(&shop, &old).await, 404, "{act}");
        assert_eq!(session_status(&shop, &new).await, 200, "{act}");
    }
}

#[tokio::test]
async fn the_oldest_order_goes_and_its_session_may_stay() {
    let shop = Shop::open_with(Config { orders_max: 1, ..Config::default() }).await;
    let (old, new) = (shop.order().await, shop.order().await);
    let status =
        async |id: &str| shop.get(&format!("/ordermanagement/v1/orders/{id}")).await.status;
    assert_eq!(status(&old).await, 404);
    assert_eq!(status(&new).await, 200);
}

#[tokio::test]
async fn what_captures_add_to_an_order_is_counted() {
    let shop = Shop::open_with(Config { order_bytes_max: 60_000, ..Config::default() }).await;
    let (old, new) = (shop.order().await, shop.order().await);
    let line = json!({"name": "A".repeat(255), "quantity": 1, "unit_price": 1, "total_amount": 1});
    let capture = json!({"captured_amount": 1, "order_lines": vec![line; 30]});
    let mut made = 0;
    while shop.get(&format!("/ordermanagement/v1/orders/{old}")).await.status == 200 {
        shop.done(&new, "captures", &capture).await;
        made += 1;
        assert!(made < 6, "the older order is still there");
    }
    assert!(made > 1, "it went too soon");
    assert_eq!(shop.read(&new).await["captures"].as_array().unwrap().len(), made);
}

#[tokio::test]
async fn buyers_on_their_way_are_bounded() {
    let shop = Shop::open_with(Config { session_bytes_max: 60_000, ..Config::default() }).await;
    let open = async |session: &str| {
        let path = format!("/kp/v1/sessions/{session}/purchase-flows");
        let data = json!({"data": {"merchant_data": "x".repeat(5000)}});
        shop.post(&path, &data).await.json()["flow_id"].as_str().unwrap().to_owned()
    };
    let state = async |flow: &str| -> Value {
        let got = shop.get(&format!("/kp/v1/purchase-flows/{flow}")).await;
        if got.status == 404 { json!("gone") } else { got.json()["state"].clone() }
    };
    // Of one session, the one that is open and the one before it.
    let session = shop.session(&cart()).await;
    let flows = [open(&session).await, open(&session).await, open(&session).await];
    assert_eq!(state(&flows[0]).await, "gone");
    assert_eq!(state(&flows[1]).await, "done");
    assert_eq!(state(&flows[2]).await, "open");
    // Of all together, so many bytes.
    for _ in 0..5 {
        let session = shop.session(&cart()).await;
        open(&session).await;
    }
    assert_eq!(state(&flows[2]).await, "gone");
}

/// A token that is superseded is as good as an unknown one, until its session has an order.
#[tokio::test]
async fn a_superseded_token_is_remembered_for_its_refusal() {
    let shop = Shop::open().await;
    let session = shop.session(&cart()).await;
    let (older, newer) = (shop.token(&session).await, shop.token(&session).await);
    let invalid = refusal(404, "NOT_FOUND", "Invalid authorization token");
    assert_eq!(shop.place(&older, &cart()).await.refusal(), invalid);
    assert_eq!(shop.place(&newer, &cart()).await.status, 200);
    let completed = refusal(404, "SESSION_COMPLETED", "Session has already been completed");
    assert_eq!(shop.place(&older, &cart()).await.refusal(), completed);
}
