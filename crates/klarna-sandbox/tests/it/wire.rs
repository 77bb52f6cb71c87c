//! What recorded exchanges establish about answers letter by letter: names of headers, order of
//! members, spacing, forms of ids and times. The values are our own.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::support::{Got, Shop, cart};

const BADGE: &str = "https://x.klarnacdn.net/payment-method/assets/badges/generic/klarna.svg";

/// On every answer of either back end.
const EVERYWHERE: [&str; 11] = [
    "cache-control",
    "expires",
    "klarna-correlation-id",
    "pragma",
    "strict-transport-security",
    "x-content-type-options",
    "x-frame-options",
    "x-ratelimit-limit",
    "x-ratelimit-remaining",
    "x-ratelimit-reset",
    "x-xss-protection",
];

/// The names of an answer's headers, without those that any HTTP server sends.
fn names(got: &Got) -> Vec<&str> {
    let mut names: Vec<&str> =
        got.headers.keys().map(reqwest::header::HeaderName::as_str).collect();
    names.retain(|name| !["date", "server", "content-length", "transfer-encoding"].contains(name));
    names.sort_unstable();
    names
}

fn with(more: &[&'static str]) -> Vec<&'static str> {
    let mut names: Vec<&str> = EVERYWHERE.iter().chain(more).copied().collect();
    names.sort_unstable();
    names
}

/// Version 4, as the standard writes it.
fn is_random_uuid(text: &str) -> bool {
    uuid::Uuid::parse_str(text).is_ok_and(|id| id.get_version_num() == 4) && text.len() == 36
}

#[tokio::test]
async fn every_kind_of_answer_has_its_headers() {
    let shop = Shop::open().await;
    let sessions = "/payments/v1/sessions";
    let created = shop.post(sessions, &cart()).await;
    assert_eq!(names(&created), with(&["content-type", "render-time", "vary"]));
    let refused = shop.post(sessions, &json!({})).await;
    assert_eq!(names(&refused), with(&["content-type", "render-time"]));
    let id = shop.session(&cart()).await;
    let updated = shop.post(&format!("{sessions}/{id}"), &json!({})).await;
    assert_eq!((updated.status, names(&updated)), (204, with(&["render-time"])));

    let order = shop.order().await;
    let orders = format!("/ordermanagement/v1/orders/{order}");
    let read = shop.get(&orders).await;
    assert_eq!(names(&read), with(&["content-type", "vary"]));
    let missing = shop.get("/ordermanagement/v1/orders/1-1-1-1-1").await;
    assert_eq!(names(&missing), with(&["content-type"]));
    let captured = shop.act(&order, "captures", &json!({"captured_amount": 1000})).await;
    assert_eq!(names(&captured), with(&["capture-id", "location", "transaction-id"]));
    let refunded = shop.act(&order, "refunds", &json!({"refunded_amount": 10})).await;
    assert_eq!(names(&refunded), with(&["location", "refund-id", "transaction-id"]));
    let acknowledged = shop.call("POST", &format!("{orders}/acknowledge"), None).await;
    assert_eq!((acknowledged.status, names(&acknowledged)), (204, with(&["transaction-id"])));
    assert_eq!(acknowledged.headers.get("content-length"), None);
    for got in [&captured, &refunded] {
        assert_eq!((got.status, got.header("content-length")), (201, "0"));
    }
    for got in [&captured, &refunded, &acknowledged] {
        assert!(is_random_uuid(got.header("transaction-id")));
    }
    assert_ne!(captured.header("transaction-id"), refunded.header("transaction-id"));
    for (got, name) in [(&captured, "capture-id"), (&refunded, "refund-id")] {
        assert!(is_random_uuid(got.header(name)), "{name}");
        assert!(got.header("location").starts_with(&format!("{}{orders}/", shop.running.url())));
        assert!(got.header("location").ends_with(got.header(name)));
    }
}

#[tokio::test]
async fn an_answer_about_lines_says_that_they_are_valid() {
    let shop = Shop::open().await;
    let order = shop.order().await;
    let line = json!({"name": "Boots", "quantity": 1, "unit_price": 100, "total_amount": 100});
    for (act, amount) in [("captures", "captured_amount"), ("refunds", "refunded_amount")] {
        let with_lines = shop.act(&order, act, &json!({amount: 100, "order_lines": [line]})).await;
        assert_eq!(with_lines.header("klarna-order-validation"), "Valid", "{act}");
    }
}

#[tokio::test]
async fn security_headers_have_their_values() {
    let shop = Shop::open().await;
    let order = shop.order().await;
    let read = shop.get(&format!("/ordermanagement/v1/orders/{order}")).await;
    let refused = shop.post("/payments/v1/sessions", &json!({})).await;
    for got in [&read, &refused] {
        for (name, value) in [
            ("cache-control", "no-cache, no-store, max-age=0, must-revalidate"),
            ("expires", "0"),
            ("pragma", "no-cache"),
            ("strict-transport-security", "max-age=31536000; includeSubDomains"),
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("x-xss-protection", "1; mode=block"),
            ("content-type", "application/json"),
        ] {
            assert_eq!(got.header(name), value, "{name}");
        }
        assert!(is_random_uuid(got.header("klarna-correlation-id")));
    }
}

#[tokio::test]
async fn strangers_get_this_page_and_nothing_else() {
    let shop = Shop::open().await;
    let url = format!("{}/ordermanagement/v1/orders/1-1-1-1-1", shop.running.url());
    let got = crate::support::got(shop.client.get(url).send().await.unwrap()).await;
    assert_eq!(got.status, 401);
    assert_eq!(names(&got), ["content-type", "strict-transport-security", "www-authenticate"]);
    assert_eq!(
        got.text,
        "<html><head><title>401 Authorization Required</title></head><body><center>\
         <h1>401 Authorization Required</h1></center></body></html>"
    );
}

#[tokio::test]
async fn a_created_session_is_pretty() {
    let shop = Shop::open().await;
    let mut american = cart();
    american["purchase_country"] = json!("US");
    american["purchase_currency"] = json!("USD");
    let got = shop.post("/payments/v1/sessions", &american).await;
    let body = got.json();
    let text = |member: &str| body[member].as_str().unwrap().to_owned();
    assert_eq!(
        got.text,
        format!(
            r#"{{
  "session_id" : "{}",
  "client_token" : "{}",
  "payment_method_categories" : [ {{
    "identifier" : "pay_over_time",
    "name" : "4 interest-free payments",
    "asset_urls" : {{
      "descriptive" : "{BADGE}",
      "standard" : "{BADGE}"
    }}
  }} ]
}}"#,
            text("session_id"),
            text("client_token")
        )
    );
    let european = shop.post("/payments/v1/sessions", &cart()).await;
    assert!(european.text.contains("\n  }, {\n    \"identifier\" : "), "{}", european.text);
}

#[tokio::test]
async fn a_client_token_claims_what_klarnas_claim_in_their_order() {
    let shop = Shop::open().await;
    let body = shop.post("/payments/v1/sessions", &cart()).await.json();
    let token = body["client_token"].as_str().unwrap();
    let parts: Vec<Vec<u8>> =
        token.split('.').map(|part| URL_SAFE_NO_PAD.decode(part).unwrap()).collect();
    assert_eq!((parts.len(), parts[2].len()), (3, 256));
    let head = String::from_utf8(parts[0].clone()).unwrap();
    assert!(head.starts_with(r#"{"alg":"RS256","kid":""#), "{head}");
    let claims = String::from_utf8(parts[1].clone()).unwrap();
    let mut at = 0;
    for claim in [
        "session_id",
        "base_url",
        "design",
        "language",
        "purchase_country",
        "environment",
        "merchant_name",
        "session_type",
        "client_event_base_url",
        "scheme",
        "experiments",
        "region",
        "order_amount",
        "offering_opts",
        "oo",
        "version",
    ] {
        let found = claims.find(&format!("\"{claim}\":")).unwrap_or_else(|| panic!("{claim}"));
        assert!(found > at || at == 0, "{claim} in {claims}");
        at = found;
    }
    let claims: Value = serde_json::from_slice(&parts[1]).unwrap();
    assert_eq!(claims.as_object().unwrap().len(), 16);
    assert_eq!(claims["session_id"], body["session_id"]);
    assert_eq!(
        (&claims["session_type"], &claims["environment"], &claims["region"]),
        (&json!("PAYMENTS"), &json!("playground"), &json!("eu"))
    );
}

/// The members of a line, the ten that are always there first.
const LINE: &str = r#"{"reference":"","type":"physical","quantity":1,"quantity_unit":"","name":"Boots","total_amount":2500,"unit_price":2500,"total_discount_amount":0,"tax_rate":0,"total_tax_amount":0,"product_url":"https://shop.example/boots","image_url":"https://shop.example/boots.png"}"#;

const ADDRESS: &str = r#"{"given_name":"Alice","family_name":"Test","title":"","street_address":"Storgatan 1","street_address2":"","postal_code":"123 45","city":"Ankeborg","region":"","country":"SE","email":"customer@email.se","phone":"+46701740615"}"#;

/// An order captured as it was placed and refunded without lines, in the words of recordings of 2020
/// and 2021.
#[tokio::test]
async fn a_captured_and_refunded_order_letter_by_letter() {
    let shop = Shop::open().await;
    let line: Value = serde_json::from_str(LINE).unwrap();
    let mut sent = line.clone();
    for filled_in in ["reference", "type", "quantity_unit", "total_discount_amount", "tax_rate"] {
        sent.as_object_mut().unwrap().remove(filled_in);
    }
    let cart = json!({"purchase_country": "se", "purchase_currency": "sek", "locale": "sv-se",
        "order_amount": 2500, "order_lines": [sent], "auto_capture": true,
        "customer": {"date_of_birth": "1941-03-21"}, "merchant_data": "{}",
        "merchant_reference1": "m1", "billing_address": serde_json::from_str::<Value>(ADDRESS).unwrap()});
    let order = shop.order_of(&cart, &json!({"payment_method": "card"})).await;
    let first = shop.done(&order, "refunds", &json!({"refunded_amount": 100})).await;
    let second = shop.done(&order, "refunds", &json!({"refunded_amount": 30})).await;
    let got = shop.get(&format!("/ordermanagement/v1/orders/{order}")).await;
    let read = got.json();
    let reference = read["klarna_reference"].as_str().unwrap();
    let capture = read["captures"][0]["capture_id"].as_str().unwrap();
    let expected = [
        format!(r#"{{"order_id":"{order}","status":"CAPTURED","fraud_status":"ACCEPTED""#),
        r#","order_amount":2500,"original_order_amount":2500,"captured_amount":2500"#.to_owned(),
        r#","refunded_amount":130,"remaining_authorized_amount":0"#.to_owned(),
        format!(r#","purchase_currency":"SEK","locale":"sv-SE","order_lines":[{LINE}]"#),
        format!(r#","merchant_reference1":"m1","klarna_reference":"{reference}""#),
        r#","customer":{"date_of_birth":"1941-03-21","type":"person"}"#.to_owned(),
        format!(r#","billing_address":{ADDRESS},"shipping_address":{ADDRESS}"#),
        r#","created_at":"2026-03-01T12:00:00.250Z","purchase_country":"SE""#.to_owned(),
        r#","expires_at":"2026-03-29T00:00:00.000Z""#.to_owned(),
        format!(r#","captures":[{{"capture_id":"{capture}","klarna_reference":"{reference}-1""#),
        r#","captured_amount":2500,"captured_at":"2026-03-01T12:00:00.250Z""#.to_owned(),
        format!(r#","description":"","order_lines":[{LINE}],"refunded_amount":0"#),
        format!(r#","billing_address":{ADDRESS},"shipping_address":{ADDRESS}"#),
        r#","shipping_info":[]}]"#.to_owned(),
        format!(r#","refunds":[{{"refund_id":"{first}","refunded_amount":100"#),
        r#","refunded_at":"2026-03-01T12:00:00.250Z","description":"","order_lines":[]"#.to_owned(),
        format!(r#","credit_invoice":false}},{{"refund_id":"{second}","refunded_amount":30"#),
        r#","refunded_at":"2026-03-01T12:00:00.250Z","description":"","order_lines":[]"#.to_owned(),
        r#","credit_invoice":false}],"merchant_data":"{}""#.to_owned(),
        r#","initial_payment_method":{"type":"CARD","description":"Card"}}"#.to_owned(),
    ];
    assert_eq!(got.text, expected.concat());
    assert!(is_random_uuid(capture));
    assert!(reference.len() == 8 && reference.bytes().all(|it| it.is_ascii_alphanumeric()));

    // Unallocated refunds never show on a capture, also days later.
    shop.advance("P5D").await;
    let read = shop.read(&order).await;
    assert_eq!((&read["refunded_amount"], &read["status"]), (&json!(130), &json!("CAPTURED")));
    assert_eq!(read["captures"][0]["refunded_amount"], 0);
}

#[tokio::test]
async fn what_was_never_sent_is_absent_and_never_null() {
    let shop = Shop::open().await;
    let line = json!({"name": "A", "quantity": 1, "unit_price": 5, "total_amount": 5,
        "image_url": null, "product_identifiers": null, "reference": null});
    let cart = json!({"purchase_country": "SE", "purchase_currency": "SEK", "order_amount": 5,
        "order_lines": [line], "billing_address": null, "merchant_reference1": null});
    let order = shop.order_of(&cart, &json!({})).await;
    let got = shop.get(&format!("/ordermanagement/v1/orders/{order}")).await;
    assert!(!got.text.contains("null"), "{}", got.text);
    let read = got.json();
    for absent in [
        "billing_address",
        "shipping_address",
        "customer",
        "merchant_reference1",
        "merchant_reference2",
        "merchant_data",
        "shipping_info",
    ] {
        assert_eq!(read.get(absent), None, "{absent}");
    }
    assert_eq!(read["order_lines"][0].as_object().unwrap().len(), 10);
}

/// Totals and taxes of lines that Klarna took, and of one that it refused (recordings 2019 to 2024).
#[tokio::test]
async fn taxes_are_judged_as_recorded() {
    let shop = Shop::open().await;
    for (total, rate, tax, status) in [
        (9999, 2300, 1870, 200),
        (12_300, 2300, 2300, 200),
        (9900, 2500, 1980, 200),
        (1800, 2100, 312, 200),
        (495, 700, 41, 400),
        (495, 700, 32, 200),
        (495, 700, 33, 200),
    ] {
        let line = json!({"name": "A", "quantity": 1, "unit_price": total, "total_amount": total,
            "tax_rate": rate, "total_tax_amount": tax});
        let cart = json!({"purchase_country": "SE", "purchase_currency": "SEK",
            "order_amount": total, "order_tax_amount": tax, "order_lines": [line]});
        let got = shop.post("/payments/v1/sessions", &cart).await;
        assert_eq!(got.status, status, "{total} at {rate} with {tax}: {}", got.text);
    }
}
