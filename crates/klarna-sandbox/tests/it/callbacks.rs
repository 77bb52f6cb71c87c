//! What reaches the merchant.

use klarna_sandbox::{Config, Settings};
use serde_json::{Value, json};

use crate::support::{Inbox, Shop, cart};

fn cart_calling(url: &str) -> Value {
    let mut cart = cart();
    cart["merchant_urls"] = json!({"authorization": url, "notification": url});
    cart
}

async fn shop() -> Shop {
    let settings = Settings { callback_pause_milliseconds: 1, ..Settings::default() };
    Shop::open_with(Config { settings, ..Config::default() }).await
}

async fn attempts(shop: &Shop) -> Vec<Value> {
    shop.get("/sandbox/v1/callbacks").await.json().as_array().unwrap().clone()
}

#[tokio::test]
async fn the_authorization_callback_comes_before_after_twice_or_never() {
    let shop = shop().await;
    let (inbox, url) = Inbox::open(&[]).await;
    let mut expected = Vec::new();
    for (when, count) in [("before", 1), ("after", 1), ("twice", 2), ("never", 0), ("before", 1)] {
        let id = shop.session(&cart_calling(&url)).await;
        let answer = shop.authorize(&id, &json!({"outcome": "approved", "callback": when})).await;
        let body = json!({"authorization_token": answer["authorization_token"], "session_id": id});
        expected.extend(vec![body; count]);
        if when == "before" {
            assert_eq!(inbox.bodies(), expected);
        }
        assert_eq!(inbox.wait_for(expected.len()).await, expected, "{when}");
    }
}

#[tokio::test]
async fn unless_told_it_comes_as_the_switch_says() {
    let shop = shop().await;
    let (inbox, url) = Inbox::open(&[]).await;
    let mut count = 0;
    for (when, more) in [("never", 0), ("twice", 2), ("before", 1), ("never", 0), ("before", 1)] {
        let changes = json!({"authorization_callback": when});
        shop.call("PATCH", "/sandbox/v1/settings", Some(&changes)).await;
        let id = shop.session(&cart_calling(&url)).await;
        shop.authorize(&id, &json!({"outcome": "approved"})).await;
        count += more;
        if when == "before" {
            assert_eq!(inbox.bodies().len(), count);
        }
        assert_eq!(inbox.wait_for(count).await.len(), count, "{when}");
    }
    let id = shop.session(&cart_calling(&url)).await;
    shop.call("PATCH", "/sandbox/v1/settings", Some(&json!({"authorization_callback": "never"})))
        .await;
    shop.authorize(&id, &json!({"outcome": "approved", "callback": "before"})).await;
    assert_eq!(inbox.bodies().len(), count + 1);
}

#[tokio::test]
async fn a_refused_callback_is_tried_three_times() {
    let shop = shop().await;
    for (answers, tried) in [(vec![500, 204], 2), (vec![500, 404, 302, 200], 3), (vec![200], 1)] {
        let (inbox, url) = Inbox::open(&answers).await;
        let id = shop.session(&cart_calling(&url)).await;
        shop.authorize(&id, &json!({"outcome": "approved", "callback": "before"})).await;
        assert_eq!(inbox.bodies().len(), tried);
    }
    let all = attempts(&shop).await;
    let statuses: Vec<&Value> = all.iter().map(|attempt| &attempt["status"]).collect();
    assert_eq!(statuses, [500, 204, 500, 404, 302, 200]);
    assert_eq!(all[0]["kind"], "authorization");
    assert_eq!(all[1]["attempt"], 2);
}

#[tokio::test]
async fn an_unreachable_merchant_does_not_hinder_the_customer() {
    let shop = shop().await;
    let (nobody, closed) = {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        (listener.local_addr().unwrap(), listener)
    };
    drop(closed);
    for url in [format!("http://{nobody}/"), "not a URL".to_owned()] {
        let id = shop.session(&cart_calling(&url)).await;
        let answer =
            shop.authorize(&id, &json!({"outcome": "approved", "callback": "before"})).await;
        assert_eq!(answer["approved"], true);
    }
    let all = attempts(&shop).await;
    assert_eq!(all.len(), 6);
    assert_eq!(all[0]["error"], "could not connect");
    assert_eq!(all[5]["error"], "not a URL that can be called");
    assert_eq!(all[0]["status"], Value::Null);
}

#[tokio::test]
async fn fraud_control_tells_the_merchant_until_it_listens() {
    let shop = shop().await;
    let (inbox, url) = Inbox::open(&[500, 204]).await;
    let mut cart = cart_calling(&url);
    cart["merchant_urls"]["authorization"] = Value::Null;
    cart["billing_address"]["email"] = json!("user+pend-accept-10@email.se");
    let order = shop.order_of(&cart, &json!({})).await;
    let told = json!({"order_id": order, "event_type": "FRAUD_RISK_ACCEPTED"});
    shop.advance("PT10M").await;
    assert_eq!(inbox.bodies(), std::slice::from_ref(&told));
    shop.advance("PT9M59S").await;
    assert_eq!(inbox.bodies().len(), 1);
    shop.advance("PT1S").await;
    assert_eq!(inbox.bodies().len(), 2, "204 is not the 200 that Klarna waits for");
    shop.advance("PT10M").await;
    assert_eq!(inbox.bodies(), [told.clone(), told.clone(), told]);
    shop.advance("PT10M").await;
    assert_eq!(inbox.bodies().len(), 3);
}

#[tokio::test]
async fn a_developer_decides_for_fraud_control() {
    let shop = shop().await;
    let (inbox, url) = Inbox::open(&[]).await;
    let mut cart = cart_calling(&format!("{url}?o={{order.id}}&s={{session.id}}"));
    cart["merchant_urls"]["authorization"] = Value::Null;
    let order = shop.order_of(&cart, &json!({"outcome": "approved"})).await;
    for (decision, fraud_status) in
        [("REJECTED", "REJECTED"), ("STOPPED", "REJECTED"), ("ACCEPTED", "ACCEPTED")]
    {
        let path = format!("/sandbox/v1/orders/{order}/fraud");
        let got = shop.post(&path, &json!({"decision": decision})).await;
        assert_eq!(got.status, 204);
        assert_eq!(shop.read(&order).await["fraud_status"], fraud_status);
        let event = format!("FRAUD_RISK_{decision}");
        assert_eq!(inbox.bodies().last().unwrap()["event_type"], event);
    }
    let first = &attempts(&shop).await[0];
    assert!(first["url"].as_str().unwrap().contains(&format!("?o={order}&s=")));
    assert_eq!(first["kind"], "notification");
}

#[tokio::test]
async fn a_merchant_may_call_back_while_it_is_called() {
    let shop = std::sync::Arc::new(shop().await);
    let merchant = shop.clone();
    let place = move |body: axum::Json<Value>| {
        let merchant = merchant.clone();
        async move {
            let session = body["session_id"].as_str().unwrap().to_owned();
            let read = merchant.get(&format!("/payments/v1/sessions/{session}")).await.json();
            assert_eq!(read["authorization_token"], body["authorization_token"]);
            let token = body["authorization_token"].as_str().unwrap();
            let mut cart = cart();
            cart.as_object_mut().unwrap().remove("merchant_urls");
            assert_eq!(merchant.place(token, &cart).await.status, 200);
        }
    };
    let router = axum::Router::new().route("/", axum::routing::post(place));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });

    let id = shop.session(&cart_calling(&url)).await;
    let request = json!({"outcome": "approved", "callback": "before"});
    assert_eq!(shop.authorize(&id, &request).await["approved"], true);
    assert_eq!(attempts(&shop).await[0]["status"], 200);
    let read = shop.get(&format!("/payments/v1/sessions/{id}")).await.json();
    assert_eq!(read["status"], "complete");
}
