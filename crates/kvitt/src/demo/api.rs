//! The two doors that the walk knocks at: the merchant API, and Klarna's side of the sandbox.

use anyhow::{Context, Result, bail};
use reqwest::{Client, Method};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

/// Calls the server as a shop would, and the sandbox as Klarna's page and Klarna's API would be.
pub(super) struct Api {
    pub(super) server: String,
    pub(super) sandbox: String,
    pub(super) key: SecretString,
    pub(super) http: Client,
}

impl Api {
    /// Reads from the merchant API.
    pub(super) async fn get(&self, path: &str) -> Result<Value> {
        self.shop(Method::GET, path, None).await
    }

    /// Does something over the merchant API.
    pub(super) async fn post(&self, path: &str, body: Value) -> Result<Value> {
        self.shop(Method::POST, path, Some(body)).await
    }

    async fn shop(&self, method: Method, path: &str, body: Option<Value>) -> Result<Value> {
        let mut request = self
            .http
            .request(method.clone(), format!("{}{path}", self.server))
            .bearer_auth(self.key.expose_secret());
        if let Some(body) = body {
            request = request.json(&body);
        }
        answer(&format!("{method} {path}"), request).await
    }

    /// The order as Klarna has it.
    pub(super) async fn at_klarna(&self, klarna_order_id: &str) -> Result<Value> {
        let path = format!("/ordermanagement/v1/orders/{klarna_order_id}");
        let request =
            self.http.get(format!("{}{path}", self.sandbox)).basic_auth("demo", Some("demo"));
        answer(&format!("GET {path} at the sandbox"), request).await
    }

    /// Stands in for the shopper, or moves the sandbox's clock.
    pub(super) async fn control(&self, path: &str, body: Value) -> Result<Value> {
        let request = self.http.post(format!("{}{path}", self.sandbox)).json(&body);
        answer(&format!("POST {path} at the sandbox"), request).await
    }
}

async fn answer(what: &str, request: reqwest::RequestBuilder) -> Result<Value> {
    let answer = request.send().await.with_context(|| format!("{what} got no answer"))?;
    let status = answer.status();
    let text = answer.text().await.with_context(|| format!("{what} broke off"))?;
    if !status.is_success() {
        bail!("{what} was answered with {status}: {text}");
    }
    serde_json::from_str(&text).with_context(|| format!("{what} was not answered with JSON"))
}

/// A text in an answer; an answer without it is a failure of the walk.
pub(super) fn text<'a>(answer: &'a Value, pointer: &str) -> Result<&'a str> {
    answer
        .pointer(pointer)
        .and_then(Value::as_str)
        .with_context(|| format!("the answer has no {pointer}: {answer}"))
}
