//! What an authorization token is good for.

use klarna_sandbox::{Config, Settings};
use serde_json::{Value, json};

use crate::support::{Shop, cart, refusal};

fn invalid_token() -> (u16, String, String) {
    refusal(404, "NOT_FOUND", "Invalid authorization token")
}

#[tokio::test]
async fn placing_again_repeats_or_conflicts() {
    let shop = Shop::open().await;
    let id = shop.session(&cart()).await;
    let token = shop.token(&id).await;
    let first = shop.place(&token, &cart()).await;
    let again = shop.place(&token, &cart()).await;
    assert_eq!((again.status, &again.text), (200, &first.text));
    let mut other = cart();
    other["merchant_reference1"] = json!("shop-2");
    assert_eq!(
        shop.place(&token, &other).await.refusal(),
        refusal(
            409,
            "BAD_VALUE",
            "The order has been already completed with different request body"
        )
    );
}

#[tokio::test]
async fn a_token_lives_an_hour() {
    let shop = Shop::open().await;
    let id = shop.session(&cart()).await;
    let token = shop.token(&id).await;
    shop.advance("PT59M59S").await;
    let path = format!("/payments/v1/sessions/{id}");
    assert_eq!(shop.get(&path).await.json()["authorization_token"], token.as_str());
    shop.advance("PT1S").await;
    assert_eq!(shop.place(&token, &cart()).await.refusal(), invalid_token());
    assert_eq!(shop.get(&path).await.json().get("authorization_token"), None);
    assert_eq!(shop.place("nonsense", &cart()).await.refusal(), invalid_token());
}

#[tokio::test]
async fn a_newer_token_supersedes_the_older_one() {
    let shop = Shop::open().await;
    let id = shop.session(&cart()).await;
    let older = shop.token(&id).await;
    let newer = shop.token(&id).await;
    assert_eq!(shop.place(&older, &cart()).await.refusal(), invalid_token());
    assert_eq!(shop.place(&newer, &cart()).await.status, 200);
    assert_eq!(
        shop.place(&older, &cart()).await.refusal(),
        refusal(404, "SESSION_COMPLETED", "Session has already been completed")
    );
}

#[tokio::test]
async fn a_deleted_authorization_is_gone() {
    let shop = Shop::open().await;
    let id = shop.session(&cart()).await;
    let token = shop.token(&id).await;
    let path = format!("/payments/v1/authorizations/{token}");
    let got = shop.call("DELETE", &path, None).await;
    assert_eq!((got.status, got.text.as_str()), (204, ""));
    assert_eq!(shop.call("DELETE", &path, None).await.refusal(), invalid_token());
    assert_eq!(shop.place(&token, &cart()).await.refusal(), invalid_token());
    let token = shop.token(&id).await;
    shop.place(&token, &cart()).await;
    let path = format!("/payments/v1/authorizations/{token}");
    assert_eq!(
        shop.call("DELETE", &path, None).await.refusal(),
        refusal(404, "NOT_FOUND", "Authorization cannot be deleted")
    );
}

async fn mismatch(change: impl FnOnce(&mut Value)) -> (u16, String, String) {
    let shop = Shop::open().await;
    let id = shop.session(&cart()).await;
    let token = shop.token(&id).await;
    let mut body = cart();
    change(&mut body);
    shop.place(&token, &body).await.refusal()
}

#[tokio::test]
async fn a_placing_must_match_what_was_authorized() {
    let got = mismatch(|body| body["billing_address"]["postal_code"] = json!("11149")).await;
    let text = "Not matching fields: [billing_address.postal_code]";
    assert_eq!(got, refusal(409, "BAD_VALUE", text));

    let got = mismatch(|body| {
        let gift = json!({"name": "Socks", "quantity": 1, "unit_price": 0, "total_amount": 0});
        body["order_lines"].as_array_mut().unwrap().push(gift);
    });
    let text =
        "Not matching fields: [Incorrect number of items in the cart. Expected: 2, Actual: 3]";
    assert_eq!(got.await, refusal(409, "BAD_VALUE", text));

    let got = mismatch(|body| body["order_lines"][1]["name"] = json!("Courier")).await;
    let text = "Not matching fields: [order_lines[1].name]";
    assert_eq!(got, refusal(409, "BAD_VALUE", text));

    let got = mismatch(|body| body["order_amount"] = json!(1)).await;
    assert_eq!(got, refusal(400, "BAD_VALUE", "Bad value: order_amount"));
}

#[tokio::test]
async fn an_address_that_is_not_sent_is_inherited() {
    let shop = Shop::open().await;
    let id = shop.session(&cart()).await;
    let token = shop.token(&id).await;
    let mut body = cart();
    body.as_object_mut().unwrap().remove("billing_address");
    body["locale"] = json!("en-SE");
    let order = shop.place(&token, &body).await.json()["order_id"].as_str().unwrap().to_owned();
    let order = shop.read(&order).await;
    assert_eq!(order["billing_address"]["city"], "Stockholm");
    assert_eq!(order["shipping_address"], order["billing_address"]);
    assert_eq!(order["locale"], "en-SE");
}

#[tokio::test]
async fn a_refused_placing_sticks_to_its_token() {
    let mut wrong = cart();
    wrong["billing_address"]["city"] = json!("Lund");
    for (sticky, status) in [(true, 409), (false, 200)] {
        let settings = Settings { sticky_placing_errors: sticky, ..Settings::default() };
        let config = Config { settings, ..Config::default() };
        let shop = Shop::open_with(config).await;
        let id = shop.session(&cart()).await;
        let token = shop.token(&id).await;
        assert_eq!(shop.place(&token, &wrong).await.status, 409);
        assert_eq!(shop.place(&token, &cart()).await.status, status);
        if sticky {
            let fresh = shop.token(&id).await;
            assert_eq!(shop.place(&fresh, &cart()).await.status, 200);
        }
    }
}

#[tokio::test]
async fn changing_an_authorized_cart_voids_the_token() {
    let shop = Shop::open().await;
    let id = shop.session(&cart()).await;
    let token = shop.token(&id).await;
    let path = format!("/payments/v1/sessions/{id}");
    shop.post(&path, &json!({"merchant_reference1": "other"})).await;
    assert_eq!(shop.get(&path).await.json()["authorization_token"], token.as_str());
    let lines = json!([cart()["order_lines"][0]]);
    let update = json!({"order_amount": 17_980, "order_tax_amount": 3596, "order_lines": lines});
    assert_eq!(shop.post(&path, &update).await.status, 204);
    assert_eq!(shop.place(&token, &cart()).await.refusal(), invalid_token());
}

#[tokio::test]
async fn auto_capture_takes_the_whole_order() {
    let shop = Shop::open().await;
    let id = shop.session(&cart()).await;
    let token = shop.token(&id).await;
    let mut body = cart();
    body["auto_capture"] = json!(true);
    let order = shop.place(&token, &body).await.json()["order_id"].as_str().unwrap().to_owned();
    let order = shop.read(&order).await;
    assert_eq!(order["status"], "CAPTURED");
    assert_eq!(order["captured_amount"], 22_880);
    assert_eq!(order["remaining_authorized_amount"], 0);
    assert_eq!(order["captures"][0]["order_lines"], order["order_lines"]);
}

#[tokio::test]
async fn the_redirect_url_needs_a_confirmation_url() {
    let shop = Shop::open().await;
    let mut cart = cart();
    cart.as_object_mut().unwrap().remove("merchant_urls");
    let id = shop.session(&cart).await;
    let token = shop.token(&id).await;
    assert_eq!(shop.place(&token, &cart).await.json().get("redirect_url"), None);
}

fn token_request() -> Value {
    json!({"purchase_country": "SE", "purchase_currency": "SEK", "locale": "sv-SE",
        "description": "Socks every month", "intended_use": "subscription"})
}

#[tokio::test]
async fn the_intent_decides_what_a_token_makes() {
    let shop = Shop::open().await;
    for (intent, tokenizes, places) in
        [("buy", 403, 200), ("buy_and_tokenize", 200, 200), ("tokenize", 200, 403)]
    {
        let mut cart = cart();
        cart["intent"] = json!(intent);
        let id = shop.session(&cart).await;
        let token = shop.token(&id).await;
        let path = format!("/payments/v1/authorizations/{token}/customer-token");
        let made = shop.post(&path, &token_request()).await;
        assert_eq!(made.status, tokenizes, "{intent}: {}", made.text);
        if tokenizes == 403 {
            let text = "Not allowed to create customer tokens for intent buy.";
            assert_eq!(made.refusal(), refusal(403, "INVALID_OPERATION", text));
        } else {
            assert_eq!(made.json()["token_id"].as_str().unwrap().len(), 36);
            assert_eq!(made.json()["billing_address"]["city"], "Stockholm");
            assert_eq!(shop.post(&path, &token_request()).await.text, made.text);
        }
        assert_eq!(shop.place(&token, &cart).await.status, places, "{intent}");
    }
}

#[tokio::test]
async fn after_the_order_only_the_newest_young_token_makes_a_customer_token() {
    let shop = Shop::open().await;
    let mut cart = cart();
    cart["intent"] = json!("buy_and_tokenize");
    let id = shop.session(&cart).await;
    let older = shop.token(&id).await;
    let newer = shop.token(&id).await;
    assert_eq!(shop.place(&newer, &cart).await.status, 200);
    let path = |token: &str| format!("/payments/v1/authorizations/{token}/customer-token");
    assert_eq!(shop.post(&path(&older), &token_request()).await.refusal(), invalid_token());
    assert_eq!(shop.post(&path(&newer), &token_request()).await.status, 200);
    let id = shop.session(&cart).await;
    let late = shop.token(&id).await;
    assert_eq!(shop.place(&late, &cart).await.status, 200);
    shop.advance("PT1H").await;
    assert_eq!(shop.post(&path(&late), &token_request()).await.refusal(), invalid_token());
}

#[tokio::test]
async fn a_customer_token_needs_a_purpose_and_its_own_country() {
    let shop = Shop::open().await;
    let mut cart = cart();
    cart["intent"] = json!("tokenize");
    let id = shop.session(&cart).await;
    let token = shop.token(&id).await;
    let path = format!("/payments/v1/authorizations/{token}/customer-token");
    let mut foreign = token_request();
    foreign["billing_address"] = json!({"country": "NO"});
    assert_eq!(
        shop.post(&path, &foreign).await.refusal(),
        refusal(400, "BAD_VALUE", "Bad value: purchase_country")
    );
    let mut aimless = token_request();
    aimless["intended_use"] = json!("FUN");
    aimless["description"] = json!("");
    assert_eq!(
        shop.post(&path, &aimless).await.refusal(),
        refusal(400, "BAD_VALUE", "Bad value: description, intended_use")
    );
    let nowhere = "/payments/v1/authorizations/nonsense/customer-token";
    assert_eq!(shop.post(nowhere, &token_request()).await.refusal(), invalid_token());
}

#[tokio::test]
async fn simultaneous_placings_of_one_token_make_one_order() {
    let shop = std::sync::Arc::new(Shop::open().await);
    let id = shop.session(&cart()).await;
    let token = shop.token(&id).await;
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..10 {
        let (shop, token) = (shop.clone(), token.clone());
        calls.spawn(async move { shop.place(&token, &cart()).await.text });
    }
    let mut answers = calls.join_all().await;
    answers.dedup();
    assert_eq!(answers.len(), 1);
    assert!(answers[0].contains("order_id"));
}
