//! Sessions: created, refused, changed, read, authorized, aged.

use serde_json::{Value, json};

use crate::support::{Shop, cart, refusal};

async fn create(shop: &Shop, change: impl FnOnce(&mut Value)) -> crate::support::Got {
    let mut cart = cart();
    change(&mut cart);
    shop.post("/payments/v1/sessions", &cart).await
}

#[tokio::test]
async fn a_created_session_has_klarnas_members() {
    let shop = Shop::open().await;
    let got = create(&shop, |_| ()).await;
    let body = got.json();
    let names: Vec<&str> = body["payment_method_categories"]
        .as_array()
        .unwrap()
        .iter()
        .map(|category| category["identifier"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["pay_later", "pay_over_time", "pay_now"]);
    let american = create(&shop, |cart| {
        cart["purchase_country"] = json!("US");
        cart["purchase_currency"] = json!("USD");
    });
    let american = american.await.json();
    assert_eq!(american["payment_method_categories"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_refusal_is_written_as_recorded() {
    let shop = Shop::open().await;
    let got = shop.post("/payments/v1/sessions", &json!({})).await;
    let id = got.header("klarna-correlation-id");
    assert_eq!(got.status, 400);
    assert_eq!(got.header("content-type"), "application/json");
    assert_eq!(
        got.text,
        format!(
            "{{\n  \"correlation_id\" : \"{id}\",\n  \"error_code\" : \"BAD_VALUE\",\n  \
             \"error_messages\" : [ \"Bad value: purchase_currency, purchase_country\" ]\n}}"
        )
    );
}

#[tokio::test]
async fn sums_that_do_not_add_up_name_their_field() {
    let shop = Shop::open().await;
    for (pointer, value, field) in [
        ("/order_amount", 22_881, "order_amount"),
        ("/order_tax_amount", 4579, "order_tax_amount"),
        ("/order_lines/0/total_amount", 17_981, "order_lines[0].total_amount"),
        ("/order_lines/1/total_tax_amount", 978, "order_lines[1].total_tax_amount"),
    ] {
        let got = create(&shop, |cart| *cart.pointer_mut(pointer).unwrap() = json!(value)).await;
        assert_eq!(
            got.refusal(),
            refusal(400, "BAD_VALUE", &format!("Bad value: {field}")),
            "{pointer}"
        );
    }
    let tolerated = create(&shop, |cart| cart["order_tax_amount"] = json!(4578)).await;
    assert_eq!(tolerated.status, 200);
}

#[tokio::test]
async fn what_klarna_takes_is_taken() {
    let shop = Shop::open().await;
    let got = create(&shop, |cart| {
        cart["locale"] = json!("EN");
        cart["options"] = json!({});
        cart["order_amount"] = json!("22880");
        cart["order_lines"][0]["image_url"] = json!(null);
        cart["order_lines"][0]["product_identifiers"] = json!({});
        cart["billing_address"]["phone"] = json!(null);
        cart["shipping_address"] = json!({"country": "US", "city": "New York"});
        cart["a_member_of_tomorrow"] = json!([1, 2.5, {"x": null}]);
    });
    assert_eq!(got.await.status, 200);
}

#[tokio::test]
async fn bodies_that_are_not_objects_are_bad_requests() {
    let shop = Shop::open().await;
    for body in ["{", "[]", "7", "\"text\"", "null", "\u{feff}{}", "{\"a\":1}x"] {
        let request = shop.request("POST", "/payments/v1/sessions").body(body);
        let got = crate::support::got(request.send().await.unwrap()).await;
        assert_eq!((got.status, &got.json()["error_code"]), (400, &json!("BAD_REQUEST")), "{body}");
    }
}

#[tokio::test]
async fn an_update_changes_what_it_brings_and_is_checked_as_a_whole() {
    let shop = Shop::open().await;
    let id = shop.session(&cart()).await;
    let path = format!("/payments/v1/sessions/{id}");
    let got = shop.post(&path, &json!({"merchant_reference2": "two"})).await;
    assert_eq!((got.status, got.text.as_str()), (204, ""));
    assert_eq!(got.headers.get("content-type"), None);
    let refused = shop.post(&path, &json!({"order_amount": 1})).await;
    assert_eq!(refused.refusal(), refusal(400, "BAD_VALUE", "Bad value: order_amount"));
    let read = shop.get(&path).await.json();
    assert_eq!(read["merchant_reference1"], "shop-1");
    assert_eq!(read["merchant_reference2"], "two");
    assert_eq!(read["order_amount"], 22_880);
}

#[tokio::test]
async fn customer_details_show_only_after_authorization() {
    let shop = Shop::open().await;
    let id = shop.session(&cart()).await;
    let path = format!("/payments/v1/sessions/{id}");
    let before = shop.get(&path).await.json();
    assert_eq!(before["status"], "incomplete");
    assert_eq!(before["expires_at"], "2026-03-03T12:00:00.250Z");
    assert_eq!(before.get("billing_address"), None);
    assert_eq!(before.get("authorization_token"), None);
    let data = json!({"customer": {"date_of_birth": "1941-03-21",
        "national_identification_number": "SE194103219202"}});
    let approved = shop.authorize(&id, &json!({"outcome": "approved", "data": data})).await;
    let after = shop.get(&path).await.json();
    assert_eq!(after["authorization_token"], approved["authorization_token"]);
    assert_eq!(after["billing_address"]["family_name"], "Test");
    assert_eq!(after["customer"], json!({"date_of_birth": "1941-03-21"}));
}

#[tokio::test]
async fn a_session_lives_48_hours() {
    let shop = Shop::open().await;
    let id = shop.session(&cart()).await;
    let path = format!("/payments/v1/sessions/{id}");
    shop.advance("PT47H59M59S").await;
    assert_eq!(shop.get(&path).await.status, 200);
    shop.advance("PT1S").await;
    let expected = refusal(404, "NOT_FOUND", "Invalid session id");
    assert_eq!(shop.get(&path).await.refusal(), expected);
    assert_eq!(shop.post(&path, &json!({})).await.refusal(), expected);
    assert_eq!(shop.get("/payments/v1/sessions/nonsense").await.refusal(), expected);
}

#[tokio::test]
async fn a_completed_session_is_not_changed() {
    let shop = Shop::open().await;
    let id = shop.session(&cart()).await;
    let token = shop.token(&id).await;
    shop.place(&token, &cart()).await;
    let path = format!("/payments/v1/sessions/{id}");
    assert_eq!(
        shop.post(&path, &json!({})).await.refusal(),
        refusal(404, "SESSION_COMPLETED", "Session has already been completed")
    );
    let again = shop.post(&format!("/sandbox/v1/sessions/{id}/authorize"), &json!({})).await;
    assert_eq!((again.status, again.json()["code"].clone()), (404, json!("SESSION_COMPLETED")));
}

#[tokio::test]
async fn the_customer_may_be_denied_abort_or_mistype() {
    let shop = Shop::open().await;
    let id = shop.session(&cart()).await;
    for (request, answer) in [
        (json!({"outcome": "denied"}), json!({"approved": false, "show_form": false})),
        (json!({"outcome": "aborted"}), json!({"approved": false, "show_form": true})),
        (
            json!({"outcome": "invalid_fields"}),
            json!({"approved": false, "show_form": true,
                "error": {"invalid_fields": ["billing_address.email"]}}),
        ),
        (
            json!({"outcome": "invalid_fields", "invalid_fields": ["billing_address.city"]}),
            json!({"approved": false, "show_form": true,
                "error": {"invalid_fields": ["billing_address.city"]}}),
        ),
        (
            json!({"outcome": "approved", "data": {"order_amount": 1}}),
            json!({"approved": false, "show_form": true,
                "error": {"invalid_fields": ["order_amount"]}}),
        ),
    ] {
        assert_eq!(shop.authorize(&id, &request).await, answer);
    }
    assert_eq!(
        shop.get(&format!("/payments/v1/sessions/{id}")).await.json()["status"],
        "incomplete"
    );
}

#[tokio::test]
async fn test_persons_decide_when_nobody_else_does() {
    let shop = Shop::open().await;
    for (email, approved, show_form) in [
        ("customer@email.se", true, true),
        ("customer+denied@email.se", false, false),
        ("user+red@email.se", false, false),
    ] {
        let id = shop.session(&cart()).await;
        let data = json!({"billing_address": {"email": email}});
        let answer = shop.authorize(&id, &json!({"data": data})).await;
        assert_eq!(answer["approved"], approved, "{email}");
        assert_eq!(answer["show_form"], show_form, "{email}");
    }
}
