//! The control API: the clock, what was exchanged, starting over, and its refusals.

use std::sync::atomic::Ordering;

use klarna_sandbox::{Config, RandomIds, Sandbox};
use serde_json::{Value, json};

use crate::support::{Shop, cart, decimals, moving};

#[tokio::test]
async fn the_clock_is_read_and_moved_on() {
    let shop = Shop::open().await;
    let read = shop.client.get(format!("{}/sandbox/v1/clock", shop.running.url()));
    let clock: Value = read.send().await.unwrap().json().await.unwrap();
    assert_eq!(clock, json!({"now": "2026-03-01T12:00:00.25Z", "offset_seconds": 0, "pace": 1}));
    for (by, now, offset) in [
        ("P28D", "2026-03-29T12:00:00.25Z", 2_419_200),
        ("PT90S", "2026-03-29T12:01:30.25Z", 2_419_290),
        ("P1M", "2026-04-29T12:01:30.25Z", 5_097_690),
    ] {
        let got = shop.post("/sandbox/v1/clock/advance", &json!({"by": by})).await;
        assert_eq!(got.json(), json!({"now": now, "offset_seconds": offset, "pace": 1}));
    }
    assert_eq!(shop.running.sandbox().now().to_string(), "2026-04-29T12:01:30.25Z");
    for by in ["-P1D", "tomorrow", "", "P9999999999Y", "P9000Y"] {
        let got = shop.post("/sandbox/v1/clock/advance", &json!({"by": by})).await;
        assert_eq!(got.status, 400, "{by}");
        assert!(got.json()["message"].as_str().unwrap().starts_with("by: "), "{}", got.text);
    }
}

#[tokio::test]
async fn bad_control_requests_name_what_is_wrong() {
    let shop = Shop::open().await;
    let id = shop.session(&cart()).await;
    let authorize = format!("/sandbox/v1/sessions/{id}/authorize");
    for (path, body, status, part) in [
        (authorize.as_str(), json!({"outcome": "maybe"}), 400, "`approved`"),
        (&authorize, json!({"callback": "later"}), 400, "`before`"),
        (&authorize, json!({"outcom": "approved"}), 400, "`outcom`"),
        (&authorize, json!({"payment_method": "shells"}), 400, "payment_method"),
        (&authorize, json!({"data": 7}), 400, "map"),
        ("/sandbox/v1/sessions/none/authorize", json!({}), 404, "session none is not known"),
        ("/sandbox/v1/orders/none/fraud", json!({"decision": "ACCEPTED"}), 404, "none"),
        ("/sandbox/v1/orders/none/fraud", json!({"decision": "MAYBE"}), 400, "`ACCEPTED`"),
        ("/sandbox/v1/faults", json!({"effect": {"kind": "explode"}}), 400, "explode"),
        ("/sandbox/v1/nothing", json!({}), 404, "/sandbox/v1/nothing"),
    ] {
        let got = shop.post(path, &body).await;
        assert_eq!(got.status, status, "{path} {body}");
        let message = got.json()["message"].as_str().unwrap().to_owned();
        assert!(message.contains(part), "{message}");
    }
}

#[tokio::test]
async fn exchanges_are_recorded_without_credentials() {
    let shop = Shop::open().await;
    let order = shop.order().await;
    shop.done(&order, "captures", &json!({"captured_amount": 1000})).await;
    let got = shop.get("/sandbox/v1/exchanges?path_contains=captures").await;
    assert!(!got.text.contains("Basic "));
    let entries = got.json();
    assert_eq!(entries.as_array().unwrap().len(), 1);
    let entry = &entries[0];
    assert_eq!(entry["method"], "POST");
    assert_eq!(entry["path"], format!("/ordermanagement/v1/orders/{order}/captures"));
    assert_eq!(entry["request_headers"]["authorization"], "(hidden)");
    assert_eq!(entry["request_body"], json!({"captured_amount": 1000}));
    assert_eq!(entry["status"], 201);
    assert_eq!(entry["response_body"], Value::Null);
    assert_eq!(entry["response_headers"]["capture-id"].as_str().unwrap().len(), 36);
    assert_eq!(entry["at"], "2026-03-01T12:00:00.25Z");
    assert!(entry["duration_milliseconds"].as_f64().unwrap() >= 0.0);
    assert!(decimals(&entry["duration_milliseconds"]) <= 3, "{entry}");

    let all = shop.get("/sandbox/v1/exchanges").await.json();
    assert_eq!(all.as_array().unwrap().len(), 3);
    let archive = shop.get("/sandbox/v1/exchanges.har").await;
    assert!(!archive.text.contains("Basic "));
    let entries = &archive.json()["log"]["entries"];
    assert_eq!(entries.as_array().unwrap().len(), 3);
    assert_eq!(
        entries[0]["request"]["url"],
        format!("{}/payments/v1/sessions", shop.running.url())
    );
    let sent: Value =
        serde_json::from_str(entries[0]["request"]["postData"]["text"].as_str().unwrap()).unwrap();
    assert_eq!(sent, cart());
}

#[tokio::test]
async fn reset_forgets_everything() {
    let shop = Shop::open().await;
    let order = shop.order().await;
    shop.advance("P1D").await;
    assert_eq!(shop.post("/sandbox/v1/reset", &json!({})).await.status, 204);
    let got = shop.get(&format!("/ordermanagement/v1/orders/{order}")).await;
    assert_eq!(got.status, 404);
    assert_eq!(shop.get("/sandbox/v1/clock").await.json()["offset_seconds"], 0);
    assert_eq!(shop.get("/sandbox/v1/exchanges").await.json().as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn time_that_passes_by_itself_counts_as_well() {
    let (clock, seconds) = moving();
    let sandbox = Sandbox::with_sources(Config::default(), clock, RandomIds);
    let running = sandbox.start_here().await.unwrap();
    let shop = Shop { running, client: Shop::open().await.client };
    let order = shop.order().await;
    assert_eq!(shop.read(&order).await["created_at"], "2026-03-01T12:00:00.000Z");
    seconds.fetch_add(28 * 86_400, Ordering::Relaxed);
    assert_eq!(shop.read(&order).await["status"], "EXPIRED");
}
