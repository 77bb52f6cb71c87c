//! A sandbox whose clock stands still and whose ids count up, with something of everything in it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Html;
use axum::routing::post;
use klarna_sandbox::{Clock, Config, IdSource, Running, Sandbox, Settings};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::driver::Browser;

/// Stands still; only the sandbox's own clock moves.
struct Still;

impl Clock for Still {
    fn now(&self) -> jiff::Timestamp {
        "2026-11-25T12:00:00.25Z".parse().unwrap()
    }
}

/// The same ids in each run, none like another at its beginning.
#[derive(Default)]
struct Counting(AtomicU64);

impl IdSource for Counting {
    fn bytes(&self) -> [u8; 16] {
        let n = self.0.fetch_add(1, Ordering::Relaxed) + 1;
        let mixed = |salt: u64| (n + salt).wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes();
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&mixed(0));
        bytes[8..].copy_from_slice(&mixed(1 << 32));
        bytes
    }
}

/// Where the merchant's hosted pages lead back to.
const SHOPS_PAGE: &str = r#"<!doctype html><html lang="en"><head><title>A shop</title>
<link rel="icon" href="data:,"></head><body><h1>A shop</h1></body></html>"#;

/// The address under which hosted pages are made, so that their codes are the same in each run.
const MADE_AT: &str = "127.0.0.1:4010";

/// The sandbox, a merchant whom it calls back, and a browser.
pub(crate) struct Inspected {
    sandbox: Running,
    http: reqwest::Client,
    merchant: String,
    /// The statuses of the merchant's next answers; afterwards 200.
    pub(crate) answers: Arc<Mutex<Vec<u16>>>,
    pub(crate) browser: Browser,
}

impl Inspected {
    pub(crate) async fn open() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let settings = Settings {
            callback_pause_milliseconds: 1,
            hpp_callback_pause_milliseconds: 1,
            ..Settings::default()
        };
        let config = Config { settings, record_folder: None, ..Config::default() };
        let sandbox = Sandbox::with_sources(config, Still, Counting::default());
        let answers = Arc::default();
        let router = Router::new()
            .route("/{*path}", post(answer).get(async || Html(SHOPS_PAGE)))
            .with_state(Arc::clone(&answers));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let merchant = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self {
            sandbox: sandbox.start_here().await.unwrap(),
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            merchant,
            answers,
            browser: Browser::open().await,
        }
    }

    pub(crate) async fn goto(&self, path: &str) {
        self.browser.goto(&format!("{}{path}", self.sandbox.url())).await;
    }

    /// A new hosted payment page of a new session.
    pub(crate) async fn hosted(&self, cart: &Value, mut page: Value) -> Hosted {
        let session = self.call("POST", "/payments/v1/sessions", cart).await;
        let session = session["session_id"].as_str().unwrap();
        page["payment_session_url"] =
            json!(format!("http://{MADE_AT}/payments/v1/sessions/{session}"));
        let url = format!("{}/hpp/v1/sessions", self.sandbox.url());
        let request = self.http.post(url).basic_auth("shop", Some("secret"));
        let answer = request.header("host", MADE_AT).json(&page).send().await.unwrap();
        let made: Value = answer.json().await.unwrap();
        let page = made["redirect_url"].as_str().unwrap();
        Hosted {
            session_id: made["session_id"].as_str().unwrap().to_owned(),
            page: page.strip_prefix(&format!("http://{MADE_AT}")).unwrap().to_owned(),
        }
    }

    /// What a hosted page asks for that leads to the merchant in all cases and tells them of all.
    pub(crate) fn page(&self, options: &Value) -> Value {
        let url = |name: &str| format!("{}/{name}?session={{{{session_id}}}}", self.merchant);
        json!({"options": options, "merchant_urls": {
            "success": format!("{}&order={{{{order_id}}}}", url("success")),
            "failure": url("failure"), "back": url("back"), "cancel": url("cancel"),
            "error": url("error"), "status_update": url("told")}})
    }

    /// Lets the buyer of a hosted page decide, and waits until the merchant was told.
    pub(crate) async fn decide(&self, hosted: &Hosted, outcome: &str) {
        let body = json!({"outcome": outcome, "callback": "before"});
        self.call("POST", &format!("/sandbox/v1/hpp/{}", hosted.session_id), &body).await;
    }

    /// Calls the sandbox; the answer's headers and JSON.
    async fn ask(&self, method: &str, path: &str, body: &Value) -> (http::HeaderMap, Value) {
        let url = format!("{}{path}", self.sandbox.url());
        let request = self.http.request(method.parse().unwrap(), url);
        let answer = request.basic_auth("shop", Some("secret")).json(body).send().await.unwrap();
        let headers = answer.headers().clone();
        let text = answer.text().await.unwrap();
        (headers, serde_json::from_str(&text).unwrap_or_default())
    }

    pub(crate) async fn call(&self, method: &str, path: &str, body: &Value) -> Value {
        self.ask(method, path, body).await.1
    }

    /// Boots twice, at a discount, and the post: 228.80 SEK.
    pub(crate) fn cart(&self, reference: &str, email: &str) -> Value {
        json!({
            "purchase_country": "SE", "purchase_currency": "SEK", "locale": "sv-SE",
            "order_amount": 22_880, "order_tax_amount": 4576,
            "order_lines": [
                {"reference": "boots-42", "name": "Boots", "quantity": 2, "unit_price": 9990,
                    "total_discount_amount": 2000, "total_amount": 17_980, "tax_rate": 2500,
                    "total_tax_amount": 3596},
                {"type": "shipping_fee", "reference": "post", "name": "Post", "quantity": 1,
                    "unit_price": 4900, "total_amount": 4900, "tax_rate": 2500,
                    "total_tax_amount": 980},
            ],
            "billing_address": {"given_name": "Alice", "family_name": "Test", "email": email,
                "street_address": "Södra Blasieholmshamnen 2", "postal_code": "11148",
                "city": "Stockholm", "country": "se", "phone": "+46701740615"},
            "merchant_reference1": reference,
            "merchant_urls": {
                "authorization": format!("{}/authorized", self.merchant),
                "notification": format!("{}/notified?order={{order.id}}", self.merchant),
            },
        })
    }

    pub(crate) async fn session(&self, reference: &str, email: &str) -> String {
        let cart = self.cart(reference, email);
        let session = self.call("POST", "/payments/v1/sessions", &cart).await;
        session["session_id"].as_str().unwrap().to_owned()
    }

    /// A placed order's id.
    pub(crate) async fn order(&self, reference: &str, email: &str) -> String {
        let session = self.session(reference, email).await;
        let authorize = format!("/sandbox/v1/sessions/{session}/authorize");
        let before = json!({"callback": "before"});
        let approved = self.call("POST", &authorize, &before).await;
        let token = approved["authorization_token"].as_str().unwrap();
        let path = format!("/payments/v1/authorizations/{token}/order");
        let placed = self.call("POST", &path, &self.cart(reference, email)).await;
        placed["order_id"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn act(&self, order: &str, act: &str, body: &Value) -> String {
        let path = format!("/ordermanagement/v1/orders/{order}/{act}");
        let (headers, _) = self.ask("POST", &path, body).await;
        let made = headers.get("capture-id").map(|id| id.to_str().unwrap().to_owned());
        made.unwrap_or_default()
    }

    /// Orders in every state, the buyers' sessions, callbacks that arrive and that do not, faults.
    pub(crate) async fn fill(&self) -> Filled {
        const BUYER: &str = "customer@email.se";
        self.order("1001", BUYER).await;
        self.call("POST", "/sandbox/v1/clock/advance", &json!({"by": "P28D"})).await;
        let cancelled = self.order("1002", BUYER).await;
        self.act(&cancelled, "cancel", &json!({})).await;
        let captured = self.order("1003", BUYER).await;
        self.act(&captured, "captures", &json!({"captured_amount": 22_880})).await;
        let part = self.order("1004", BUYER).await;
        let lines = json!([{"reference": "boots-42", "name": "Boots", "quantity": 1,
            "unit_price": 9990, "total_amount": 9990, "tax_rate": 2500, "total_tax_amount": 1998}]);
        let capture = json!({"captured_amount": 9990, "description": "First parcel",
            "reference": "parcel-1", "order_lines": lines});
        let made = self.act(&part, "captures", &capture).await;
        let parcel = json!({"shipping_info": [{"shipping_company": "DHL",
            "tracking_number": "JJD000390007882823"}]});
        self.act(&part, &format!("captures/{made}/shipping-info"), &parcel).await;
        let refund = json!({"refunded_amount": 2000, "description": "A scratch"});
        self.act(&part, "refunds", &refund).await;
        self.answers.lock().unwrap().extend([500, 204]);
        let pending = self.order("1005", "customer+pend-reject-30@email.se").await;
        self.act(&pending, "captures", &json!({"captured_amount": 1})).await;
        let session = self.session("1006", BUYER).await;
        Filled { part, pending, session }
    }
}

/// A hosted payment page.
pub(crate) struct Hosted {
    pub(crate) session_id: String,
    /// Its path at the sandbox.
    pub(crate) page: String,
}

/// What [`Inspected::fill`] made, by ids.
pub(crate) struct Filled {
    pub(crate) part: String,
    pub(crate) pending: String,
    pub(crate) session: String,
}

async fn answer(State(answers): State<Arc<Mutex<Vec<u16>>>>) -> StatusCode {
    let mut answers = answers.lock().unwrap();
    let status = if answers.is_empty() { 200 } else { answers.remove(0) };
    StatusCode::from_u16(status).unwrap()
}
