//! The push of a new order, until the merchant has heard of it.

use klarna_sandbox::{Config, Settings};
use serde_json::{Value, json};

use crate::{
    receiver::Receiver,
    support::{Shop, cart},
};

fn cart_pushing(url: &str) -> Value {
    let mut cart = cart();
    cart["merchant_urls"] = json!({"push": format!("{url}/{{session.id}}/push?o={{order.id}}")});
    cart
}

async fn order(shop: &Shop, merchant: &Receiver) -> String {
    shop.order_of(&cart_pushing(&merchant.url), &json!({"outcome": "approved"})).await
}

#[tokio::test]
async fn a_push_says_nothing_but_its_address() {
    let shop = Shop::open().await;
    let merchant = Receiver::answering(&[500]).await;
    let order = order(&shop, &merchant).await;
    shop.advance("PT1M59S").await;
    assert_eq!(merchant.count(), 0);
    shop.advance("PT1S").await;
    let push = &merchant.all()[0];
    assert_eq!((push.method.as_str(), push.body.as_str()), ("POST", ""));
    assert_eq!((push.header("content-type"), push.header("content-length")), (None, Some("0")));
    let session = push.uri.split('/').nth(1).unwrap();
    assert_eq!(session.len(), 36);
    assert_eq!(push.uri, format!("/{session}/push?o={order}"));
    let attempt = &shop.get("/sandbox/v1/callbacks").await.json()[0];
    assert_eq!((&attempt["kind"], &attempt["body"]), (&json!("push"), &Value::Null));
    assert_eq!((&attempt["outcome"], &attempt["order_id"]), (&json!("refused"), &json!(order)));
}

#[tokio::test]
async fn it_comes_again_whatever_is_answered_until_two_days_are_over() {
    let shop = Shop::open().await;
    let merchant = Receiver::open().await;
    order(&shop, &merchant).await;
    let mut count = 0;
    for by in ["PT2M", "PT3M", "PT10M", "PT15M", "PT30M", "PT4H", "PT4H"] {
        shop.advance(by).await;
        count += 1;
        assert_eq!(merchant.count(), count, "{by}");
    }
    shop.advance("PT3H59M").await;
    assert_eq!(merchant.count(), count);
    shop.advance("PT47H").await;
    assert_eq!(merchant.count(), count + 1);
    shop.advance("P2D").await;
    assert_eq!(merchant.count(), count + 1);
}

#[tokio::test]
async fn who_has_heard_is_not_pushed_again() {
    let shop = Shop::open().await;
    for (act, body, count) in [
        ("acknowledge", json!({}), 1),
        ("captures", json!({"captured_amount": 1}), 1),
        ("cancel", json!({}), 1),
        ("merchant-references", json!({"merchant_reference1": "x"}), 2),
    ] {
        let merchant = Receiver::open().await;
        let order = order(&shop, &merchant).await;
        shop.advance("PT2M").await;
        shop.done(&order, act, &body).await;
        shop.advance("PT3M").await;
        assert_eq!(merchant.count(), count, "{act}");
    }
}

#[tokio::test]
async fn an_order_that_is_acknowledged_at_once_is_never_pushed() {
    let shop = Shop::open().await;
    let merchant = Receiver::open().await;
    let order = order(&shop, &merchant).await;
    shop.done(&order, "acknowledge", &json!({})).await;
    shop.advance("PT2M").await;
    assert_eq!(merchant.count(), 0);
}

#[tokio::test]
async fn an_automatic_capture_is_not_the_merchants_word() {
    let shop = Shop::open().await;
    let merchant = Receiver::open().await;
    let mut cart = cart_pushing(&merchant.url);
    cart["auto_capture"] = json!(true);
    let order = shop.order_of(&cart, &json!({"outcome": "approved"})).await;
    assert_eq!(shop.read(&order).await["status"], "CAPTURED");
    shop.advance("PT2M").await;
    assert_eq!(merchant.count(), 1);
}

#[tokio::test]
async fn no_push_without_a_url_or_with_the_switch_off() {
    let settings = Settings { push_callback: false, ..Settings::default() };
    let shop = Shop::open_with(Config { settings, ..Config::default() }).await;
    let merchant = Receiver::open().await;
    order(&shop, &merchant).await;
    shop.advance("PT2M").await;
    assert_eq!(merchant.count(), 0);
    let shop = Shop::open().await;
    shop.order().await;
    shop.advance("P2D").await;
    assert_eq!(shop.get("/sandbox/v1/callbacks").await.json(), json!([]));
}

#[tokio::test]
async fn an_order_of_a_customer_token_is_pushed_too() {
    let shop = Shop::open().await;
    let merchant = Receiver::open().await;
    let mut tokenizing = cart();
    tokenizing["intent"] = json!("buy_and_tokenize");
    let session = shop.session(&tokenizing).await;
    let token = shop.token(&session).await;
    let body = json!({"description": "d", "intended_use": "SUBSCRIPTION", "locale": "sv-SE",
        "purchase_country": "SE", "purchase_currency": "SEK"});
    let path = format!("/payments/v1/authorizations/{token}/customer-token");
    let made = shop.post(&path, &body).await.json();
    let path = format!("/customer-token/v1/tokens/{}/order", made["token_id"].as_str().unwrap());
    let mut charge = cart_pushing(&merchant.url);
    charge.as_object_mut().unwrap().remove("purchase_country");
    charge["merchant_urls"]["confirmation"] = json!("https://shop.example/thanks");
    let got = shop.post(&path, &charge).await;
    assert_eq!(got.status, 200, "{}", got.text);
    shop.advance("PT2M").await;
    assert!(merchant.all()[0].uri.ends_with(got.json()["order_id"].as_str().unwrap()));
}
