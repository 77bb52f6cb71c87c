//! A merchant with a fresh sandbox: sends requests, and knows the steps that lead to an order.

use klarna_sandbox::{Config, Running, Sandbox};
use reqwest::Method;
use serde_json::{Value, json};

use super::recorded::Headers;
use crate::json::Json;

/// What came back.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// All headers, names in lower case.
    pub headers: Headers,
    /// The body.
    pub text: String,
}

impl Answer {
    /// The body as JSON; null if it is none.
    pub fn json(&self) -> Json {
        Json::parse(&self.text).unwrap_or_default()
    }

    /// Status, error code and texts in one line.
    fn in_short(&self) -> String {
        let body = self.json();
        let code = body.text("error_code").or(body.text("code")).unwrap_or("(no code)");
        let texts = body.get("error_messages").or(body.get("message")).cloned().unwrap_or_default();
        format!("{} {code} {}", self.status, texts.value())
    }
}

/// Why there is no answer to compare.
#[derive(Debug, PartialEq, Eq)]
pub enum Stop {
    /// Nothing of the sandbox's can lead to the recorded answer, or the record does not say what
    /// was asked.
    NotReplayable(String),
    /// The sandbox did not take a step that leads to the exchange.
    Setup(String),
}

pub(super) fn not_replayable<T>(why: impl Into<String>) -> Result<T, Stop> {
    Err(Stop::NotReplayable(why.into()))
}

/// A merchant and its sandbox.
pub(super) struct Shop {
    running: Running,
    client: reqwest::Client,
}

/// Who is calling.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Credentials {
    Right,
    Wrong,
}

/// A session, and the token of its authorization.
pub(super) struct Authorized {
    pub(super) session_id: String,
    pub(super) token: String,
}

impl Shop {
    pub(super) async fn open() -> Result<Self, Stop> {
        let failed = |error: &dyn std::fmt::Display| Stop::Setup(format!("the sandbox: {error}"));
        let running = Sandbox::start(Config::default()).await.map_err(|error| failed(&error))?;
        let client = reqwest::Client::builder()
            .no_proxy()
            // The sandbox speaks plain HTTP: the machine's root certificates need not be read.
            .tls_certs_only([])
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|error| failed(&error))?;
        Ok(Self { running, client })
    }

    /// Where the sandbox is.
    pub(super) fn url(&self) -> String {
        self.running.url()
    }

    /// Sends a request as it is.
    pub(super) async fn send(
        &self,
        credentials: Credentials,
        (method, path): (&str, &str),
        body: Option<String>,
    ) -> Result<Answer, Stop> {
        let failed = |error: &dyn std::fmt::Display| {
            Stop::Setup(format!("{method} {path} got no answer: {error}"))
        };
        let verb: Method = method.parse().map_err(|error| failed(&error))?;
        let password = if credentials == Credentials::Right { "secret" } else { "wrong" };
        let mut request = self
            .client
            .request(verb, format!("{}{path}", self.url()))
            .basic_auth("shop", Some(password));
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body);
        }
        let response = request.send().await.map_err(|error| failed(&error))?;
        let headers = response.headers().iter().map(|(name, value)| {
            (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        });
        Ok(Answer {
            status: response.status().as_u16(),
            headers: Headers(headers.collect()),
            text: response.text().await.map_err(|error| failed(&error))?,
        })
    }

    /// Sends a request with JSON or without a body.
    pub(super) async fn call(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Answer, Stop> {
        let body = body.map(Value::to_string);
        self.send(Credentials::Right, (method, path), body).await
    }

    /// A step on the way to an exchange, which has to succeed.
    pub(super) async fn step(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Answer, Stop> {
        let answer = self.call(method, path, body).await?;
        if (200..300).contains(&answer.status) {
            return Ok(answer);
        }
        Err(Stop::Setup(format!("{method} {path} was answered {}", answer.in_short())))
    }

    /// A text of a step's answer.
    pub(super) async fn told(
        &self,
        (method, path): (&str, &str),
        body: Option<&Value>,
        member: &str,
    ) -> Result<String, Stop> {
        let answer = self.step(method, path, body).await?.json();
        let told = answer.text(member).map(str::to_owned);
        told.ok_or_else(|| Stop::Setup(format!("{method} {path} told no {member}")))
    }

    pub(super) async fn session(&self, cart: &Value) -> Result<String, Stop> {
        self.told(("POST", "/payments/v1/sessions"), Some(cart), "session_id").await
    }

    /// The buyer's approval. `how` is for the control API: `data`, `payment_method`.
    pub(super) async fn authorize(&self, session_id: &str, how: Value) -> Result<String, Stop> {
        let path = format!("/sandbox/v1/sessions/{session_id}/authorize");
        let mut request = json!({"outcome": "approved", "callback": "never"});
        if let (Some(request), Value::Object(how)) = (request.as_object_mut(), how) {
            request.extend(how);
        }
        let answer = self.step("POST", &path, Some(&request)).await?;
        let told = answer.json().text("authorization_token").map(str::to_owned);
        told.ok_or_else(|| Stop::Setup(format!("the buyer was not approved: {}", answer.text)))
    }

    /// A session that a buyer has approved.
    pub(super) async fn authorized(&self, cart: &Value, how: Value) -> Result<Authorized, Stop> {
        let session_id = self.session(cart).await?;
        let token = self.authorize(&session_id, how).await?;
        Ok(Authorized { session_id, token })
    }

    /// Places what was authorized; the order's id.
    pub(super) async fn place(&self, token: &str, cart: &Value) -> Result<String, Stop> {
        let path = format!("/payments/v1/authorizations/{token}/order");
        self.told(("POST", &path), Some(cart), "order_id").await
    }

    /// A placed order's id.
    pub(super) async fn order(&self, cart: &Value, how: Value) -> Result<String, Stop> {
        let authorized = self.authorized(cart, how).await?;
        self.place(&authorized.token, cart).await
    }

    /// An act on an order that has to succeed; the id of the capture or refund that it made.
    pub(super) async fn act(
        &self,
        method: &str,
        order_id: &str,
        act: &str,
        body: Option<&Value>,
    ) -> Result<String, Stop> {
        let path = format!("/ordermanagement/v1/orders/{order_id}/{act}");
        let answer = self.step(method, &path, body).await?;
        let id = answer.headers.get("capture-id").or(answer.headers.get("refund-id"));
        Ok(id.unwrap_or_default().to_owned())
    }

    pub(super) async fn capture(&self, order_id: &str, amount: i64) -> Result<String, Stop> {
        let body = json!({"captured_amount": amount});
        self.act("POST", order_id, "captures", Some(&body)).await
    }

    /// Moves the sandbox's clock on by an ISO 8601 duration.
    pub(super) async fn wait(&self, by: &str) -> Result<(), Stop> {
        let body = json!({"by": by});
        self.step("POST", "/sandbox/v1/clock/advance", Some(&body)).await.map(drop)
    }
}
