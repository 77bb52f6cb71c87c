//! A running sandbox, a client, and a cart whose amounts are written by hand.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicI64, Ordering},
};

use axum::{Router, extract::State, routing::post};
use klarna_sandbox::{Clock, Config, RandomIds, Running, Sandbox};
use serde_json::{Value, json};

pub(crate) const START: &str = "2026-03-01T12:00:00.250Z";

/// Stands still; only the sandbox's own clock moves.
struct Still;

impl Clock for Still {
    fn now(&self) -> jiff::Timestamp {
        START.parse().unwrap()
    }
}

pub(crate) struct Shop {
    pub(crate) running: Running,
    pub(crate) client: reqwest::Client,
}

/// An answer, read.
pub(crate) struct Got {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) text: String,
}

impl Got {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The status, code and only message of a refusal.
    pub(crate) fn refusal(&self) -> (u16, String, String) {
        let body = self.json();
        assert_eq!(body["correlation_id"], self.header("klarna-correlation-id"));
        assert_eq!(body["error_messages"].as_array().unwrap().len(), 1, "{}", self.text);
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        (self.status, text(&body["error_code"]), text(&body["error_messages"][0]))
    }
}

pub(crate) fn refusal(status: u16, code: &str, text: &str) -> (u16, String, String) {
    (status, code.to_owned(), text.to_owned())
}

impl Shop {
    pub(crate) async fn open() -> Self {
        Self::open_with(Config::default()).await
    }

    pub(crate) async fn open_with(config: Config) -> Self {
        Self::open_as(Sandbox::with_sources(config, Still, RandomIds)).await
    }

    pub(crate) async fn open_as(sandbox: Sandbox) -> Self {
        let running = sandbox.start_here().await.unwrap();
        let client = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        Self { running, client }
    }

    /// Ends it as a process ends that is asked to.
    pub(crate) async fn close(self) {
        self.running.stop().await.unwrap();
    }

    pub(crate) fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let url = format!("{}{path}", self.running.url());
        self.client.request(method.parse().unwrap(), url).basic_auth("shop", Some("secret"))
    }

    pub(crate) async fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Got {
        let request = self.request(method, path);
        let request = match body {
            Some(body) => request.json(body),
            None => request,
        };
        got(request.send().await.unwrap()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Got {
        self.call("GET", path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Got {
        self.call("POST", path, Some(body)).await
    }

    /// A new session's id.
    pub(crate) async fn session(&self, cart: &Value) -> String {
        let got = self.post("/payments/v1/sessions", cart).await;
        assert_eq!(got.status, 200, "{}", got.text);
        got.json()["session_id"].as_str().unwrap().to_owned()
    }

    /// What the SDK's callback says.
    pub(crate) async fn authorize(&self, session_id: &str, body: &Value) -> Value {
        let got = self.post(&format!("/sandbox/v1/sessions/{session_id}/authorize"), body).await;
        assert_eq!(got.status, 200, "{}", got.text);
        got.json()
    }

    /// An approved authorization's token.
    pub(crate) async fn token(&self, session_id: &str) -> String {
        let approved = self.authorize(session_id, &json!({"outcome": "approved"})).await;
        approved["authorization_token"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn place(&self, token: &str, body: &Value) -> Got {
        self.post(&format!("/payments/v1/authorizations/{token}/order"), body).await
    }

    /// A placed order's id, whoever bought and however it is paid.
    pub(crate) async fn order_of(&self, cart: &Value, authorize: &Value) -> String {
        let session = self.session(cart).await;
        let approved = self.authorize(&session, authorize).await;
        let token = approved["authorization_token"].as_str().unwrap();
        let got = self.place(token, cart).await;
        assert_eq!(got.status, 200, "{}", got.text);
        got.json()["order_id"].as_str().unwrap().to_owned()
    }

    /// A placed order's id.
    pub(crate) async fn order(&self) -> String {
        self.order_of(&cart(), &json!({"outcome": "approved"})).await
    }

    pub(crate) async fn read(&self, order_id: &str) -> Value {
        let got = self.get(&format!("/ordermanagement/v1/orders/{order_id}")).await;
        assert_eq!(got.status, 200, "{}", got.text);
        got.json()
    }

    /// An act on an order.
    pub(crate) async fn act(&self, order_id: &str, act: &str, body: &Value) -> Got {
        let method = match act {
            "authorization" | "customer-details" | "merchant-references" => "PATCH",
            act if act.ends_with("/extend-due-date") => "PATCH",
            _ => "POST",
        };
        let path = format!("/ordermanagement/v1/orders/{order_id}/{act}");
        self.call(method, &path, Some(body)).await
    }

    /// An act that has to succeed; its answer's id, if it made something.
    pub(crate) async fn done(&self, order_id: &str, act: &str, body: &Value) -> String {
        let got = self.act(order_id, act, body).await;
        assert!(got.status == 201 || got.status == 204, "{act}: {} {}", got.status, got.text);
        let id = got.headers.get("capture-id").or(got.headers.get("refund-id"));
        id.map(|id| id.to_str().unwrap().to_owned()).unwrap_or_default()
    }

    pub(crate) async fn advance(&self, by: &str) {
        let got = self.post("/sandbox/v1/clock/advance", &json!({"by": by})).await;
        assert_eq!(got.status, 200, "{}", got.text);
    }
}

/// How many decimals a number is written with.
pub(crate) fn decimals(number: &Value) -> usize {
    number.to_string().split_once('.').map_or(0, |(_, decimals)| decimals.len())
}

/// Tells what a test sets.
pub(crate) struct Moving(Arc<AtomicI64>);

impl Clock for Moving {
    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::from_second(self.0.load(Ordering::Relaxed)).unwrap()
    }
}

/// A clock at noon of the first of March, and the seconds it tells.
pub(crate) fn moving() -> (Moving, Arc<AtomicI64>) {
    let seconds = Arc::new(AtomicI64::new(1_772_366_400));
    (Moving(seconds.clone()), seconds)
}

/// A sandbox where nobody but a request lets time do its work, and its clock in seconds.
pub(crate) async fn untimed() -> (String, Arc<AtomicI64>) {
    let (clock, seconds) = moving();
    let sandbox = Sandbox::with_sources(Config::default(), clock, RandomIds);
    let router = sandbox.router();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, seconds)
}

pub(crate) async fn got(response: reqwest::Response) -> Got {
    Got {
        status: response.status().as_u16(),
        headers: response.headers().clone(),
        text: response.text().await.unwrap(),
    }
}

/// Boots at 2 x 99.90 less 20.00 and shipping at 49.00, 25 % included: 228.80, tax 45.76.
pub(crate) fn cart() -> Value {
    json!({
        "purchase_country": "SE", "purchase_currency": "SEK", "locale": "sv-SE",
        "order_amount": 22_880, "order_tax_amount": 4576,
        "order_lines": [
            {"reference": "boots", "name": "Boots", "quantity": 2, "unit_price": 9990,
                "total_discount_amount": 2000, "total_amount": 17_980, "tax_rate": 2500,
                "total_tax_amount": 3596},
            {"type": "shipping_fee", "reference": "post", "name": "Post", "quantity": 1,
                "unit_price": 4900, "total_amount": 4900, "tax_rate": 2500,
                "total_tax_amount": 980},
        ],
        "billing_address": {"given_name": "Alice", "family_name": "Test",
            "email": "customer@email.se", "street_address": "Södra Blasieholmshamnen 2",
            "postal_code": "11148", "city": "Stockholm", "country": "se",
            "phone": "+46701740615"},
        "merchant_reference1": "shop-1",
        "merchant_urls": {
            "confirmation": "https://shop.example/done?s={session.id}&o={order.id}"},
    })
}

/// What a merchant's endpoint received.
#[derive(Clone, Default)]
pub(crate) struct Inbox {
    received: Arc<Mutex<Vec<Value>>>,
    /// The statuses of the next answers; afterwards 200.
    answers: Arc<Mutex<Vec<u16>>>,
    arrived: Arc<tokio::sync::Notify>,
}

impl Inbox {
    /// A merchant's endpoint, and its address.
    pub(crate) async fn open(answers: &[u16]) -> (Self, String) {
        let inbox = Self::default();
        *inbox.answers.lock().unwrap() = answers.to_vec();
        let router = Router::new().route("/{*path}", post(receive)).with_state(inbox.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/callback", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        (inbox, url)
    }

    pub(crate) fn bodies(&self) -> Vec<Value> {
        self.received.lock().unwrap().clone()
    }

    /// Waits until so many callbacks have come.
    pub(crate) async fn wait_for(&self, count: usize) -> Vec<Value> {
        loop {
            let arrived = self.arrived.notified();
            if self.bodies().len() >= count {
                return self.bodies();
            }
            arrived.await;
        }
    }
}

async fn receive(State(inbox): State<Inbox>, body: axum::Json<Value>) -> axum::http::StatusCode {
    inbox.received.lock().unwrap().push(body.0);
    inbox.arrived.notify_waiters();
    let mut answers = inbox.answers.lock().unwrap();
    let status = if answers.is_empty() { 200 } else { answers.remove(0) };
    axum::http::StatusCode::from_u16(status).unwrap()
}
