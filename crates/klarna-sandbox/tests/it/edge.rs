//! The edge: strangers, wrong paths and methods, sizes, slashes.

use klarna_sandbox::Config;
use serde_json::json;

use crate::support::{Shop, cart, got, refusal};

#[tokio::test]
async fn strangers_get_a_page() {
    let shop = Shop::open().await;
    let url = format!("{}/payments/v1/sessions", shop.running.url());
    let requests = [
        shop.client.post(&url),
        shop.client.post(&url).basic_auth("shop", Some("wrong")),
        shop.client.post(&url).bearer_auth("token"),
    ];
    for request in requests {
        let got = got(request.json(&cart()).send().await.unwrap()).await;
        assert_eq!(got.status, 401);
        assert_eq!(got.header("content-type"), "text/html");
        assert_eq!(got.header("www-authenticate"), "Basic realm=\"very closed site\"");
        assert_eq!(got.header("strict-transport-security"), "max-age=31536000; includeSubDomains");
        assert_eq!(got.headers.get("klarna-correlation-id"), None);
        assert!(got.text.contains("401 Authorization Required"));
    }
    let key = shop.client.post(&url).header("Authorization", "Basic klarna_test_api_x");
    assert_eq!(key.json(&cart()).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn strict_mode_knows_one_pair() {
    let credentials = Some(("shop".to_owned(), "secret".into()));
    let shop = Shop::open_with(Config { credentials, ..Config::default() }).await;
    assert_eq!(shop.post("/payments/v1/sessions", &cart()).await.status, 200);
    let url = format!("{}/payments/v1/sessions", shop.running.url());
    let request = shop.client.post(&url).basic_auth("shop", Some("guess")).json(&cart());
    assert_eq!(request.send().await.unwrap().status(), 401);
}

#[tokio::test]
async fn slashes_make_no_difference() {
    let shop = Shop::open().await;
    for path in ["/payments/v1/sessions/", "//payments/v1/sessions", "//payments/v1//sessions//"] {
        assert_eq!(shop.post(path, &cart()).await.status, 200, "{path}");
    }
}

#[tokio::test]
async fn wrong_methods_and_paths_have_degenerate_errors() {
    let shop = Shop::open().await;
    let order = shop.order().await;
    let orders = format!("/ordermanagement/v1/orders/{order}");
    for (method, path, status) in [
        ("GET", "/payments/v1/sessions".to_owned(), 405),
        ("PUT", "/payments/v1/sessions/x".to_owned(), 405),
        ("POST", "/payments/v1/authorizations//order".to_owned(), 405),
        ("GET", "/payments/v1/nothing".to_owned(), 404),
        ("POST", orders.clone(), 405),
        ("GET", format!("{orders}/cancel"), 405),
        ("POST", format!("{orders}/authorization"), 405),
        ("PATCH", format!("{orders}/captures"), 405),
        ("GET", format!("{orders}/nothing"), 404),
        ("POST", format!("{orders}/nothing"), 404),
        ("GET", "/ordermanagement/v1/nothing".to_owned(), 404),
    ] {
        let got = shop.call(method, &path, None).await;
        assert_eq!(got.refusal(), refusal(status, "HTTP_ERROR", ""), "{method} {path}");
    }
    assert_eq!(shop.get("/nowhere").await.status, 404);
}

#[tokio::test]
async fn large_bodies_are_read_and_refused() {
    let shop = Shop::open().await;
    let order = shop.order().await;
    let large = json!({"merchant_reference1": "x".repeat(3_000_000)});
    for (method, path) in [
        ("POST", "/payments/v1/sessions".to_owned()),
        ("PATCH", format!("/ordermanagement/v1/orders/{order}/merchant-references")),
    ] {
        let got = shop.call(method, &path, Some(&large)).await;
        assert_eq!(got.refusal(), refusal(413, "REQUEST_TOO_LARGE", "Request is too large"));
    }
}

#[tokio::test]
async fn dropping_the_sandbox_stops_it() {
    let shop = Shop::open().await;
    let url = shop.running.url();
    let client = shop.client.clone();
    assert_eq!(client.get(&url).send().await.unwrap().status(), 200);
    drop(shop);
    while client.get(&url).send().await.is_ok() {
        tokio::task::yield_now().await;
    }
}
