//! Hosted Payment Page v1 as a merchant's server meets it.

use klarna_sandbox::{Config, DistributionStatus, Settings};
use serde_json::{Value, json};

use crate::support::{Got, Inbox, Shop, cart, got, refusal};

const SESSIONS: &str = "/hpp/v1/sessions";

/// Where the browser is sent, in all cases.
pub(crate) fn merchant_urls() -> Value {
    json!({
        "success": "https://shop.example/success?s={{session_id}}&t={{authorization_token}}&o={{order_id}}",
        "failure": "https://shop.example/failure?s={{session_id}}&t={{authorization_token}}",
        "cancel": "https://shop.example/cancel?s={{session_id}}",
        "back": "https://shop.example/back?s={{session_id}}",
        "error": "https://shop.example/error?s={{session_id}}",
    })
}

/// The payment session's own address.
pub(crate) fn url_of(shop: &Shop, payment_session: &str) -> String {
    format!("{}/payments/v1/sessions/{payment_session}", shop.running.url())
}

/// A hosted payment page, created.
pub(crate) struct Hosted {
    pub(crate) payment_session: String,
    pub(crate) session_id: String,
    pub(crate) created: Value,
}

impl Hosted {
    pub(crate) async fn of(shop: &Shop, payment_session: &str, body: &Value) -> Self {
        let mut body = body.clone();
        body["payment_session_url"] = json!(url_of(shop, payment_session));
        let got = shop.post(SESSIONS, &body).await;
        assert_eq!(got.status, 201, "{}", got.text);
        let created = got.json();
        let session_id = created["session_id"].as_str().unwrap().to_owned();
        Self { payment_session: payment_session.to_owned(), session_id, created }
    }

    /// A page for a cart.
    pub(crate) async fn with(shop: &Shop, cart: &Value, body: &Value) -> Self {
        let payment_session = shop.session(cart).await;
        Self::of(shop, &payment_session, body).await
    }

    /// A page for Alice's cart that leads to the shop in all cases.
    pub(crate) async fn open(shop: &Shop) -> Self {
        Self::with(shop, &cart(), &json!({"merchant_urls": merchant_urls()})).await
    }

    pub(crate) async fn get(&self, shop: &Shop) -> Got {
        shop.get(&format!("{SESSIONS}/{}", self.session_id)).await
    }

    pub(crate) async fn read(&self, shop: &Shop) -> Value {
        let got = self.get(shop).await;
        assert_eq!(got.status, 200, "{}", got.text);
        got.json()
    }

    pub(crate) async fn status(&self, shop: &Shop) -> String {
        self.read(shop).await["status"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn disable(&self, shop: &Shop) -> Got {
        shop.call("DELETE", &format!("{SESSIONS}/{}", self.session_id), None).await
    }

    pub(crate) async fn distribute(&self, shop: &Shop, body: &Value) -> Got {
        shop.post(&format!("{SESSIONS}/{}/distribution", self.session_id), body).await
    }

    /// A developer stands in for the buyer.
    pub(crate) async fn decide(&self, shop: &Shop, body: &Value) -> Got {
        shop.post(&format!("/sandbox/v1/hpp/{}", self.session_id), body).await
    }

    /// The same, where it has to succeed.
    pub(crate) async fn decided(&self, shop: &Shop, outcome: &str) -> Value {
        let got = self.decide(shop, &json!({"outcome": outcome})).await;
        assert_eq!(got.status, 200, "{}", got.text);
        got.json()
    }

    /// The address of its page, without the host.
    pub(crate) fn page(&self, shop: &Shop) -> String {
        let url = self.created["redirect_url"].as_str().unwrap();
        url.strip_prefix(&shop.running.url()).unwrap().to_owned()
    }
}

fn email() -> Value {
    json!({"method": "email", "contact_information": {"email": "test@example.com"}})
}

#[tokio::test]
async fn a_session_is_created_with_all_its_addresses() {
    let shop = Shop::open().await;
    let payment_session = shop.session(&cart()).await;
    // What a fixture of Klarna's .NET SDK sends, but for the session's address.
    let body = json!({
        "merchant_urls": {
            "cancel": "https://example.com/cancel", "failure": "https://example.com/fail",
            "privacy_policy": "https://example.com/privacy_policy",
            "success": "https://example.com/success?token={{authorization_token}}",
            "terms": "https://example.com/terms"},
        "options": {
            "background_images": [{"url": "string", "width": 0}],
            "logo_url": "https://example.com/logo.jpg", "page_title": "Complete your purchase",
            "payment_method_category": "pay_later", "purchase_type": "buy"},
        "payment_session_url": url_of(&shop, &payment_session),
    });
    let got = shop.post(SESSIONS, &body).await;
    assert_eq!(got.status, 201, "{}", got.text);
    assert_eq!(got.header("content-type"), "application/json");
    assert_eq!(got.header("klarna-correlation-id").len(), 36);
    assert_eq!(got.header("x-ratelimit-limit"), "5, 5;w=1");
    let created = got.json();
    let id = created["session_id"].as_str().unwrap();
    let base = shop.running.url();
    let page = created["redirect_url"].as_str().unwrap();
    let (address, name) = page.rsplit_once('/').unwrap();
    assert_eq!((address, name.len()), (&*format!("{base}/eu/hpp/payments"), 7));
    let token = created["distribution_module"]["token"].as_str().unwrap();
    // In the order of the documented sample.
    let expected = format!(
        concat!(
            r#"{{"session_id":"{id}","redirect_url":"{page}","#,
            r#""session_url":"{base}/hpp/v1/sessions/{id}","#,
            r#""qr_code_url":"{base}/eu/hpp/payments/{id}/qr","#,
            r#""distribution_url":"{base}/hpp/v1/sessions/{id}/distribution","#,
            r#""expires_at":"2026-03-03T11:00:00.250Z","distribution_module":{{"token":"{token}","#,
            r#""standalone_url":"{base}/eu/hpp/distributions/{id}?profile_id={{{{profile_id}}}}&view_id={{{{view_id}}}}","#,
            r#""generation_url":"{base}/hpp/v1/sessions/{id}/distribution-module/token"}}}}"#,
        ),
        id = id,
        page = page,
        base = base,
        token = token
    );
    assert_eq!(got.text, expected);
    let read = shop.get(&format!("{SESSIONS}/{id}")).await;
    let expected = format!(
        concat!(
            r#"{{"session_id":"{}","status":"WAITING","updated_at":"2026-03-01T12:00:00.250Z","#,
            r#""expires_at":"2026-03-03T11:00:00.250Z"}}"#
        ),
        id
    );
    assert_eq!((read.status, read.text), (200, expected));
}

#[tokio::test]
async fn what_cannot_be_hosted_is_refused() {
    let shop = Shop::open().await;
    let create = async |url: &str| {
        let got = shop.post(SESSIONS, &json!({"payment_session_url": url})).await;
        got.refusal()
    };
    let expired = refusal(404, "NOT_FOUND", "Payment session has expired");
    assert_eq!(create(&url_of(&shop, "c94aa574-5f7e-4be4-8a73-0a3bbd5e3b4d")).await, expired);
    assert_eq!(create("https://api.klarna.com/checkout/v3/orders/1").await, expired);
    let invalid = refusal(400, "CONSTRAINT_VIOLATION", "'payment_session_url' is not valid");
    assert_eq!(create("https://api.klarna.com/payments/v1/sessions").await, invalid);

    let open = shop.session(&cart()).await;
    let got = shop.request("POST", SESSIONS).body("[]").send().await.unwrap();
    assert_eq!(got.status().as_u16(), 400);
    for (body, told) in [
        (json!({}), "'payment_session_url' must not be null"),
        (
            json!({"payment_session_url": url_of(&shop, &open), "merchant_urls": []}),
            "'merchant_urls' must be an object",
        ),
        (
            json!({"payment_session_url": url_of(&shop, &open),
                "options": {"place_order_mode": "LATER"}}),
            "'options.place_order_mode' is not valid",
        ),
    ] {
        let refused = shop.post(SESSIONS, &body).await.refusal();
        assert_eq!(refused, refusal(400, "CONSTRAINT_VIOLATION", told));
    }

    let completed = shop.session(&cart()).await;
    let token = shop.token(&completed).await;
    assert_eq!(shop.place(&token, &cart()).await.status, 200);
    let text = "Session has already been completed";
    let over = refusal(404, "SESSION_COMPLETED", text);
    assert_eq!(create(&url_of(&shop, &completed)).await, over);

    // In its last hour a payment session is too old for a page.
    shop.advance("PT46H59M59S").await;
    Hosted::of(&shop, &open, &json!({})).await;
    shop.advance("PT1S").await;
    assert_eq!(create(&url_of(&shop, &open)).await, expired);
}

#[tokio::test]
async fn strangers_and_wrong_methods_are_turned_away() {
    let shop = Shop::open().await;
    let hosted = Hosted::open(&shop).await;
    let path = format!("{SESSIONS}/{}", hosted.session_id);
    let url = format!("{}{path}", shop.running.url());
    let stranger = shop.client.get(url).basic_auth("shop", Some("wrong")).send().await.unwrap();
    assert_eq!(stranger.status().as_u16(), 401);
    assert_eq!(stranger.headers()["content-type"], "text/html");
    for (method, path) in [
        ("GET", SESSIONS.to_owned()),
        ("PUT", path.clone()),
        ("POST", path.clone()),
        ("GET", format!("{path}/distribution")),
    ] {
        let got = shop.call(method, &path, None).await;
        assert_eq!(got.refusal(), refusal(405, "HTTP_ERROR", ""), "{method} {path}");
    }
    let unknown = shop.get(&format!("{path}/manual-id-check")).await;
    assert_eq!(unknown.refusal(), refusal(404, "HTTP_ERROR", ""));
    // As elsewhere, slashes too many make no difference.
    assert_eq!(shop.get(&format!("/{path}/")).await.status, 200);
    let gone = refusal(404, "NOT_FOUND", "HPP session has expired or could not be found");
    assert_eq!(shop.get(&format!("{SESSIONS}/unknown")).await.refusal(), gone);
    assert_eq!(shop.call("DELETE", &format!("{SESSIONS}/unknown"), None).await.refusal(), gone);
    let limit = json!({"rate_limit_sessions": 1});
    assert_eq!(shop.call("PATCH", "/sandbox/v1/settings", Some(&limit)).await.status, 200);
    // Its own category: sessions of Payments do not count.
    shop.session(&cart()).await;
    let statuses = [
        shop.post(SESSIONS, &json!({})).await.status,
        shop.post(SESSIONS, &json!({})).await.status,
    ];
    assert_eq!(statuses, [400, 429]);
}

#[tokio::test]
async fn a_session_ends_an_hour_before_its_payment_session() {
    let shop = Shop::open().await;
    let hosted = Hosted::open(&shop).await;
    shop.advance("PT46H59M59S").await;
    assert_eq!(hosted.status(&shop).await, "WAITING");
    assert_eq!(shop.get(&hosted.page(&shop)).await.status, 200);
    shop.advance("PT1S").await;
    let gone = refusal(404, "NOT_FOUND", "HPP session has expired or could not be found");
    assert_eq!(hosted.get(&shop).await.refusal(), gone);
    assert_eq!(hosted.disable(&shop).await.refusal(), gone);
    let not_found = refusal(404, "NOT_FOUND", "HPP session not found");
    assert_eq!(hosted.distribute(&shop, &email()).await.refusal(), not_found);
    let page = shop.get(&hosted.page(&shop)).await;
    assert_eq!(page.status, 404);
    assert!(page.text.contains("data-step=\"expired\""), "{}", page.text);
    assert_eq!(hosted.decide(&shop, &json!({"outcome": "approved"})).await.status, 404);
    let payment_session = format!("/payments/v1/sessions/{}", hosted.payment_session);
    assert_eq!(shop.get(&payment_session).await.status, 200);
    // Long after, its page is forgotten.
    shop.advance("PT48H").await;
    let page = shop.get(&hosted.page(&shop)).await;
    assert_eq!(page.status, 404);
    assert!(page.text.contains("data-step=\"not-found\""), "{}", page.text);
}

#[tokio::test]
async fn a_payment_session_that_is_let_expire_takes_its_pages_along() {
    let shop = Shop::open().await;
    let payment_session = shop.session(&cart()).await;
    let [one, two] = [
        Hosted::of(&shop, &payment_session, &json!({})).await,
        Hosted::of(&shop, &payment_session, &json!({})).await,
    ];
    let other = Hosted::open(&shop).await;
    let path = format!("/sandbox/v1/sessions/{payment_session}/expire");
    let got = shop.post(&path, &json!({})).await;
    assert_eq!(got.status, 200, "{}", got.text);
    assert_eq!((one.get(&shop).await.status, two.get(&shop).await.status), (404, 404));
    assert!(shop.get(&one.page(&shop)).await.text.contains("data-step=\"expired\""));
    assert_eq!(other.status(&shop).await, "WAITING");
}

#[tokio::test]
async fn pages_are_divided_by_region() {
    let shop = Shop::open().await;
    let lines = json!([{"name": "Boots", "quantity": 1, "unit_price": 100, "total_amount": 100}]);
    for (country, currency, place) in
        [("US", "USD", "na"), ("AU", "AUD", "oc"), ("GB", "GBP", "eu")]
    {
        let cart = json!({"purchase_country": country, "purchase_currency": currency,
            "order_amount": 100, "order_lines": lines});
        let hosted = Hosted::with(&shop, &cart, &json!({})).await;
        let page = hosted.page(&shop);
        assert!(page.starts_with(&format!("/{place}/hpp/payments/")), "{page}");
        assert_eq!(shop.get(&page).await.status, 200);
    }
}

#[tokio::test]
async fn an_injected_error_is_written_as_its_own() {
    let shop = Shop::open().await;
    let hosted = Hosted::open(&shop).await;
    let fault = json!({"match": {"path": "/hpp/**"},
        "effect": {"kind": "error", "error_code": "NOT_FOUND"}});
    let set = shop.post("/sandbox/v1/faults", &fault).await;
    assert_eq!(set.status, 201, "{}", set.text);
    let struck = hosted.get(&shop).await;
    assert_eq!(struck.status, 404);
    assert!(struck.text.starts_with("{\"correlation_id\":\""), "{}", struck.text);
}

#[tokio::test]
async fn beyond_so_many_sessions_the_oldest_is_forgotten() {
    let config = Config { sessions_max: 2, ..Config::default() };
    let shop = Shop::open_with(config).await;
    let payment_session = shop.session(&cart()).await;
    let mut all = Vec::new();
    for _ in 0..3 {
        all.push(Hosted::of(&shop, &payment_session, &json!({})).await);
    }
    shop.advance("PT1S").await;
    let mut statuses = Vec::new();
    for hosted in &all {
        statuses.push((hosted.get(&shop).await.status, shop.get(&hosted.page(&shop)).await.status));
    }
    assert_eq!(statuses, [(404, 404), (200, 200), (200, 200)]);
}

#[tokio::test]
async fn a_withdrawn_session_stays_so() {
    let shop = Shop::open().await;
    let hosted = Hosted::open(&shop).await;
    shop.advance("PT1H").await;
    let got = hosted.disable(&shop).await;
    assert_eq!((got.status, &*got.text), (204, ""));
    let read = hosted.read(&shop).await;
    assert_eq!(read["status"], "DISABLED");
    assert_eq!(read["updated_at"], "2026-03-01T13:00:00.250Z");
    for _ in 0..2 {
        let page = shop.get(&hosted.page(&shop)).await;
        assert_eq!(page.status, 404);
        assert!(page.text.contains("data-step=\"disabled\""), "{}", page.text);
    }
    shop.advance("PT1H").await;
    assert_eq!(hosted.disable(&shop).await.status, 204);
    assert_eq!(hosted.read(&shop).await, read, "nothing happened again");
    let disabled = refusal(400, "BAD_REQUEST", "HPP session is disabled");
    assert_eq!(hosted.distribute(&shop, &email()).await.refusal(), disabled);
    assert_eq!(hosted.decide(&shop, &json!({"outcome": "approved"})).await.status, 409);
    assert_eq!(shop.get(&format!("/eu/hpp/payments/{}/qr", hosted.session_id)).await.status, 404);

    let cancelled = Hosted::open(&shop).await;
    cancelled.decided(&shop, "cancelled").await;
    assert_eq!(cancelled.disable(&shop).await.status, 204);
    assert_eq!(cancelled.status(&shop).await, "CANCELLED");

    let completed = Hosted::open(&shop).await;
    completed.decided(&shop, "approved").await;
    let text = "HPP session has already been successfully completed";
    let over = refusal(400, "SESSION_COMPLETED", text);
    assert_eq!(completed.disable(&shop).await.refusal(), over);
    assert_eq!(completed.status(&shop).await, "COMPLETED");
}

/// The control API's way to withdraw a page, without credentials.
async fn withdraw(shop: &Shop, session_id: &str) -> Got {
    let url = format!("{}/sandbox/v1/hpp/{session_id}", shop.running.url());
    got(shop.client.delete(url).send().await.unwrap()).await
}

#[tokio::test]
async fn a_developer_withdraws_a_session_for_the_merchant() {
    let shop = Shop::open().await;
    let (inbox, url) = Inbox::open(&[]).await;
    let told = json!({"merchant_urls": {"status_update": url}});
    let hosted = Hosted::with(&shop, &cart(), &told).await;
    let got = withdraw(&shop, &hosted.session_id).await;
    assert_eq!((got.status, &*got.text), (204, ""));
    assert_eq!(hosted.status(&shop).await, "DISABLED");
    assert_eq!(inbox.wait_for(1).await[0]["session"]["status"], "DISABLED");

    assert_eq!(withdraw(&shop, &hosted.session_id).await.status, 204, "it stays so");
    let cancelled = Hosted::open(&shop).await;
    cancelled.decided(&shop, "cancelled").await;
    assert_eq!(withdraw(&shop, &cancelled.session_id).await.status, 204);
    assert_eq!(cancelled.status(&shop).await, "CANCELLED");
    let completed = Hosted::open(&shop).await;
    completed.decided(&shop, "approved").await;
    let over = withdraw(&shop, &completed.session_id).await;
    assert_eq!((over.status, over.json()["code"].as_str().unwrap()), (400, "SESSION_COMPLETED"));
    assert_eq!(completed.status(&shop).await, "COMPLETED");
    let unknown = withdraw(&shop, "none").await;
    assert_eq!((unknown.status, unknown.json()["code"].as_str().unwrap()), (404, "NOT_FOUND"));
    let other = shop.call("PATCH", "/sandbox/v1/hpp/none", None).await.json();
    assert!(other["message"].as_str().unwrap().contains("there is POST, DELETE"), "{other}");
}

#[tokio::test]
async fn a_distribution_is_written_down_instead_of_sent() {
    let shop = Shop::open().await;
    let hosted = Hosted::open(&shop).await;
    let link = hosted.created["redirect_url"].clone();
    let sms = json!({"method": "sms", "template": "INSTORE_PURCHASE",
        "contact_information": {"phone": "07000212345", "phone_country": "SE"}});
    let token = json!({"method": "TOKEN", "contact_information": {"access_id": "278352"}});
    for body in [email(), sms, token] {
        let got = hosted.distribute(&shop, &body).await;
        assert_eq!((got.status, &*got.text), (201, ""));
    }
    let no_content = json!({"hpp_distribution_status": 204});
    assert_eq!(shop.call("PATCH", "/sandbox/v1/settings", Some(&no_content)).await.status, 200);
    assert_eq!(hosted.distribute(&shop, &email()).await.status, 204);
    let mut all = shop.get("/sandbox/v1/distributions").await.json();
    let mut ids = std::collections::BTreeSet::new();
    for one in all.as_array_mut().unwrap() {
        let one = one.as_object_mut().unwrap();
        assert!(ids.insert(one.remove("distribution_id").unwrap().to_string()));
        assert_eq!(one.remove("session_id").unwrap(), hosted.session_id);
        assert_eq!(one.remove("redirect_url").unwrap(), link);
        assert_eq!(one.remove("at").unwrap(), "2026-03-01T12:00:00.25Z");
    }
    let by_email = json!({"method": "email", "contact_information": {"email": "test@example.com"}});
    let expected = json!([
        by_email,
        {"method": "sms", "template": "INSTORE_PURCHASE",
            "contact_information": {"phone": "07000212345", "phone_country": "SE"}},
        {"method": "token", "contact_information": {"access_id": "278352"}},
        by_email,
    ]);
    assert_eq!(all, expected);

    for (body, refused) in [
        (
            json!({"method": "email", "contact_information": {}}),
            refusal(
                400,
                "MISSING_CONTACT_DATA",
                "'contact_information.email' must not be empty for this method",
            ),
        ),
        (
            json!({"method": "token", "contact_information": {"access_id": "nowhere"}}),
            refusal(404, "NOT_FOUND", "Access token not found"),
        ),
        (
            json!({"method": "sms",
                "contact_information": {"phone": "+13106683312", "phone_country": "US"}}),
            refusal(400, "UNSUPPORTED_COUNTRY", "Phone numbers of US are not supported here"),
        ),
    ] {
        assert_eq!(hosted.distribute(&shop, &body).await.refusal(), refused);
    }
    let got = shop.post(&format!("{SESSIONS}/unknown/distribution"), &email()).await;
    assert_eq!(got.refusal(), refusal(404, "NOT_FOUND", "HPP session not found"));
    for outcome in ["approved", "cancelled"] {
        let over = Hosted::open(&shop).await;
        over.decided(&shop, outcome).await;
        let (status, code, text) = over.distribute(&shop, &email()).await.refusal();
        assert_eq!((status, &*code), (400, "BAD_REQUEST"));
        assert!(text.ends_with(if outcome == "approved" { "completed" } else { "cancelled" }));
    }
    assert_eq!(shop.get("/sandbox/v1/distributions").await.json().as_array().unwrap().len(), 4);
    assert_eq!(shop.post("/sandbox/v1/reset", &json!({})).await.status, 204);
    assert_eq!(shop.get("/sandbox/v1/distributions").await.json(), json!([]));
    assert_eq!(hosted.get(&shop).await.status, 404);
}

#[tokio::test]
async fn a_distribution_fails_by_a_fault_only() {
    let shop = Shop::open().await;
    let hosted = Hosted::open(&shop).await;
    let fault = json!({"match": {"path_contains": "/distribution"}, "times": 1,
        "effect": {"kind": "status", "status": 503}});
    assert_eq!(shop.post("/sandbox/v1/faults", &fault).await.status, 201);
    assert_eq!(hosted.distribute(&shop, &email()).await.status, 503);
    assert_eq!(shop.get("/sandbox/v1/distributions").await.json(), json!([]));
    assert_eq!(hosted.distribute(&shop, &email()).await.status, 201);
}

#[tokio::test]
async fn the_customer_is_shown_where_the_switch_says_so() {
    let settings = Settings {
        hpp_customer_is_shown: true,
        hpp_distribution_status: DistributionStatus::NoContent,
        ..Settings::default()
    };
    let shop = Shop::open_with(Config { settings, ..Config::default() }).await;
    let mut cart = cart();
    cart["customer"] = json!({"date_of_birth": "1941-03-21", "title": ""});
    let hosted = Hosted::with(&shop, &cart, &json!({})).await;
    assert_eq!(hosted.distribute(&shop, &email()).await.status, 204);
    assert_eq!(hosted.read(&shop).await["customer"], Value::Null);
    let shown = json!({"date_of_birth": "1941-03-21", "family_name": "Test",
        "given_name": "Alice"});
    assert_eq!(hosted.decided(&shop, "approved").await["session"]["customer"], shown);
    assert_eq!(hosted.read(&shop).await["customer"], shown);
}
