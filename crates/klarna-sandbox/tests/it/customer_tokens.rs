//! Customer Token v1: read, charge, cancel; and what test persons and developers make of it.

use serde_json::{Value, json};

use crate::support::{Got, Shop, cart, refusal};

/// A token of a purchase by this person, paid so.
pub(crate) async fn token(shop: &Shop, email: &str, method: &str) -> String {
    let mut cart = cart();
    cart["intent"] = json!("tokenize");
    cart["billing_address"]["email"] = json!(email);
    let session = shop.session(&cart).await;
    let approve = json!({"outcome": "approved", "payment_method": method});
    let authorized = shop.authorize(&session, &approve).await;
    let authorization = authorized["authorization_token"].as_str().unwrap();
    let request = json!({"description": "Boots every spring", "intended_use": "SUBSCRIPTION",
        "locale": "sv-SE", "purchase_country": "SE", "purchase_currency": "SEK"});
    let path = format!("/payments/v1/authorizations/{authorization}/customer-token");
    shop.post(&path, &request).await.json()["token_id"].as_str().unwrap().to_owned()
}

/// One pair of laces at 34.90, 25 % included.
pub(crate) fn laces() -> Value {
    json!({"order_amount": 3490, "order_tax_amount": 698, "purchase_currency": "SEK",
        "locale": "sv-SE",
        "order_lines": [{"type": "physical", "reference": "laces", "name": "Laces", "quantity": 1,
            "unit_price": 3490, "tax_rate": 2500, "total_amount": 3490, "total_tax_amount": 698}]})
}

pub(crate) async fn charge(shop: &Shop, token: &str, body: &Value) -> Got {
    shop.post(&format!("/customer-token/v1/tokens/{token}/order"), body).await
}

#[tokio::test]
async fn a_token_is_charged_as_often_as_it_is_asked_to() {
    let shop = Shop::open().await;
    let token = token(&shop, "customer@email.se", "invoice").await;
    let first = charge(&shop, &token, &laces()).await;
    let order_id = first.json()["order_id"].as_str().unwrap().to_owned();
    assert_eq!(
        first.text,
        format!(
            "{{\n  \"order_id\" : \"{order_id}\",\n  \"fraud_status\" : \"ACCEPTED\",\n  \
             \"authorized_payment_method\" : {{\n    \"type\" : \"invoice\"\n  }}\n}}"
        )
    );
    let order = shop.read(&order_id).await;
    assert_eq!(order["order_amount"], 3490);
    assert_eq!(order["purchase_country"], "SE");
    assert_eq!(order["locale"], "sv-SE");
    assert_eq!(order["billing_address"]["city"], "Stockholm");
    assert_eq!(order["status"], "AUTHORIZED");

    let mut captured = laces();
    captured["auto_capture"] = json!(true);
    captured["merchant_urls"] = json!({"confirmation": "https://shop.example/thanks"});
    let second = charge(&shop, &token, &captured).await.json();
    assert_ne!(second["order_id"], *order_id);
    assert!(second["redirect_url"].as_str().unwrap().contains("/eu/kp/v1/sessions/"));
    let order = shop.read(second["order_id"].as_str().unwrap()).await;
    assert_eq!((&order["status"], &order["captured_amount"]), (&"CAPTURED".into(), &3490.into()));
}

#[tokio::test]
async fn one_key_charges_once() {
    let shop = Shop::open().await;
    let token = token(&shop, "customer@email.se", "invoice").await;
    let path = format!("/customer-token/v1/tokens/{token}/order");
    let mut answers = Vec::new();
    for key in ["spring", "spring", "autumn"] {
        let request = shop.request("POST", &path).header("klarna-idempotency-key", key);
        let sent = request.json(&laces()).send().await.unwrap();
        answers.push(sent.text().await.unwrap());
    }
    assert_eq!(answers[0], answers[1]);
    assert_ne!(answers[0], answers[2]);
}

#[tokio::test]
async fn a_token_reads_as_it_is_paid() {
    let shop = Shop::open().await;
    let read = async |method| {
        let token = token(&shop, "customer@email.se", method).await;
        shop.get(&format!("/customer-token/v1/tokens/{token}")).await
    };
    assert_eq!(
        read("invoice").await.text,
        "{\n  \"status\" : \"ACTIVE\",\n  \"payment_method_type\" : \"INVOICE\"\n}"
    );
    let card = read("card").await.json();
    let members: Vec<&String> = card["card"].as_object().unwrap().keys().collect();
    assert_eq!(members, ["brand", "expiry_date", "masked_number"]);
    let debit = read("direct_debit").await.json();
    assert_eq!(debit["direct_debit"].as_object().unwrap().len(), 1);
}

#[tokio::test]
async fn wrong_fields_and_declined_purchases_have_their_own_codes() {
    let shop = Shop::open().await;
    let active = token(&shop, "customer@email.se", "invoice").await;
    for (pointer, value, fields) in [
        ("/order_lines/0/name", json!(""), "order_lines[0].name"),
        ("/order_lines/0/total_tax_amount", json!(9), "order_lines[0].total_tax_amount"),
        ("/order_amount", json!(3491), "order_amount"),
        ("/order_amount", json!(0), "order_amount"),
        ("/order_tax_amount", json!(null), "order_tax_amount"),
        ("/purchase_currency", json!("EUR"), "purchase_currency"),
        ("/purchase_currency", json!(null), "purchase_currency"),
    ] {
        let mut body = laces();
        *body.pointer_mut(pointer).unwrap() = value;
        assert_eq!(
            charge(&shop, &active, &body).await.refusal(),
            refusal(400, "BAD_REQUEST", &format!("Bad value: {fields}"))
        );
    }
    let control = format!("/sandbox/v1/customer-tokens/{active}");
    let declines = json!({"declines": true});
    assert_eq!(shop.call("PATCH", &control, Some(&declines)).await.status, 200);
    let refused = charge(&shop, &active, &laces()).await;
    assert_eq!(
        refused.refusal(),
        refusal(403, "PAYMENT_METHOD_FAILED", "Purchase for payment method failed")
    );
    let body = refused.json();
    assert_eq!(body["fraud_status"], "REJECTED");
    assert_eq!(body["reason"], "rejected");
    assert_eq!(body["authorized_payment_method"], json!({"type": "invoice"}));
}

#[tokio::test]
async fn a_token_that_is_unknown_suspended_or_cancelled_is_not_charged() {
    let shop = Shop::open().await;
    let unknown = refusal(404, "TOKEN_NOT_FOUND", "Customer token not found");
    assert_eq!(charge(&shop, "nonsense", &laces()).await.refusal(), unknown);
    assert_eq!(shop.get("/customer-token/v1/tokens/nonsense").await.refusal(), unknown);
    let token = token(&shop, "customer@email.se", "invoice").await;
    let control = format!("/sandbox/v1/customer-tokens/{token}");
    let suspended = json!({"status": "SUSPENDED"});
    assert_eq!(shop.call("PATCH", &control, Some(&suspended)).await.status, 200);
    let text = "Customer token is suspended";
    assert_eq!(
        charge(&shop, &token, &laces()).await.refusal(),
        refusal(403, "TOKEN_SUSPENDED", text)
    );
    let status = format!("/customer-token/v1/tokens/{token}/status");
    let bad = shop.call("PATCH", &status, Some(&json!({"status": "ACTIVE"}))).await;
    assert_eq!(bad.refusal(), refusal(400, "BAD_REQUEST", "Bad value: status"));
    for _ in 0..2 {
        let done = shop.call("PATCH", &status, Some(&json!({"status": "CANCELLED"}))).await;
        assert_eq!((done.status, done.text.as_str()), (202, ""));
    }
    let read = shop.get(&format!("/customer-token/v1/tokens/{token}")).await.json();
    assert_eq!(read["status"], "CANCELLED");
    let text = "Customer token is canceled";
    assert_eq!(
        charge(&shop, &token, &laces()).await.refusal(),
        refusal(403, "TOKEN_CANCELED", text)
    );
}

#[tokio::test]
async fn the_order_of_no_token_is_no_method_of_anything() {
    let shop = Shop::open().await;
    let got = shop.post("/customer-token/v1/tokens//order", &laces()).await;
    assert_eq!(got.refusal(), refusal(405, "HTTP_ERROR", ""));
    assert_eq!(shop.get("/customer-token/v1/nothing").await.refusal().0, 404);
}

#[tokio::test]
async fn a_pending_person_waits_for_every_order() {
    let shop = Shop::open().await;
    let token = token(&shop, "user+pend-accept-05@email.se", "invoice").await;
    let placed = charge(&shop, &token, &laces()).await.json();
    assert_eq!(placed["fraud_status"], "PENDING");
    shop.advance("PT5M").await;
    let order = shop.read(placed["order_id"].as_str().unwrap()).await;
    assert_eq!(order["fraud_status"], "ACCEPTED");
}

#[tokio::test]
async fn urls_are_sent_with_a_confirmation_or_not_at_all() {
    let shop = Shop::open().await;
    let token = token(&shop, "customer@email.se", "invoice").await;
    for (urls, status) in [
        (json!({"push": "https://shop.example/push"}), 400),
        (json!({}), 400),
        (json!({"confirmation": "https://shop.example/thanks"}), 200),
    ] {
        let mut body = laces();
        body["merchant_urls"] = urls;
        let got = charge(&shop, &token, &body).await;
        assert_eq!(got.status, status, "{}", got.text);
        if status == 400 {
            let text = "Bad value: merchant_urls.confirmation";
            assert_eq!(got.refusal(), refusal(400, "BAD_REQUEST", text));
        }
    }
}

#[tokio::test]
async fn lines_have_other_limits_than_in_payments() {
    let shop = Shop::open().await;
    let token = token(&shop, "customer@email.se", "invoice").await;
    let with = |name: &str, value: Value| {
        let mut body = laces();
        body["order_lines"][0][name] = value;
        body
    };
    let costing = |amount: i64| {
        let line = json!({"name": "Laces", "quantity": 1, "unit_price": amount,
            "total_amount": amount});
        json!({"order_amount": amount, "order_tax_amount": 0, "purchase_currency": "SEK",
            "purchase_country": "SE", "order_lines": [line]})
    };
    let text = |length: usize| json!("å".repeat(length));
    for good in [
        costing(100_000_000),
        with("merchant_data", text(255)),
        with("reference", text(256)),
        with("type", json!("surcharge")),
    ] {
        let charged = charge(&shop, &token, &good).await;
        assert_eq!(charged.status, 200, "{}", charged.text);
    }
    let prices = "order_lines[0].total_amount, order_lines[0].unit_price";
    for (bad, fields) in [
        (costing(100_000_001), prices),
        (with("merchant_data", text(256)), "order_lines[0].merchant_data"),
        (with("reference", text(257)), "order_lines[0].reference"),
        (with("type", json!("return_fee")), "order_lines[0].type"),
    ] {
        let refused = refusal(400, "BAD_REQUEST", &format!("Bad value: {fields}"));
        assert_eq!(charge(&shop, &token, &bad).await.refusal(), refused);
    }
    shop.session(&costing(200_000_000)).await;
    let mut session = cart();
    session["order_lines"][0]["merchant_data"] = text(1024);
    session["order_lines"][0]["type"] = json!("return_fee");
    shop.session(&session).await;
    session["order_lines"][0]["reference"] = text(256);
    let got = shop.post("/payments/v1/sessions", &session).await;
    let refused = refusal(400, "BAD_VALUE", "Bad value: order_lines[0].reference");
    assert_eq!(got.refusal(), refused);
}
