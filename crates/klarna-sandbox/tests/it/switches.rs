//! The switches, moved while the sandbox runs, and what stands behind them by default.

use serde_json::{Value, json};

use crate::support::{Shop, cart, refusal};

async fn set(shop: &Shop, name: &str, value: Value) {
    let changed = shop.call("PATCH", "/sandbox/v1/settings", Some(&json!({name: value}))).await;
    assert_eq!(changed.status, 200, "{}", changed.text);
}

#[tokio::test]
async fn a_repeated_placing_is_answered_as_the_switch_says() {
    for (answer, expected) in [
        ("200", None),
        ("403", Some((403, "INVALID_OPERATION", "Authorization token already consumed"))),
        ("404", Some((404, "SESSION_COMPLETED", "Session has already been completed"))),
        (
            "409",
            Some((
                409,
                "BAD_VALUE",
                "The order has been already completed with different request body",
            )),
        ),
    ] {
        let shop = Shop::open().await;
        set(&shop, "repeated_placing", json!(answer)).await;
        let session = shop.session(&cart()).await;
        let token = shop.token(&session).await;
        let first = shop.place(&token, &cart()).await;
        let second = shop.place(&token, &cart()).await;
        match expected {
            None => assert_eq!(first.text, second.text),
            Some((status, code, text)) => {
                assert_eq!(second.refusal(), refusal(status, code, text));
            }
        }
    }
}

#[tokio::test]
async fn references_can_be_hidden() {
    let shop = Shop::open().await;
    let order = shop.order().await;
    let capture = json!({"captured_amount": 10_000, "reference": "parcel-1"});
    shop.done(&order, "captures", &capture).await;
    shop.done(&order, "refunds", &json!({"refunded_amount": 500, "reference": "back-1"})).await;
    let read = shop.read(&order).await;
    assert_eq!(read["captures"][0]["reference"], "parcel-1");
    assert_eq!(read["refunds"][0]["reference"], "back-1");
    set(&shop, "capture_references_are_readable", json!(false)).await;
    set(&shop, "refund_references_are_readable", json!(false)).await;
    let read = shop.read(&order).await;
    assert_eq!(read["captures"][0].get("reference"), None);
    assert_eq!(read["refunds"][0].get("reference"), None);
}

#[tokio::test]
async fn unallocated_refunds_can_show_on_captures_the_oldest_first() {
    let shop = Shop::open().await;
    let order = shop.order().await;
    for amount in [10_000, 12_880] {
        shop.done(&order, "captures", &json!({"captured_amount": amount})).await;
    }
    shop.done(&order, "refunds", &json!({"refunded_amount": 11_000})).await;
    let refunded = |read: &Value| {
        let captures = read["captures"].as_array().unwrap().clone();
        captures.iter().map(|it| it["refunded_amount"].as_i64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(refunded(&shop.read(&order).await), [0, 0]);
    set(&shop, "unallocated_refunds_show_on_captures", json!(true)).await;
    assert_eq!(refunded(&shop.read(&order).await), [10_000, 1000]);
}

#[tokio::test]
async fn limits_are_told_in_every_answer_and_enforced_when_switched_on() {
    let shop = Shop::open().await;
    for _ in 0..7 {
        let got = shop.post("/payments/v1/sessions", &cart()).await;
        assert_eq!(got.status, 200);
        assert_eq!(got.header("x-ratelimit-limit"), "5, 5;w=1");
        assert_eq!(got.header("x-ratelimit-remaining"), "4");
        assert_eq!(got.header("x-ratelimit-reset"), "1");
    }
    let refused = shop.post("/payments/v1/sessions", &json!({})).await;
    assert_eq!((refused.status, refused.header("x-ratelimit-limit")), (400, "5, 5;w=1"));
    let order = shop.order().await;
    let read = shop.get(&format!("/ordermanagement/v1/orders/{order}")).await;
    assert_eq!(read.header("x-ratelimit-limit"), "50, 50;w=1");

    set(&shop, "rate_limit_sessions", json!(2)).await;
    let mut remaining = Vec::new();
    for _ in 0..3 {
        let got = shop.post("/payments/v1/sessions", &cart()).await;
        assert_eq!(got.header("x-ratelimit-limit"), "2, 2;w=1");
        remaining.push((got.status, got.header("x-ratelimit-remaining").to_owned()));
        if got.status == 429 {
            assert_eq!(got.text, "");
            assert_eq!(got.header("x-envoy-ratelimited"), "true");
            assert_eq!(got.header("content-length"), "0");
            for absent in ["content-type", "klarna-correlation-id", "retry-after"] {
                assert_eq!(got.headers.get(absent), None);
            }
        }
    }
    let expected = [(200, "1"), (200, "0"), (429, "0")];
    assert_eq!(remaining, expected.map(|(status, left)| (status, left.to_owned())));
    let sessions = shop.get("/sandbox/v1/exchanges?path_contains=sessions").await.json();
    assert_eq!(sessions.as_array().unwrap().last().unwrap()["status"], 429);
}

#[tokio::test]
async fn a_body_that_says_it_is_no_json_is_refused() {
    let shop = Shop::open().await;
    let send = async |content_type: Option<&str>| {
        let request = shop.request("POST", "/payments/v1/sessions").body(cart().to_string());
        let request = match content_type {
            Some(content_type) => request.header("content-type", content_type),
            None => request,
        };
        crate::support::got(request.send().await.unwrap()).await
    };
    for bad in ["text/plain", "application/x-www-form-urlencoded", "application/xml", "json"] {
        assert_eq!(send(Some(bad)).await.refusal(), refusal(415, "HTTP_ERROR", ""), "{bad}");
    }
    for good in [
        None,
        Some("application/json"),
        Some("Application/JSON; charset=UTF-8"),
        Some("application/vnd.shop+json"),
    ] {
        assert_eq!(send(good).await.status, 200, "{good:?}");
    }
    set(&shop, "content_type_is_checked", json!(false)).await;
    assert_eq!(send(Some("text/plain")).await.status, 200);
}

#[tokio::test]
async fn strangers_are_turned_away_before_the_path_is_looked_at() {
    let shop = Shop::open().await;
    for path in ["/checkout/v3/orders", "/settlements/v1/payouts", "/payments/v2/sessions"] {
        let url = format!("{}{path}", shop.running.url());
        let stranger = shop.client.get(url).send().await.unwrap();
        assert_eq!(stranger.status(), 401, "{path}");
        assert_eq!(shop.get(path).await.status, 404, "{path}");
    }
    let nobodys = shop.client.get(format!("{}/favicon.ico", shop.running.url()));
    assert_eq!(nobodys.send().await.unwrap().status(), 404);
}

#[tokio::test]
async fn the_clock_can_run_fast() {
    let shop = Shop::open().await;
    let clock = "/sandbox/v1/clock";
    let fast = shop.call("PATCH", clock, Some(&json!({"pace": 3600}))).await.json();
    assert_eq!(fast["pace"], 3600);
    assert_eq!(shop.get(clock).await.json()["pace"], 3600);
    for bad in [json!({"pace": 0}), json!({"pace": 1_000_001}), json!({"pace": "fast"}), json!({})]
    {
        assert_eq!(shop.call("PATCH", clock, Some(&bad)).await.status, 400, "{bad}");
    }
}

#[tokio::test]
async fn disputes_are_accepted_and_recorded() {
    let shop = Shop::open().await;
    let order_of = async |reason: &str| {
        let mut cart = cart();
        cart["billing_address"]["email"] = json!(format!("customer+disputed-{reason}@email.se"));
        shop.order_of(&cart, &json!({})).await
    };
    let (faulty, risky) = (order_of("faulty_goods").await, order_of("high_risk_order").await);
    let capture = shop.done(&faulty, "captures", &json!({"captured_amount": 22_880})).await;
    shop.done(&risky, "captures", &json!({"captured_amount": 22_880})).await;
    let at = "2026-03-01T12:00:00.25Z";
    assert_eq!(
        shop.get("/sandbox/v1/disputes").await.json(),
        json!([
            {"order_id": faulty, "capture_id": capture, "reason": "faulty_goods", "opened_at": at},
            {"order_id": risky, "capture_id": null, "reason": "high_risk_order", "opened_at": at},
        ])
    );
}

#[tokio::test]
async fn test_persons_are_listed_by_country() {
    let shop = Shop::open().await;
    let all = shop.get("/sandbox/v1/test-persons").await.json();
    assert_eq!(all.as_array().unwrap().len(), 26);
    let swedes = shop.get("/sandbox/v1/test-persons?country=se").await.json();
    assert_eq!(swedes.as_array().unwrap().len(), 1);
    assert_eq!(swedes[0]["approved"]["email"], "customer@email.se");
    assert_eq!(swedes[0]["denied"]["email"], "customer+denied@email.se");
    assert_eq!(swedes[0]["denied"]["phone"], "+46701740620");
    assert_eq!(swedes[0]["date_of_birth"], "1941-03-21");
    let mut cart = cart();
    cart["billing_address"] = swedes[0]["denied"].clone();
    let session = shop.session(&cart).await;
    assert_eq!(shop.authorize(&session, &json!({})).await["approved"], false);
}
