//! Whatever is sent without end, the sandbox's memory stays within what its configuration allows.
//! One test, in a process of its own: it measures the process.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{Read as _, Write as _};

use axum::{
    Router,
    body::Body,
    http::{Request, Response},
};
use klarna_sandbox::{AuthorizationCallback, Config, Running, Sandbox, Settings};
use serde_json::{Value, json};
use tower::ServiceExt as _;

const MIB: usize = 1024 * 1024;

/// What the process holds in memory, in bytes.
fn resident() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    pages.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

async fn call(router: &Router, request: Request<Body>) -> (Response<Body>, Value) {
    let (head, body) = router.clone().oneshot(request).await.unwrap().into_parts();
    assert!(head.status.as_u16() < 500);
    let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let json = serde_json::from_slice(&bytes).unwrap_or_default();
    (Response::from_parts(head, Body::empty()), json)
}

async fn send(router: &Router, method: &str, path: &str, body: &Value) -> (Response<Body>, Value) {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("authorization", "Basic c2hvcDpzZWNyZXQ=")
        .header("content-type", "application/json")
        .body(Body::from(body.to_string()))
        .unwrap();
    call(router, request).await
}

/// A cart that takes about so many bytes.
fn cart(bytes: usize) -> Value {
    json!({
        "purchase_country": "SE", "purchase_currency": "SEK", "intent": "buy_and_tokenize",
        "order_amount": 1_000_000,
        "order_lines": [{"name": "A", "quantity": 1, "unit_price": 1_000_000,
            "total_amount": 1_000_000}],
        "attachment": {"content_type": "text/plain", "body": "x".repeat(bytes)},
        "billing_address": {"given_name": "Alice", "family_name": "Test",
            "email": "customer@email.se", "street_address": "Street 1", "postal_code": "11148",
            "city": "Stockholm", "country": "SE", "phone": "+46701740615"},
        "merchant_urls": {"notification": "http://127.0.0.1:1/", "push": "http://127.0.0.1:1/"},
    })
}

fn text<'a>(json: &'a Value, name: &str) -> &'a str {
    json[name].as_str().unwrap()
}

/// A session whose buyer has agreed twice, and the newer token.
async fn authorized(router: &Router, cart: &Value) -> (String, String) {
    let (_, session) = send(router, "POST", "/payments/v1/sessions", cart).await;
    let session = text(&session, "session_id").to_owned();
    let path = format!("/sandbox/v1/sessions/{session}/authorize");
    let mut token = String::new();
    for _ in 0..2 {
        let (_, agreed) = send(router, "POST", &path, &json!({"outcome": "approved"})).await;
        text(&agreed, "authorization_token").clone_into(&mut token);
    }
    (session, token)
}

/// One life after the other, each leaving as much behind as it can.
async fn live(router: &Router, number: usize) {
    let cart = cart(20_000);
    let (session, _) = authorized(router, &cart).await;
    for _ in 0..3 {
        let path = format!("/kp/v1/sessions/{session}/purchase-flows");
        let (_, flow) = send(router, "POST", &path, &json!({"data": cart})).await;
        let path = format!("/kp/flow/{}", text(&flow, "flow_id"));
        let form =
            format!("action=continue&phone={}&x{number}={}", "1".repeat(9000), "y".repeat(9000));
        let request = Request::builder().method("POST").uri(path).body(Body::from(form)).unwrap();
        call(router, request).await;
    }
    let (_, token) = authorized(router, &cart).await;
    let token_path = format!("/payments/v1/authorizations/{token}/customer-token");
    let wanted = json!({"description": "d", "intended_use": "SUBSCRIPTION", "locale": "sv-SE",
        "purchase_country": "SE", "purchase_currency": "SEK", "unknown": "z".repeat(20_000)});
    send(router, "POST", &token_path, &wanted).await;
    let path = format!("/payments/v1/authorizations/{token}/order");
    let (_, order) = send(router, "POST", &path, &cart).await;
    let order = text(&order, "order_id").to_owned();
    for act in 0..5 {
        let request = Request::builder()
            .method("POST")
            .uri(format!("/ordermanagement/v1/orders/{order}/captures"))
            .header("authorization", "Basic c2hvcDpzZWNyZXQ=")
            .header("klarna-idempotency-key", format!("{act}{}", "k".repeat(3000)))
            .body(Body::from(
                json!({"captured_amount": 1, "description": "d".repeat(255),
                "order_lines": vec![json!({"name": "A".repeat(255), "quantity": 1,
                    "unit_price": 1, "total_amount": 1}); 20]})
                .to_string(),
            ))
            .unwrap();
        let (got, _) = call(router, request).await;
        assert_eq!(got.status(), 201);
    }
    let fraud = format!("/sandbox/v1/orders/{order}/fraud");
    send(router, "POST", &fraud, &json!({"decision": "ACCEPTED"})).await;
    let fault = json!({"match": {"path_contains": "p".repeat(2000)}, "times": 1,
        "effect": {"kind": "status", "status": 500, "body": "b".repeat(8000)}});
    send(router, "POST", "/sandbox/v1/faults", &fault).await;
}

/// Exchanges of clients that each open a connection of their own and send long headers.
fn connect(running: &Running, count: usize) {
    let url = running.url();
    let address = url.strip_prefix("http://").unwrap();
    for number in 0..count {
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        let junk = "j".repeat(1000);
        let request = format!(
            "GET /payments/v1/sessions/{number} HTTP/1.1\r\nhost: x\r\nx-junk: {junk}\r\n\
             connection: close\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        assert!(answer.starts_with(b"HTTP/1.1 401"));
    }
}

#[test]
fn what_is_kept_is_bounded() {
    let settings = Settings {
        authorization_callback: AuthorizationCallback::Never,
        callback_certificates_are_checked: false,
        ..Settings::default()
    };
    let config = Config {
        settings,
        exchange_bytes_max: 4 * MIB,
        session_bytes_max: 4 * MIB,
        order_bytes_max: 4 * MIB,
        record_folder: None,
        ..Config::default()
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let sandbox = Sandbox::new(config);
    let router = sandbox.router();
    let running = runtime.block_on(sandbox.start_here()).unwrap();
    // Until every limit is reached, and then as much again.
    let lives = |from: usize| {
        runtime.block_on(async {
            for number in from..from + 150 {
                live(&router, number).await;
            }
        });
        connect(&running, 2500);
        resident()
    };
    let before = resident();
    let (first, second) = (lives(0), lives(150));
    println!("before {} MiB, then {}, then {}", before / MIB, first / MIB, second / MIB);
    assert!(second < before + 64 * MIB, "{} MiB", second / MIB);
    assert!(second < first + 16 * MIB, "{} MiB after {}", second / MIB, first / MIB);
}
