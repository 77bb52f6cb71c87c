//! The doors that a storm knocks at: the replicas' merchant API, and the sandbox's control API.

use std::net::SocketAddr;
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use reqwest::{Client, Method};
use serde_json::Value;

use crate::Error;

/// How long the shop waits for an answer: shorter than kvitt may take, as shops do.
const SHOP_WAITS: Duration = Duration::from_secs(6);
/// How long the sandbox may take for what it plays: moving the clock sends what became due.
const CONTROL_WAITS: Duration = Duration::from_mins(10);

/// Where each replica listens, while it does.
#[derive(Debug)]
pub(crate) struct Addresses(RwLock<Vec<Option<SocketAddr>>>);

impl Addresses {
    pub(crate) fn new(replicas: usize) -> Self {
        Self(RwLock::new(vec![None; replicas]))
    }

    pub(crate) fn set(&self, replica: usize, address: Option<SocketAddr>) {
        self.0.write().unwrap_or_else(PoisonError::into_inner)[replica] = address;
    }

    /// The address of the n-th replica, counted round.
    pub(crate) fn of(&self, nth: usize) -> Option<SocketAddr> {
        let addresses = self.0.read().unwrap_or_else(PoisonError::into_inner);
        addresses[nth % addresses.len()]
    }

    pub(crate) fn count(&self) -> usize {
        self.0.read().unwrap_or_else(PoisonError::into_inner).len()
    }
}

/// A request to the merchant API.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) key: Option<String>,
    pub(crate) body: Option<Value>,
}

impl Request {
    pub(crate) fn get(path: impl Into<String>) -> Self {
        Self { method: Method::GET, path: path.into(), key: None, body: None }
    }

    pub(crate) fn post(path: impl Into<String>, key: String, body: Option<Value>) -> Self {
        Self { method: Method::POST, path: path.into(), key: Some(key), body }
    }
}

/// Both doors.
#[derive(Debug)]
pub(crate) struct Doors {
    http: Client,
    klarna: String,
    api_key: String,
    replicas: std::sync::Arc<Addresses>,
}

impl Doors {
    pub(crate) fn new(
        klarna: String,
        api_key: String,
        replicas: std::sync::Arc<Addresses>,
    ) -> Result<Self, Error> {
        Ok(Self { http: client()?, klarna, api_key, replicas })
    }

    /// Asks one replica, once: status and body, or why there is no whole answer.
    pub(crate) async fn shop(
        &self,
        replica: usize,
        request: &Request,
    ) -> Result<(u16, Value), String> {
        let address = self.replicas.of(replica).ok_or("the replica is down")?;
        let mut asked = self
            .http
            .request(request.method.clone(), format!("http://{address}{}", request.path))
            .timeout(SHOP_WAITS)
            .bearer_auth(&self.api_key);
        if let Some(key) = &request.key {
            asked = asked.header("idempotency-key", key);
        }
        if let Some(body) = &request.body {
            asked = asked.json(body);
        }
        let answer = asked.send().await.map_err(|error| error.to_string())?;
        let status = answer.status().as_u16();
        let text = answer.text().await.map_err(|error| error.to_string())?;
        Ok((status, serde_json::from_str(&text).unwrap_or(Value::String(text))))
    }

    pub(crate) async fn control(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Result<Value, Error> {
        control(&self.http, &self.klarna, method, path, body).await
    }
}

/// A client for what is next door.
pub(crate) fn client() -> Result<Client, Error> {
    // Whoever installed one before has one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let what = "building a client";
    let built = Client::builder().no_proxy().build();
    built.map_err(|source| Error::NoAnswer { what: what.to_owned(), source })
}

/// A call of the sandbox's control API.
pub(crate) async fn control(
    http: &Client,
    klarna: &str,
    method: Method,
    path: &str,
    body: Option<Value>,
) -> Result<Value, Error> {
    let what = format!("{method} {path} at the sandbox");
    let no_answer = |source| Error::NoAnswer { what: what.clone(), source };
    let mut asked = http.request(method, format!("{klarna}{path}")).timeout(CONTROL_WAITS);
    if let Some(body) = body {
        asked = asked.json(&body);
    }
    let answer = asked.send().await.map_err(no_answer)?;
    let status = answer.status();
    let text = answer.text().await.map_err(no_answer)?;
    if !status.is_success() {
        return Err(Error::Refused { what, status: status.as_u16(), text });
    }
    Ok(serde_json::from_str(&text).unwrap_or(Value::Null))
}
