//! Bad input: each kind gets its own clear refusal, nothing is stored, Klarna is not called.

use std::io::{Read, Write};
use std::net::TcpStream;

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::shop::{Answer, Shop, cart, id, send};

/// Sends what must be refused, and sees that it left no trace.
async fn refused(shop: &Shop, request: RequestBuilder, status: u16, code: &str) -> Value {
    let before = (shop.events().await, shop.calls_to_klarna().await);
    let answer: Answer = send(request).await;
    let problem = answer.refused(status, code);
    assert_eq!((shop.events().await, shop.calls_to_klarna().await), before, "{code} left a trace");
    problem
}

fn create(shop: &Shop, body: &Value) -> RequestBuilder {
    shop.request(Method::POST, "/v1/checkouts").header("Idempotency-Key", "k1").json(body)
}

fn first_error(problem: &Value) -> &Value {
    &problem["errors"][0]
}

#[tokio::test]
async fn amounts_that_do_not_add_up() {
    let shop = Shop::open().await;
    for (pointer, wrong, path, expected) in [
        ("/order_amount", 54_701, "order_amount", "54700"),
        ("/order_tax_amount", 10_943, "order_tax_amount", "10938 to 10942"),
        ("/order_lines/0/total_amount", 49_801, "order_lines[0].total_amount", "49800"),
        ("/order_lines/1/unit_price", 4_901, "order_lines[1].total_amount", "4901"),
        (
            "/order_lines/0/total_tax_amount",
            9_962,
            "order_lines[0].total_tax_amount",
            "9959 to 9961",
        ),
        ("/order_lines/0/tax_rate", 10_001, "order_lines[0].tax_rate", ""),
        ("/order_lines/1/quantity", -1, "order_lines[1].quantity", ""),
    ] {
        let mut body = cart();
        *body.pointer_mut(pointer).unwrap() = json!(wrong);
        let problem = refused(&shop, create(&shop, &body), 422, "invalid_amount").await;
        let error = first_error(&problem);
        assert_eq!(error["path"], path, "{problem}");
        assert!(error["expected"].as_str().unwrap().contains(expected), "{problem}");
    }
    // After all of these the key is still free.
    send(create(&shop, &cart())).await.expect(201);
}

#[tokio::test]
async fn a_market_that_does_not_fit() {
    let shop = Shop::open().await;
    for (member, wrong, allowed) in [
        ("purchase_country", "XX", "SE"),
        ("purchase_currency", "EUR", "SEK"),
        ("locale", "de-DE", "sv-SE, en-SE"),
    ] {
        let mut body = cart();
        body[member] = json!(wrong);
        let problem = refused(&shop, create(&shop, &body), 422, "invalid_market").await;
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains(member) && detail.contains(allowed), "{detail}");
    }
}

#[tokio::test]
async fn numbers_that_are_no_whole_numbers() {
    let shop = Shop::open().await;
    for (pointer, path) in [
        ("/order_amount", "order_amount"),
        ("/order_lines/1/unit_price", "order_lines[1].unit_price"),
        ("/order_lines/0/quantity", "order_lines[0].quantity"),
        ("/order_lines/0/tax_rate", "order_lines[0].tax_rate"),
    ] {
        for wrong in [json!(10.5), json!(10.0), json!("10"), json!([10])] {
            let mut body = cart();
            *body.pointer_mut(pointer).unwrap() = wrong;
            let problem = refused(&shop, create(&shop, &body), 400, "invalid_member").await;
            assert_eq!(first_error(&problem)["path"], path);
            assert!(problem["detail"].as_str().unwrap().contains("whole number"), "{problem}");
        }
    }
}

#[tokio::test]
async fn members_that_are_unknown_or_missing() {
    let shop = Shop::open().await;
    let mut body = cart();
    body["order_lines"][0]["unit_prize"] = json!(1);
    let problem = refused(&shop, create(&shop, &body), 400, "invalid_member").await;
    assert_eq!(first_error(&problem)["path"], "order_lines[0].unit_prize");

    let mut body = cart();
    body["order_lines"][0].as_object_mut().unwrap().remove("unit_price");
    let problem = refused(&shop, create(&shop, &body), 400, "invalid_member").await;
    assert!(problem["detail"].as_str().unwrap().contains("missing field `unit_price`"));

    let mut body = cart();
    body["order_lines"] = json!([]);
    refused(&shop, create(&shop, &body), 422, "invalid_amount").await;

    let mut body = cart();
    body["order_lines"][1]["line_id"] = json!("shirt");
    refused(&shop, create(&shop, &body), 422, "invalid_line_id").await;

    let mut body = cart();
    body["account"] = json!("nobody");
    let problem = refused(&shop, create(&shop, &body), 422, "unknown_account").await;
    assert_eq!(first_error(&problem)["expected"], "default");

    let mut body = cart();
    body["billing_address"] = json!({"given_name": "A".repeat(100)});
    refused(&shop, create(&shop, &body), 422, "invalid_field").await;
}

#[tokio::test]
async fn bodies_that_are_no_json() {
    let shop = Shop::open().await;
    let raw = |body: &'static str, content_type: &'static str| {
        shop.request(Method::POST, "/v1/checkouts").header("content-type", content_type).body(body)
    };
    for body in ["", "{", "purchase_country=SE", "\u{feff}{}", "[1,]"] {
        refused(&shop, raw(body, "application/json"), 400, "invalid_json").await;
    }
    for body in ["null", "[]", "1", "\"x\""] {
        refused(&shop, raw(body, "application/json"), 400, "invalid_member").await;
    }
    // The members in their order, without their names: whole, but no checkout.
    let cart_as_array = json!(["SE", "SEK", "sv-SE", 54_700, 10_940, cart()["order_lines"]]);
    for body in [json!([]), cart_as_array] {
        let problem = refused(&shop, create(&shop, &body), 400, "invalid_member").await;
        let detail = problem["detail"].as_str().unwrap();
        assert_eq!(detail, "the body is JSON, but no object: send a JSON object");
    }
    for content_type in ["text/plain", "application/x-www-form-urlencoded", "application/jsonx"] {
        refused(&shop, raw("{}", content_type), 415, "unsupported_media_type").await;
    }
    let request = shop.request(Method::POST, "/v1/checkouts").body("{}");
    refused(&shop, request, 415, "unsupported_media_type").await;
    // With a charset it is JSON all the same.
    let body = cart().to_string();
    let request = shop
        .request(Method::POST, "/v1/checkouts")
        .header("content-type", "application/json; charset=utf-8")
        .body(body);
    send(request).await.expect(201);
}

#[tokio::test]
async fn a_body_that_is_too_large_is_answered() {
    let shop = Shop::open().await;
    let padded = |bytes: usize| {
        let mut text = cart().to_string();
        text.push_str(&" ".repeat(bytes - text.len()));
        shop.request(Method::POST, "/v1/checkouts")
            .header("content-type", "application/json")
            .body(text)
    };
    send(padded(1_048_576)).await.expect(201);
    for bytes in [1_048_577, 2_000_000, 10_000_000] {
        let problem = refused(&shop, padded(bytes), 413, "body_too_large").await;
        assert!(problem["detail"].as_str().unwrap().contains("1048576"), "{problem}");
    }
    // Whoever has no key hears it too, and the connection lives on.
    let request = shop.bare(Method::POST, "/v1/checkouts").body(" ".repeat(900_000));
    refused(&shop, request, 401, "api_key_missing").await;
}

/// A client that reads only after it has written everything, as simple ones do.
#[tokio::test]
async fn a_body_that_is_too_large_meets_no_reset() {
    let shop = Shop::open().await;
    let address = shop.url.trim_start_matches("http://").to_owned();
    let answer = tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(&address).unwrap();
        let head = format!(
            "POST /v1/checkouts HTTP/1.1\r\nHost: {address}\r\nContent-Length: 15000000\r\n\
             Content-Type: application/json\r\nConnection: close\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        for _ in 0..15 {
            stream.write_all(&vec![b' '; 1_000_000]).unwrap();
        }
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    })
    .await
    .unwrap();
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    assert!(answer.contains("body_too_large"), "{answer}");
}

#[tokio::test]
async fn keys_that_open_nothing() {
    let shop = Shop::open().await;
    let checkout = shop.checkout().await;
    let path = format!("/v1/checkouts/{}", id(&checkout));
    let bare = || shop.bare(Method::GET, &path);
    refused(&shop, bare(), 401, "api_key_missing").await;
    refused(&shop, bare().header("authorization", "Bearer "), 401, "api_key_missing").await;
    refused(&shop, bare().basic_auth("user", Some("kvitt_x")), 401, "api_key_missing").await;
    refused(&shop, bare().bearer_auth("kvitt_wrong"), 401, "api_key_invalid").await;
    let answer = send(bare()).await;
    assert_eq!(answer.headers["www-authenticate"], "Bearer realm=\"kvitt\"");

    let key = shop.ledger.api_keys().await.unwrap()[0].id;
    let now = shop.klarna.sandbox().now();
    assert!(shop.ledger.revoke_api_key(key, now).await.unwrap());
    // The server looked it up a moment ago, and may not look again so soon.
    let request = || shop.request(Method::GET, &path);
    while send(request()).await.status == 200 {}
    refused(&shop, request(), 401, "api_key_revoked").await;
    refused(&shop, create(&shop, &cart()), 401, "api_key_revoked").await;
}

#[tokio::test]
async fn ids_and_paths_that_lead_nowhere() {
    let shop = Shop::open().await;
    let get = |path: &str| shop.request(Method::GET, path);
    let unknown = "0192f0c8111172228333444455556666";
    for path in [
        format!("/v1/checkouts/chk_{unknown}"),
        format!("/v1/orders/ord_{unknown}"),
        format!("/v1/orders/ord_{unknown}/captures"),
        format!("/v1/orders/ord_{unknown}/events"),
        format!("/v1/intents/int_{unknown}"),
    ] {
        let problem = refused(&shop, get(&path), 404, "not_found").await;
        assert!(problem["detail"].as_str().unwrap().contains(unknown), "{problem}");
    }
    for act in ["captures", "refunds"] {
        let path = format!("/v1/orders/ord_{unknown}/{act}");
        let request = shop.request(Method::POST, &path).json(&json!({}));
        refused(&shop, request, 404, "not_found").await;
    }
    for act in ["cancel", "release", "extend"] {
        let path = format!("/v1/orders/ord_{unknown}/{act}");
        refused(&shop, shop.request(Method::POST, &path), 404, "not_found").await;
    }
    for path in ["/v1/orders/1", "/v1/orders/ord_1", "/v1/checkouts/ord_1", "/v1/orders/%ff"] {
        refused(&shop, get(path), 400, "invalid_id").await;
    }
    let problem =
        refused(&shop, get(&format!("/v1/orders/chk_{unknown}")), 400, "invalid_id").await;
    assert!(problem["detail"].as_str().unwrap().contains("ord_"), "{problem}");
    refused(&shop, get("/v2/orders"), 404, "route_not_found").await;
    refused(&shop, shop.bare(Method::GET, "/"), 404, "route_not_found").await;
}

#[tokio::test]
async fn methods_that_a_path_does_not_take() {
    let shop = Shop::open().await;
    let put = shop.request(Method::PUT, "/v1/checkouts").json(&cart());
    refused(&shop, put, 405, "method_not_allowed").await;
    let answer = send(shop.request(Method::DELETE, "/v1/checkouts")).await;
    let allowed = answer.headers["allow"].to_str().unwrap().to_owned();
    answer.refused(405, "method_not_allowed");
    assert!(allowed.contains("GET") && allowed.contains("POST"), "{allowed}");
    refused(&shop, shop.bare(Method::POST, "/healthz"), 405, "method_not_allowed").await;
}

#[tokio::test]
async fn parameters_that_are_unknown_or_out_of_range() {
    let shop = Shop::open().await;
    for query in [
        "orders?limit=0",
        "orders?limit=101",
        "orders?limit=x",
        "orders?limit=-1",
        "orders?status=captured",
        "orders?created_from=yesterday",
        "orders?created_before=1",
        "orders?attention=maybe",
        "orders?cursor=made-up",
        "orders?stauts=CAPTURED",
        "checkouts?status=CAPTURED",
        "events?after=-1",
        "events?after=x",
        "events?limit=1000",
    ] {
        let request = shop.request(Method::GET, &format!("/v1/{query}"));
        refused(&shop, request, 400, "invalid_parameter").await;
    }
    let request = shop.request(Method::GET, "/v1/events?after=x");
    let problem = refused(&shop, request, 400, "invalid_parameter").await;
    assert_eq!(first_error(&problem)["path"], "after", "{problem}");
    // A misspelt or unknown preview must not become the act itself.
    let order = shop.order().await;
    let path = format!("/v1/orders/{}", id(&order));
    for act in ["cancel?preview=yes", "cancel?preveiw=true", "extend?preview", "cancel?dry=1"] {
        let request = shop.request(Method::POST, &format!("{path}/{act}"));
        refused(&shop, request, 400, "invalid_parameter").await;
    }
    let checkout = shop.checkout().await;
    let path = format!("/v1/checkouts/{}", id(&checkout));
    for (method, route) in [
        (Method::POST, "/v1/checkouts".to_owned()),
        (Method::POST, format!("{path}/place")),
        (Method::POST, format!("{path}/authorization")),
        (Method::PATCH, path.clone()),
        (Method::DELETE, path.clone()),
    ] {
        let request = shop.request(method, &format!("{route}?preview=true")).json(&cart());
        refused(&shop, request, 400, "invalid_parameter").await;
    }
    let request = shop.request(Method::GET, "/v1/orders?purchase_country=XX");
    refused(&shop, request, 422, "invalid_market").await;
}

#[tokio::test]
async fn changes_of_a_checkout_that_are_half_or_do_not_fit() {
    let shop = Shop::open().await;
    let checkout = shop.checkout().await;
    let path = format!("/v1/checkouts/{}", id(&checkout));
    let change = |body: Value| shop.request(Method::PATCH, &path).json(&body);
    for body in [
        json!({}),
        json!({"order_amount": 1}),
        json!({"order_tax_amount": 1}),
        json!({"order_lines": []}),
        json!({"locale": "en-SE", "order_lines": []}),
    ] {
        refused(&shop, change(body), 400, "invalid_member").await;
    }
    let lines = cart()["order_lines"].clone();
    for body in [
        json!({"locale": "fi-FI"}),
        json!({"purchase_country": "FI"}),
        json!({"purchase_currency": "EUR"}),
        json!({"purchase_country": "XX", "order_amount": 54_700, "order_lines": lines}),
    ] {
        refused(&shop, change(body), 422, "invalid_market").await;
    }
    let finnish = json!({"purchase_country": "FI", "purchase_currency": "EUR", "locale": "fi-FI"});
    refused(&shop, change(finnish), 422, "country_changed").await;
    refused(&shop, change(json!({"account": "nobody"})), 422, "unknown_account").await;
    let now = shop.get(&path).await.expect(200);
    assert_eq!(now["session"], checkout["session"]);
}

#[tokio::test]
async fn acts_that_the_order_does_not_allow() {
    let shop = Shop::open().await;
    let order = shop.order().await;
    let path = format!("/v1/orders/{}", id(&order));
    let captures = format!("{path}/captures");
    let refunds = format!("{path}/refunds");
    let post = |path: &str, body: Value| shop.request(Method::POST, path).json(&body);

    let problem = refused(&shop, post(&refunds, json!({})), 409, "wrong_status").await;
    assert!(problem["detail"].as_str().unwrap().contains("cancel it instead"), "{problem}");
    let allowed = problem["allowed_acts"].as_array().unwrap();
    assert!(allowed.contains(&json!("capture")) && !allowed.contains(&json!("refund")));

    let first = json!({"order_lines": [{"line_id": "shirt", "quantity": 1}]});
    shop.post(&captures, &first).await.expect(201);

    let more = json!({"captured_amount": 29_801, "amount_only": true});
    let problem = refused(&shop, post(&captures, more), 409, "over_capture").await;
    assert!(problem["detail"].as_str().unwrap().contains("29800 SEK is left"), "{problem}");
    let two = json!({"order_lines": [{"line_id": "shirt", "quantity": 2}]});
    let problem = refused(&shop, post(&captures, two), 409, "line_quantity").await;
    assert!(problem["detail"].as_str().unwrap().contains("1 is left"), "{problem}");
    let more = json!({"refunded_amount": 24_901, "amount_only": true});
    refused(&shop, post(&refunds, more), 409, "over_refund").await;

    for (body, code) in [
        (json!({"captured_amount": 0, "amount_only": true}), "not_positive"),
        (json!({"captured_amount": -1, "amount_only": true}), "not_positive"),
        (json!({"captured_amount": 100}), "lines_missing"),
        (json!({"order_lines": [{"line_id": "hat"}]}), "unknown_line"),
        (json!({"order_lines": [{"line_id": "shirt"}, {"line_id": "shirt"}]}), "line_twice"),
        (json!({"order_lines": [{"line_id": "shirt"}], "captured_amount": 1}), "amount_mismatch"),
        (json!({"reference": "x".repeat(256)}), "length"),
        (json!({"shipping_info": [{"shipping_method": "Pigeon"}]}), "shipping_method"),
    ] {
        refused(&shop, post(&captures, body), 422, code).await;
    }
    for path in [&captures, &refunds] {
        let less = json!({"order_lines": [{"line_id": "shirt", "quantity": -1}]});
        let problem = refused(&shop, post(path, less), 422, "invalid_amount").await;
        let error = first_error(&problem);
        assert_eq!(
            (&error["path"], &error["value"]),
            (&json!("order_lines[0].quantity"), &json!("-1"))
        );
    }
    for body in [
        json!({"order_lines": [{"line_id": "shirt", "quantity": 0.5}]}),
        json!({"captured_amount": "100"}),
        json!({"amount": 100}),
    ] {
        refused(&shop, post(&captures, body), 400, "invalid_member").await;
    }
    let nothing = post(&format!("{path}/shipping-info"), json!({"shipping_info": []}));
    refused(&shop, nothing, 422, "nothing_to_change").await;
    let elsewhere = format!("{captures}/no-such-capture/shipping-info");
    let body = json!({"shipping_info": [{"tracking_number": "1"}]});
    refused(&shop, post(&elsewhere, body), 422, "unknown_capture").await;
    let cancel = post(&format!("{path}/cancel"), json!({"reason": "x"}));
    refused(&shop, cancel, 400, "invalid_member").await;

    let change = |body: Value| shop.request(Method::PATCH, &path).json(&body);
    for body in [
        json!({}),
        json!({"merchant_reference1": "a", "shipping_address": {"city": "Lund"}}),
        json!({"order_amount": 1, "order_lines": [], "merchant_reference1": "a"}),
    ] {
        refused(&shop, change(body), 400, "one_change_per_call").await;
    }
    refused(&shop, change(json!({"order_amount": 1})), 400, "invalid_member").await;
    let mut lines = cart()["order_lines"].clone();
    lines[0]["total_amount"] = json!(1);
    let body = json!({"order_amount": 54_700, "order_lines": lines});
    refused(&shop, change(body), 422, "invalid_amount").await;
}

#[tokio::test]
async fn an_authorization_that_is_none() {
    let shop = Shop::open().await;
    let checkout = shop.checkout().await;
    let path = format!("/v1/checkouts/{}/authorization", id(&checkout));
    let post = |body: Value| shop.request(Method::POST, &path).json(&body);
    refused(&shop, post(json!({})), 400, "invalid_member").await;
    refused(&shop, post(json!({"authorization_token": 7})), 400, "invalid_member").await;
    refused(&shop, post(json!({"authorization_token": ""})), 422, "invalid_field").await;
}
