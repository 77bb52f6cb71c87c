//! The sandbox's own pages and their buttons, as a browser meets them.

use std::sync::atomic::Ordering;

use klarna_sandbox::{Config, Settings};
use serde_json::{Value, json};

use crate::customer_tokens;
use crate::hpp::Hosted;
use crate::support::{Got, Inbox, Shop, cart, got, untimed};

/// A page, asked for without credentials.
pub(crate) async fn page(shop: &Shop, path: &str) -> Got {
    got(shop.client.get(format!("{}{path}", shop.running.url())).send().await.unwrap()).await
}

/// A page that has to be there.
pub(crate) async fn text(shop: &Shop, path: &str) -> String {
    let page = page(shop, path).await;
    assert_eq!(page.status, 200, "{path}: {}", page.text);
    page.text
}

/// A form that is sent by a page of the sandbox's own, as Chromium does.
async fn press(shop: &Shop, path: &str, form: &[(&str, &str)]) -> Got {
    let url = shop.running.url();
    let request = shop.client.post(format!("{url}{path}"));
    let request = request.header("Origin", &url).header("Sec-Fetch-Site", "same-origin");
    got(filled(request, form).send().await.unwrap()).await
}

fn filled(request: reqwest::RequestBuilder, form: &[(&str, &str)]) -> reqwest::RequestBuilder {
    let text = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    request.header("Content-Type", "application/x-www-form-urlencoded").body(text)
}

/// A button that has to work; the page that follows.
pub(crate) async fn pressed(shop: &Shop, path: &str, form: &[(&str, &str)]) -> String {
    let answer = press(shop, path, form).await;
    assert_eq!(answer.status, 303, "{path}: {}", answer.text);
    text(shop, answer.header("location")).await
}

/// What a button that did not work says, with its status.
pub(crate) async fn problem(shop: &Shop, path: &str, form: &[(&str, &str)]) -> (u16, String) {
    let answer = press(shop, path, form).await;
    let said = answer.text.split(r#"role="alert">"#).nth(1).unwrap_or_default();
    (answer.status, said.split('<').next().unwrap().replace("&#34;", "\"").replace("&#39;", "'"))
}

/// Where a map says that one stands.
pub(crate) fn stands(page: &str, subject: &str) -> String {
    let map = page.split(&format!(r#"data-map="{subject}" data-current=""#)).nth(1).unwrap();
    map.split('"').next().unwrap().to_owned()
}

pub(crate) fn said(page: &str) -> &str {
    let said = page.split(r#"role="status">"#).nth(1).unwrap_or_default();
    said.split('<').next().unwrap()
}

#[tokio::test]
async fn every_page_says_what_it_is_and_loads_nothing_from_elsewhere() {
    let shop = Shop::open().await;
    let order = shop.order().await;
    let session = shop.session(&cart()).await;
    let order_page = format!("/inspector/orders/{order}");
    let session_page = format!("/inspector/sessions/{session}");
    let hosted = Hosted::of(&shop, &session, &json!({})).await;
    let hosted_page = format!("/inspector/hosted-pages/{}", hosted.session_id);
    for (path, heading) in [
        ("/", "Klarna sandbox"),
        ("/inspector", "Klarna sandbox"),
        ("/inspector/sessions", "Sessions"),
        (&session_page, "Session <code>"),
        ("/inspector/hosted-pages", "Hosted pages"),
        (&hosted_page, "Hosted page <code>"),
        ("/inspector/orders/", "Orders"),
        (&order_page, "Order <code>"),
        ("/inspector/exchanges", "Exchanges"),
        ("/inspector/exchanges/1", "Exchange 1"),
        ("/inspector/customer-tokens", "Customer tokens"),
        ("/inspector/callbacks", "Callbacks"),
        ("/inspector/faults", "Faults"),
        ("/inspector/settings", "Settings"),
    ] {
        let got = page(&shop, path).await;
        assert_eq!((got.status, got.header("content-type")), (200, "text/html;charset=utf-8"));
        assert!(got.text.contains(&format!("<h1>{heading}")), "{path}: {}", got.text);
        assert!(got.text.contains("This is not Klarna."), "{path}");
        assert!(got.text.contains("2026-03-01 12:00:00"), "{path}: the sandbox's time");
        let policy = got.header("content-security-policy");
        for part in ["default-src 'none'", "script-src 'self';", "frame-ancestors 'none'"] {
            assert!(policy.contains(part), "{path}: {policy}");
        }
        assert_eq!(got.header("cache-control"), "no-store");
        assert_eq!(got.header("x-content-type-options"), "nosniff");
        // A form without its page's origin is refused, so the page must say it.
        assert_eq!(got.header("referrer-policy"), "same-origin");
        for foreign in ["src=\"http", "<script>", "style=", "onclick=", "href=\"http"] {
            assert!(!got.text.contains(foreign), "{path} has {foreign}");
        }
    }
    for (path, content_type) in [
        ("/inspector/inspector.css", "text/css;charset=utf-8"),
        ("/inspector/inspector.js", "text/javascript;charset=utf-8"),
    ] {
        let got = page(&shop, path).await;
        assert_eq!((got.status, got.header("content-type")), (200, content_type));
        assert!(got.text.len() > 1000);
    }
    let looked_at = shop.get("/sandbox/v1/exchanges").await.json();
    assert_eq!(looked_at.as_array().unwrap().len(), 4, "pages are no exchanges");
}

#[tokio::test]
async fn what_is_not_there_is_a_page_too() {
    let shop = Shop::open().await;
    let id = "6f0cbf3a-6d7b-4f7c-9a2f-4cf6f2a7a0d1";
    for path in [
        "/inspector/nothing",
        "/inspector/sessions/none",
        &format!("/inspector/orders/{id}"),
        "/inspector/orders/none",
        "/inspector/hosted-pages/none",
        "/inspector/exchanges/1",
        "/inspector/exchanges/0",
        "/inspector/exchanges/18446744073709551615",
        "/inspector/exchanges/-1",
        "/inspector/exchanges/x",
        "/inspector/callbacks/none",
        "/inspector/orders/none/fraud",
    ] {
        let got = page(&shop, path).await;
        assert_eq!(got.status, 404, "{path}");
        assert!(got.text.contains("<h1>There is no such thing here"), "{path}");
        assert!(got.header("content-security-policy").contains("default-src 'none'"));
    }
    for path in [
        "/inspector/nothing",
        "/inspector/sessions/none/authorize",
        "/inspector/hosted-pages/none/decide",
        "/inspector/hosted-pages/none/withdraw",
        "/inspector",
    ] {
        assert_eq!(press(&shop, path, &[("outcome", "approved")]).await.status, 404, "{path}");
    }
    let deleted = shop.call("DELETE", "/inspector/faults", None).await;
    assert_eq!((deleted.status, deleted.header("allow")), (405, "GET, HEAD, POST"));
    let head = shop.client.head(format!("{}/inspector/orders", shop.running.url()));
    let head = got(head.send().await.unwrap()).await;
    assert_eq!((head.status, head.text.as_str()), (200, ""));
    assert_eq!(shop.post("/", &json!({})).await.status, 404, "not a page's path to post to");
}

#[tokio::test]
async fn the_buyers_buttons_decide() {
    let shop = Shop::open().await;
    let id = shop.session(&cart()).await;
    let path = format!("/inspector/sessions/{id}");
    let fresh = text(&shop, &path).await;
    assert_eq!(stands(&fresh, "Session"), "created");
    for part in ["228.80 SEK", "45.76 SEK", "Boots", "35.96 SEK (25 %)", "shop-1", "Stockholm"] {
        assert!(fresh.contains(part), "{part}: {fresh}");
    }
    let authorize = format!("{path}/authorize");
    for (outcome, word) in [("denied", "Denied"), ("aborted", "Aborted")] {
        let page = pressed(&shop, &authorize, &[("outcome", outcome)]).await;
        assert_eq!(stands(&page, "Session"), "created");
        assert!(said(&page).starts_with(word), "{page}");
    }
    let approved = pressed(&shop, &authorize, &[("outcome", "approved")]).await;
    assert_eq!(stands(&approved, "Session"), "authorized");
    let read = shop.get(&format!("/payments/v1/sessions/{id}")).await.json();
    let token = read["authorization_token"].as_str().unwrap();
    assert!(approved.contains(token));
    shop.place(token, &cart()).await;
    let completed = text(&shop, &path).await;
    assert_eq!(stands(&completed, "Session"), "completed");
    assert!(!completed.contains("Approve"), "nothing is left to decide");
    assert!(completed.contains("It became order <a href=\"/inspector/orders/"));
    let (status, text) = problem(&shop, &authorize, &[("outcome", "approved")]).await;
    assert_eq!(status, 404);
    assert!(text.contains("completed"), "{text}");
    let (status, text) = problem(&shop, &authorize, &[("outcome", "maybe")]).await;
    assert_eq!(status, 400);
    assert!(text.contains("maybe"), "{text}");

    let old = shop.session(&cart()).await;
    shop.advance("PT48H").await;
    let page = page(&shop, &format!("/inspector/sessions/{old}")).await.text;
    assert_eq!(stands(&page, "Session"), "expired");
}

#[tokio::test]
async fn what_cannot_be_authorized_is_told() {
    let shop = Shop::open().await;
    let mut cart = cart();
    cart["billing_address"]["email"] = json!("no e-mail");
    let id = shop.session(&cart).await;
    let authorize = format!("/inspector/sessions/{id}/authorize");
    let told = problem(&shop, &authorize, &[("outcome", "approved")]).await;
    let text = "The buyer's data cannot be authorized: billing_address.email";
    assert_eq!(told, (409, text.to_owned()));
}

#[tokio::test]
async fn deciding_ends_the_window_that_the_buyer_has_open() {
    for (outcome, step, approved) in [("approved", "done", true), ("denied", "denied", false)] {
        let shop = Shop::open().await;
        let id = shop.session(&cart()).await;
        let flows = format!("/kp/v1/sessions/{id}/purchase-flows");
        let flow =
            shop.post(&flows, &json!({})).await.json()["flow_id"].as_str().unwrap().to_owned();
        pressed(&shop, &format!("/inspector/sessions/{id}/authorize"), &[("outcome", outcome)])
            .await;
        let page = page(&shop, &format!("/kp/flow/{flow}")).await.text;
        assert!(page.contains(&format!(r#"data-step="{step}""#)), "{page}");
        let told = shop.get(&format!("/kp/v1/purchase-flows/{flow}")).await.json();
        assert_eq!(told["result"]["approved"], approved);
    }
}

#[tokio::test]
async fn a_window_that_is_closed_or_asks_is_ended_as_well_as_can_be() {
    let shop = Shop::open().await;
    let open = async || {
        let id = shop.session(&cart()).await;
        let flows = format!("/kp/v1/sessions/{id}/purchase-flows");
        let flow = shop.post(&flows, &json!({})).await.json()["flow_id"].clone();
        (id, flow.as_str().unwrap().to_owned())
    };
    let approve = async |id: &str| {
        let authorize = format!("/inspector/sessions/{id}/authorize");
        pressed(&shop, &authorize, &[("outcome", "approved")]).await;
    };
    let (id, closed) = open().await;
    shop.post(&format!("/kp/v1/purchase-flows/{closed}/close"), &json!({})).await;
    approve(&id).await;
    let told = shop.get(&format!("/kp/v1/purchase-flows/{closed}")).await.json();
    assert_eq!(told["result"]["approved"], false, "what was told stays");
    let (id, asking) = open().await;
    let url = format!("{}/kp/flow/{asking}", shop.running.url());
    filled(shop.client.post(url), &[("action", "close")]).send().await.unwrap();
    approve(&id).await;
    let asked = page(&shop, &format!("/kp/flow/{asking}")).await.text;
    assert!(asked.contains(r#"data-step="done""#) && !asked.contains("Cancel the"), "{asked}");
}

#[tokio::test]
async fn fraud_controls_buttons_decide() {
    let shop = Shop::open().await;
    let mut cart = cart();
    cart["billing_address"]["email"] = json!("user+pend-reject-30@email.se");
    let order = shop.order_of(&cart, &json!({})).await;
    let path = format!("/inspector/orders/{order}");
    let pending = text(&shop, &path).await;
    assert_eq!(stands(&pending, "Fraud status"), "PENDING");
    assert!(pending.contains("Fraud control decides 2026-03-01 12:30:00 UTC: REJECTED"));
    let fraud = format!("{path}/fraud");
    for (decision, status) in
        [("ACCEPTED", "ACCEPTED"), ("REJECTED", "REJECTED"), ("STOPPED", "REJECTED")]
    {
        let page = pressed(&shop, &fraud, &[("decision", decision)]).await;
        assert_eq!(stands(&page, "Fraud status"), status);
        assert!(said(&page).starts_with("Fraud control"), "{page}");
        assert_eq!(shop.read(&order).await["fraud_status"], status);
    }
    let rejected = text(&shop, &path).await;
    assert!(rejected.contains("Cancelled 2026-03-01 16:00:00 UTC"), "{rejected}");
    let (status, told) = problem(&shop, &fraud, &[("decision", "MAYBE")]).await;
    assert_eq!(status, 400);
    assert!(told.contains("`ACCEPTED`"), "{told}");
    let unknown = "/inspector/orders/6f0cbf3a-6d7b-4f7c-9a2f-4cf6f2a7a0d1/fraud";
    assert_eq!(press(&shop, unknown, &[("decision", "ACCEPTED")]).await.status, 404);
}

#[tokio::test]
async fn an_order_shows_where_it_stands_and_what_became_of_it() {
    let shop = Shop::open().await;
    let order = shop.order().await;
    let path = format!("/inspector/orders/{order}");
    let bars = |page: &str| -> Vec<(String, i64)> {
        let bars = page.split("data-bar=\"").skip(1);
        let bar = |it: &str| {
            let minor = it.split("data-minor=\"").nth(1).unwrap().split('"').next().unwrap();
            (it.split('"').next().unwrap().to_owned(), minor.parse().unwrap())
        };
        bars.map(bar).collect()
    };
    let bar = |kind: &str, minor: i64| (kind.to_owned(), minor);
    let fresh = text(&shop, &path).await;
    assert_eq!(stands(&fresh, "Status"), "AUTHORIZED");
    assert_eq!(bars(&fresh), [bar("whole", 22_880), bar("left", 22_880)]);
    assert!(fresh.contains("Expires 2026-03-29 00:00:00 UTC"));

    let capture = json!({"captured_amount": 10_000, "description": "One <parcel>"});
    let capture_id = shop.done(&order, "captures", &capture).await;
    shop.done(&order, "refunds", &json!({"refunded_amount": 1000, "reference": "r-1"})).await;
    let parcel = json!({"shipping_info": [{"shipping_company": "DHL", "tracking_number": "T-9"}]});
    shop.done(&order, &format!("captures/{capture_id}/shipping-info"), &parcel).await;
    shop.done(&order, &format!("captures/{capture_id}/trigger-send-out"), &json!({})).await;
    // However the id is written.
    let part =
        text(&shop, &path.to_uppercase().replace("INSPECTOR/ORDERS", "inspector/orders")).await;
    assert_eq!(stands(&part, "Status"), "PART_CAPTURED");
    let sums = [("whole", 22_880), ("captured", 10_000), ("refunded", 1000), ("left", 12_880)];
    assert_eq!(bars(&part), sums.map(|(kind, minor)| bar(kind, minor)));
    let sent = "Message sent again: 1";
    for shown in ["One &#60;parcel&#62;", "Reference r-1", "Shipped: DHL T-9", sent, &capture_id] {
        assert!(part.contains(shown), "{shown}: {part}");
    }
    assert!(!part.contains("EXPIRED when"), "only where that is switched on");
    let switch = json!({"part_captured_becomes_expired": true});
    shop.call("PATCH", "/sandbox/v1/settings", Some(&switch)).await;
    assert!(text(&shop, &path).await.contains("EXPIRED when its time is over"));

    shop.done(&order, "release-remaining-authorization", &json!({})).await;
    let released = text(&shop, &path).await;
    assert_eq!(stands(&released, "Status"), "CAPTURED");
    assert_eq!(bars(&released).last(), Some(&bar("freed", 12_880)));
    assert!(released.contains("CAPTURED. Nothing follows."));

    let titles = |page: &str| -> String {
        let parts = page.split("<li id=\"movement-").skip(1);
        parts
            .map(|part| part.split("<strong>").nth(1).unwrap().split('<').next().unwrap())
            .collect()
    };
    let several = shop.order().await;
    for (act, body) in [
        ("captures", json!({"captured_amount": 500})),
        ("refunds", json!({"refunded_amount": 100})),
        ("captures", json!({"captured_amount": 600})),
    ] {
        shop.done(&several, act, &body).await;
        shop.advance("PT1M").await;
    }
    let page = text(&shop, &format!("/inspector/orders/{several}")).await;
    assert_eq!(titles(&page), "CaptureRefundCapture", "the newest first");

    let cancelled = shop.order().await;
    shop.done(&cancelled, "cancel", &json!({})).await;
    assert_eq!(
        stands(&text(&shop, &format!("/inspector/orders/{cancelled}")).await, "Status"),
        "CANCELLED"
    );
    let expired = shop.order().await;
    shop.advance("P28D").await;
    assert_eq!(
        stands(&text(&shop, &format!("/inspector/orders/{expired}")).await, "Status"),
        "EXPIRED"
    );
}

#[tokio::test]
async fn an_order_is_shown_as_old_as_it_is() {
    let (url, seconds) = untimed().await;
    let shop = Shop::open().await;
    let call = async |path: &str, body: &Value| -> Value {
        let request = shop.client.post(format!("{url}{path}")).basic_auth("a", Some("b"));
        request.json(body).send().await.unwrap().json().await.unwrap()
    };
    let session = call("/payments/v1/sessions", &cart()).await;
    let session = session["session_id"].as_str().unwrap();
    let approved = json!({"outcome": "approved"});
    let token = call(&format!("/sandbox/v1/sessions/{session}/authorize"), &approved).await;
    let token = token["authorization_token"].as_str().unwrap();
    let placed = call(&format!("/payments/v1/authorizations/{token}/order"), &cart()).await;
    seconds.fetch_add(28 * 86_400, Ordering::Relaxed);
    let path = format!("{url}/inspector/orders/{}", placed["order_id"].as_str().unwrap());
    let page = got(shop.client.get(path).send().await.unwrap()).await.text;
    assert_eq!(stands(&page, "Status"), "EXPIRED");
}

#[tokio::test]
async fn sessions_and_orders_are_found_and_paged() {
    let shop = Shop::open().await;
    for n in 0..55 {
        let mut cart = cart();
        cart["merchant_reference1"] = json!(format!("shop-{n}"));
        shop.session(&cart).await;
    }
    let order = shop.order().await;
    let rows = |page: &str, kind: &str| page.matches(&format!("<tr id=\"{kind}-")).count();
    let newest = text(&shop, "/inspector/sessions").await;
    assert_eq!(rows(&newest, "session"), 50);
    assert!(newest.contains("shop-54") && !newest.contains("shop-5<"), "{newest}");
    let href = newest.split(r#"rel="next""#).next().unwrap().rsplit("href=\"").next().unwrap();
    let second = text(&shop, href.split('"').next().unwrap()).await;
    assert_eq!(rows(&second, "session"), 6);
    assert!(second.contains("shop-0<") && second.contains(r#"rel="prev""#));
    for (query, count) in [
        ("?q=SHOP-54", 1),
        ("?q=shop-5+customer", 6),
        ("?q=nobody", 0),
        ("?standing=completed", 1),
        ("?standing=created&q=shop-0", 1),
        ("?standing=expired", 0),
        ("?q=Boots", 0),
        (&format!("?q={order}"), 1),
    ] {
        let page = text(&shop, &format!("/inspector/sessions{query}")).await;
        assert_eq!(rows(&page, "session"), count, "{query}");
    }
    // What was sent with escapes is found by what it says.
    let escaped = cart().to_string().replace("shop-1", "sh\\u00f6p-1");
    let sent = shop.request("POST", "/payments/v1/sessions").body(escaped).send().await.unwrap();
    assert_eq!(sent.status(), 200);
    let page = text(&shop, "/inspector/sessions?q=sh%C3%B6p-1").await;
    assert_eq!(rows(&page, "session"), 1);
    let capture_id = shop.done(&order, "captures", &json!({"captured_amount": 1})).await;
    for (query, count) in [
        ("", 1),
        ("?status=PART_CAPTURED&fraud_status=ACCEPTED", 1),
        ("?status=CAPTURED", 0),
        ("?fraud_status=PENDING", 0),
        (&format!("?q={capture_id}"), 1),
        ("?q=shop-1+customer@email.se", 1),
        ("?q=shop-2", 0),
    ] {
        let page = text(&shop, &format!("/inspector/orders{query}")).await;
        assert_eq!(rows(&page, "order"), count, "{query}");
    }
}

#[tokio::test]
async fn an_exchange_is_shown_as_it_was_on_the_wire() {
    let shop = Shop::open().await;
    let order = shop.order().await;
    let path = format!("/ordermanagement/v1/orders/{order}/captures?x=%22y%22");
    let body =
        "{\"captured_amount\":\t4711,\"description\":\"it's </pre><script>alert(1)</script>\"}";
    let sent = shop.request("POST", &path).header("content-type", "application/json");
    let sent = sent.header("cookie", "a=secret-1").header("cookie", "b=secret-2");
    let sent = sent.header("klarna-idempotency-key", "<key>").body(body).send().await.unwrap();
    assert_eq!(sent.status(), 201);
    let page = text(&shop, "/inspector/exchanges/3").await;
    for part in [
        &format!("POST /ordermanagement/v1/orders/{order}/captures?x=%22y%22"),
        "<dt>authorization</dt><dd>(hidden)</dd>",
        "<dt>klarna-idempotency-key</dt><dd>&#60;key&#62;</dd>",
        "&#34;captured_amount&#34;: 4711,\n",
        "{&#34;captured_amount&#34;:\t4711,",
        "&#60;/pre&#62;&#60;script&#62;alert(1)",
        "201 Created",
        "<dt>capture-id</dt>",
        "--user &#34;$KLARNA_USERNAME:$KLARNA_PASSWORD&#34;",
        "it&#39;\\&#39;&#39;s",
        r#"href="/sandbox/v1/exchanges.har?after=2&amp;limit=1" download="exchange-3.har""#,
        r#"href="/inspector/exchanges/2" rel="prev""#,
        &format!(r#"href="/inspector/orders/{order}""#),
        r#"href="/inspector/sessions/"#,
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert!(!page.contains("Basic ") && !page.contains("<script>"), "{page}");
    assert!(!page.contains("secret-") && page.contains("<dt>cookie</dt><dd>(hidden)</dd>"));
    let before = text(&shop, "/inspector/exchanges/2").await;
    assert!(before.contains(r#"href="/inspector/exchanges/3" rel="next""#), "{before}");
    assert!(!page.contains(r#"rel="next""#), "the newest");
    let archive = shop.get("/sandbox/v1/exchanges.har?after=2&limit=1").await.json();
    let entries = archive["log"]["entries"].as_array().unwrap();
    assert_eq!((entries.len(), &entries[0]["request"]["postData"]["text"]), (1, &json!(body)));

    // No body, no JSON, no answer, more than is kept.
    let list = text(&shop, "/inspector/exchanges?q=script").await;
    assert!(list.contains("exchange-3") && !list.contains("<script>"));
    shop.request("POST", "/payments/v1/sessions").body(vec![0xff, b'<']).send().await.unwrap();
    let odd = text(&shop, "/inspector/exchanges/4").await;
    assert!(odd.contains("\u{fffd}&#60;") && odd.contains("2 bytes, not all of it text"), "{odd}");
    // The beginning of a number is a number too.
    let large = "7".repeat(300_000);
    shop.request("POST", "/payments/v1/sessions").body(large).send().await.unwrap();
    let large = text(&shop, "/inspector/exchanges/5").await;
    assert!(large.contains("300000 bytes; the rest is in the HAR"), "{}", large.len());
    let too_large = "x".repeat(2_000_000);
    shop.request("POST", "/payments/v1/sessions").body(too_large).send().await.unwrap();
    assert!(text(&shop, "/inspector/exchanges/6").await.contains("larger than the limit"));
    let reset = json!({"times": 1, "effect": {"kind": "reset_before"}});
    shop.post("/sandbox/v1/faults", &reset).await;
    assert!(shop.request("GET", "/payments/v1/x").send().await.is_err());
    let dropped = text(&shop, "/inspector/exchanges/7").await;
    assert!(dropped.contains("None: the connection was dropped."), "{dropped}");
    assert!(dropped.contains("fault reset_before"));
    let struck = text(&shop, "/inspector/exchanges?fault=yes&status=none").await;
    assert_eq!(struck.matches("<tr id=\"exchange-").count(), 1);
}

#[tokio::test]
async fn exchanges_are_searched_from_the_page_of_what_they_are_about() {
    let shop = Shop::open().await;
    let order = shop.order().await;
    let other = shop.order().await;
    for _ in 0..25 {
        shop.read(&order).await;
    }
    let page = text(&shop, &format!("/inspector/orders/{order}")).await;
    assert_eq!(page.matches("<tr id=\"exchange-").count(), 20);
    let all = page.split(">All of them<").next().unwrap().rsplit("href=\"").next().unwrap();
    let all = text(&shop, all.split('"').next().unwrap()).await;
    // The session, the placing, the reads.
    assert_eq!(all.matches("<tr id=\"exchange-").count(), 27);
    let page = text(&shop, &format!("/inspector/orders/{other}")).await;
    assert_eq!(page.matches("<tr id=\"exchange-").count(), 2);
    assert!(!page.contains("All of them"));
}

#[tokio::test]
async fn callbacks_are_shown_and_fired_again() {
    let settings = Settings { callback_pause_milliseconds: 1, ..Settings::default() };
    let shop = Shop::open_with(Config { settings, ..Config::default() }).await;
    let (inbox, url) = Inbox::open(&[500, 200, 503]).await;
    let mut cart = cart();
    cart["merchant_urls"]["authorization"] = json!(format!("{url}?<b>"));
    let id = shop.session(&cart).await;
    shop.authorize(&id, &json!({"outcome": "approved", "callback": "before"})).await;
    let session = text(&shop, &format!("/inspector/sessions/{id}")).await;
    assert_eq!(session.matches("<tr id=\"attempt-").count(), 2);
    let list = text(&shop, "/inspector/callbacks").await;
    assert_eq!(list.matches("<tr id=\"attempt-").count(), 2);
    assert!(list.contains("?&#60;b&#62;") && !list.contains("?<b>"), "{list}");
    assert!(list.contains("attempt 2"));
    let callback_id = shop.get("/sandbox/v1/callbacks").await.json()[0]["callback_id"].clone();
    let callback_id = callback_id.as_str().unwrap();
    let path = format!("/inspector/callbacks/{callback_id}");
    let page = text(&shop, &path).await;
    assert!(page.contains(&format!("&#34;session_id&#34;: &#34;{id}&#34;")), "{page}");

    let again = pressed(&shop, &format!("{path}/resend"), &[]).await;
    assert!(said(&again).starts_with("Fired again"), "{again}");
    assert_eq!(inbox.bodies().len(), 3, "once, though it was refused");
    let rows: Vec<&str> = again.split("<tr id=\"attempt-").skip(1).collect();
    assert_eq!(rows.len(), 3);
    for (row, badge) in rows.iter().zip([r#"wait">503<"#, r#"good">200<"#, r#"wait">500<"#]) {
        assert!(row.contains(badge), "{badge}: {row}");
    }
    let got = shop.post(&format!("/sandbox/v1/callbacks/{callback_id}/resend"), &Value::Null).await;
    assert_eq!(got.status, 200);
    assert_eq!(
        (&got.json()["status"], &got.json()["kind"]),
        (&json!(200), &json!("authorization"))
    );
    assert_eq!(got.json()["attempt"], 1, "the first of another delivery");
    let bodies = inbox.bodies();
    assert!(bodies.iter().all(|body| *body == bodies[0]), "the same each time");
    let unknown = shop.post("/sandbox/v1/callbacks/none/resend", &Value::Null).await;
    assert_eq!((unknown.status, unknown.json()["code"].as_str()), (404, Some("NOT_FOUND")));
    assert_eq!(press(&shop, "/inspector/callbacks/none/resend", &[]).await.status, 404);
}

#[tokio::test]
async fn an_approval_is_called_back_when_the_switch_says_so() {
    let settings = Settings {
        authorization_callback: klarna_sandbox::AuthorizationCallback::Before,
        ..Settings::default()
    };
    let shop = Shop::open_with(Config { settings, ..Config::default() }).await;
    let (inbox, url) = Inbox::open(&[]).await;
    let mut cart = cart();
    cart["merchant_urls"]["authorization"] = json!(url);
    cart["merchant_urls"]["notification"] = json!(url);
    let id = shop.session(&cart).await;
    let authorize = format!("/inspector/sessions/{id}/authorize");
    pressed(&shop, &authorize, &[("outcome", "approved")]).await;
    assert_eq!(inbox.bodies().len(), 1, "before the page that follows");
    let token = inbox.bodies()[0]["authorization_token"].as_str().unwrap().to_owned();
    let placed = shop.place(&token, &cart).await.json();
    let path = format!("/inspector/orders/{}", placed["order_id"].as_str().unwrap());
    let page = pressed(&shop, &format!("{path}/fraud"), &[("decision", "STOPPED")]).await;
    let rows: Vec<&str> = page.split("<tr id=\"attempt-").skip(1).collect();
    assert_eq!(rows.len(), 2);
    assert!(rows[0].contains("notification") && rows[1].contains("authorization"), "{page}");
    let other = shop.order().await;
    let other = text(&shop, &format!("/inspector/orders/{other}")).await;
    assert!(!other.contains("<tr id=\"attempt-"), "the callbacks of another order");
}

#[tokio::test]
async fn customer_tokens_are_shown_and_changed() {
    let shop = Shop::open().await;
    let token = customer_tokens::token(&shop, "customer@email.se", "invoice").await;
    let other = customer_tokens::token(&shop, "other@email.se", "invoice").await;
    let charged = customer_tokens::charge(&shop, &token, &customer_tokens::laces()).await;
    assert_eq!(charged.status, 200);
    let rows = |page: &str| page.matches("<tr id=\"token-").count();
    for (query, count) in [
        ("", 2),
        ("?q=OTHER", 1),
        (&format!("?q={token}"), 1),
        ("?status=ACTIVE", 2),
        ("?status=SUSPENDED", 0),
    ] {
        let page = text(&shop, &format!("/inspector/customer-tokens{query}")).await;
        assert_eq!(rows(&page), count, "{query}");
    }
    let path = format!("/inspector/customer-tokens/{token}");
    let page = text(&shop, &path).await;
    assert_eq!(stands(&page, "Customer token"), "ACTIVE");
    assert_eq!(page.matches("<tr id=\"exchange-").count(), 2, "made and charged");
    assert!(page.contains("href=\"/inspector/sessions/") && page.contains("customer@email.se"));
    let charging = page.split("<a href=\"/inspector/exchanges/").nth(1).unwrap();
    let charging = charging.split('"').next().unwrap();
    let exchange = text(&shop, &format!("/inspector/exchanges/{charging}")).await;
    assert!(exchange.contains(&format!("href=\"{path}\"")), "{exchange}");

    let suspended = pressed(&shop, &path, &[("status", "SUSPENDED")]).await;
    assert_eq!(stands(&suspended, "Customer token"), "SUSPENDED");
    let refused = customer_tokens::charge(&shop, &token, &customer_tokens::laces()).await;
    assert_eq!(refused.status, 403);
    assert!(!pressed(&shop, &path, &[("status", "ACTIVE")]).await.contains(">declines<"));
    assert!(pressed(&shop, &path, &[("declines", "true")]).await.contains(">declines<"));
    let declined = customer_tokens::charge(&shop, &token, &customer_tokens::laces()).await;
    assert_ne!(declined.status, 200);
    pressed(&shop, &path, &[("declines", "false")]).await;
    let accepted = customer_tokens::charge(&shop, &token, &customer_tokens::laces()).await;
    assert_eq!(accepted.status, 200);
    assert_eq!(problem(&shop, &path, &[("status", "ASLEEP")]).await.0, 400);
    let cancel = format!("/customer-token/v1/tokens/{other}/status");
    shop.call("PATCH", &cancel, Some(&json!({"status": "CANCELLED"}))).await;
    let cancelled = text(&shop, &format!("/inspector/customer-tokens/{other}")).await;
    assert_eq!(stands(&cancelled, "Customer token"), "CANCELLED");
    assert!(cancelled.contains("It is cancelled for good."));
    assert_eq!(page_status(&shop, "/inspector/customer-tokens/none").await, 404);
}

async fn page_status(shop: &Shop, path: &str) -> u16 {
    page(shop, path).await.status
}

#[tokio::test]
async fn the_clocks_buttons_move_it() {
    let shop = Shop::open().await;
    let moved = pressed(&shop, "/inspector/clock/advance", &[("by", "P1D")]).await;
    assert!(moved.contains("2026-03-02 12:00:00") && moved.contains("1 day ahead"), "{moved}");
    let told = problem(&shop, "/inspector/clock/advance", &[("by", "<soon>")]).await;
    assert_eq!(told.0, 400);
    assert!(told.1.starts_with("by: \"&#60;soon&#62;\" is no duration"), "{}", told.1);
    let typed = press(&shop, "/inspector/clock/advance", &[("by", "<soon>")]).await.text;
    assert!(typed.contains(r#"value="&#60;soon&#62;""#), "what was typed stays");
    assert!(moved.contains("data-live=") && !typed.contains("data-live="), "it has no address");
    let fast = pressed(&shop, "/inspector/clock/pace", &[("pace", "60")]).await;
    assert!(fast.contains("60 × as fast"), "{fast}");
    assert_eq!(shop.get("/sandbox/v1/clock").await.json()["pace"], 60);
    for pace in ["0", "fast", ""] {
        assert_eq!(problem(&shop, "/inspector/clock/pace", &[("pace", pace)]).await.0, 400);
    }
}

#[tokio::test]
async fn faults_are_set_and_taken_back() {
    let shop = Shop::open().await;
    let form = [
        ("method", "POST"),
        ("path_contains", "/<captures>"),
        ("skip", ""),
        ("times", "2"),
        ("kind", "status"),
        ("status", "503"),
        ("body", "{}"),
        ("milliseconds", ""),
    ];
    let page = pressed(&shop, "/inspector/faults", &form).await;
    assert!(page.contains("/&#60;captures&#62;") && !page.contains("/<captures>"), "{page}");
    let rules = shop.get("/sandbox/v1/faults").await.json();
    assert_eq!(rules.as_array().unwrap().len(), 1);
    let wanted = json!({"method": "POST", "path_contains": "/<captures>"});
    assert_eq!((&rules[0]["match"], &rules[0]["times"]), (&wanted, &json!(2)));
    let effect = &rules[0]["effect"];
    assert_eq!((&effect["kind"], &effect["status"]), (&json!("status"), &json!(503)));
    assert_eq!(effect["body"], "{}");
    let written = r#"{"effect": {"kind": "delay", "milliseconds": 3}}"#;
    let page = pressed(&shop, "/inspector/faults", &[("json", written)]).await;
    assert_eq!(page.matches("<tr id=\"fault-").count(), 2);

    for (form, part) in [
        (vec![("kind", "explode")], "explode"),
        (vec![("kind", "delay")], "milliseconds"),
        (vec![("kind", "status"), ("status", "x")], "status: \"x\" is no whole number"),
        (vec![("json", "{\"tims\": 1}")], "tims"),
        (vec![("json", "{")], "rule: EOF"),
    ] {
        let (status, told) = problem(&shop, "/inspector/faults", &form).await;
        assert_eq!(status, 400, "{form:?}");
        assert!(told.contains(part), "{told}");
    }
    let typed = [("kind", "status"), ("status", "x"), ("path_contains", "/mine"), ("body", "<b>")];
    let kept = press(&shop, "/inspector/faults", &typed).await.text;
    assert!(
        kept.contains(r#"value="/mine""#) && kept.contains(">&#60;b&#62;</textarea>"),
        "{kept}"
    );
    let proposed = text(&shop, "/inspector/faults?path_contains=/refunds&kind=reset_after").await;
    assert!(proposed.contains(r#"value="/refunds""#));
    assert!(proposed.contains(r#"value="reset_after" checked"#), "{proposed}");

    pressed(&shop, "/inspector/faults/1/remove", &[]).await;
    assert_eq!(shop.get("/sandbox/v1/faults").await.json()[0]["effect"]["kind"], "delay");
    assert_eq!(problem(&shop, "/inspector/faults/1/remove", &[]).await.0, 404);
    let none = pressed(&shop, "/inspector/faults/clear", &[]).await;
    assert!(none.contains("<p class=\"none\">None.</p>") && !none.contains("Take back all"));
}

#[tokio::test]
async fn settings_are_moved() {
    let shop = Shop::open().await;
    let page = text(&shop, "/inspector/settings").await;
    for (name, _) in shop.get("/sandbox/v1/settings").await.json().as_object().unwrap() {
        assert!(page.contains(&format!("name=\"{name}\"")), "{name}");
    }
    assert!(page.contains("How long an authorization lasts, in days."));
    let moved = [
        ("authorization_days", "7"),
        ("repeated_placing", "409"),
        ("capture_while_pending", "true"),
        ("sticky_placing_errors", "true"),
    ];
    let page = pressed(&shop, "/inspector/settings", &moved).await;
    assert!(page.contains("moved"), "{page}");
    let settings = shop.get("/sandbox/v1/settings").await.json();
    assert_eq!(settings["authorization_days"], 7);
    assert_eq!(settings["repeated_placing"], "409");
    assert_eq!(settings["capture_while_pending"], true);
    let wrong = press(&shop, "/inspector/settings", &[("authorization_days", "<week>")]).await;
    assert_eq!(wrong.status, 400);
    let field =
        r#"<input id="authorization_days" name="authorization_days" value="&#60;week&#62;""#;
    let field = wrong.text.split(field).nth(1).unwrap().split('>').next().unwrap();
    assert!(field.contains(r#"aria-invalid="true""#), "{field}");
    assert_eq!(shop.get("/sandbox/v1/settings").await.json()["authorization_days"], 7);
    shop.order().await;
    let page = pressed(&shop, "/inspector/reset", &[]).await;
    assert!(said(&page).starts_with("Everything was forgotten"));
    assert_eq!(shop.get("/sandbox/v1/settings").await.json()["authorization_days"], 28);
    assert!(text(&shop, "/inspector/orders").await.contains("None."));
}

#[tokio::test]
async fn pages_of_others_press_nothing() {
    let shop = Shop::open().await;
    let id = shop.session(&cart()).await;
    let own = shop.running.url();
    let buttons = [
        format!("/inspector/sessions/{id}/authorize"),
        "/inspector/clock/advance".to_owned(),
        "/inspector/faults".to_owned(),
        "/inspector/reset".to_owned(),
        format!("/sandbox/v1/sessions/{id}/authorize"),
        "/sandbox/v1/reset".to_owned(),
    ];
    let foreign: [&[(&str, &str)]; 6] = [
        &[("origin", "http://evil.example")],
        &[("origin", "null")],
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site"), ("origin", "http://localhost:1")],
        &[("sec-fetch-site", "cross-site"), ("origin", &own)],
        &[("sec-fetch-site", "same-origin"), ("origin", "http://127.0.0.1:1")],
    ];
    for path in &buttons {
        for headers in foreign {
            let mut request = shop.client.post(format!("{own}{path}"));
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            let answer = got(filled(request, &[("by", "P1D")]).send().await.unwrap()).await;
            assert_eq!(answer.status, 403, "{path} {headers:?}");
        }
    }
    assert_eq!(shop.get("/sandbox/v1/clock").await.json()["offset_seconds"], 0);
    assert_eq!(shop.get(&format!("/payments/v1/sessions/{id}")).await.status, 200);
    // Programs do not say where they come from.
    let silent = shop.client.post(format!("{own}/inspector/clock/advance"));
    let silent = filled(silent, &[("by", "PT1S")]);
    assert_eq!(silent.send().await.unwrap().status(), 303);
    // Merchants' pages drive the buyer's part from anywhere.
    let flows = shop.client.post(format!("{own}/kp/v1/sessions/{id}/purchase-flows"));
    let flows = flows.header("origin", "https://shop.example").json(&json!({}));
    assert_eq!(flows.send().await.unwrap().status(), 201);
}
