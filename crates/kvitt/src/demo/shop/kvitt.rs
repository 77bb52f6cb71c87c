//! kvitt as a shop calls it: over the merchant API.

use reqwest::{Client, Method, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::Value;

/// The merchant API, with the shop's key.
pub(in crate::demo) struct Kvitt {
    pub(in crate::demo) server: String,
    pub(in crate::demo) key: SecretString,
    pub(in crate::demo) http: Client,
}

/// What went wrong on the way to kvitt.
#[derive(Debug)]
pub(super) enum KvittError {
    /// Nobody answered.
    Unreachable,
    /// kvitt said no, in its own words.
    Refused { status: StatusCode, detail: String },
}

impl std::fmt::Display for KvittError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unreachable => f.write_str("The payment service does not answer."),
            Self::Refused { status, detail } => {
                write!(f, "The payment service answered {status}: {detail}.")
            }
        }
    }
}

/// A checkout, as far as the shop needs it.
#[derive(Debug, Deserialize)]
#[expect(clippy::struct_field_names, reason = "fields have the merchant API's names")]
pub(super) struct Checkout {
    pub(super) id: String,
    pub(super) status: String,
    pub(super) checkout_url: String,
    order_id: Option<String>,
    attention: Option<String>,
}

/// An order, as far as the customer has to know it.
#[derive(Debug, Deserialize)]
pub(super) struct PaidOrder {
    pub(super) order_amount: i64,
    pub(super) purchase_currency: String,
    pub(super) fraud_status: String,
    pub(super) klarna_reference: Option<String>,
}

/// What can truly be said of an order.
#[derive(Debug)]
pub(super) enum Standing {
    Paid(PaidOrder),
    /// It is not decided yet. With `doubt` a person has to look.
    Undecided {
        doubt: bool,
    },
    NotPaid,
}

impl Standing {
    pub(super) fn is_paid(&self) -> bool {
        matches!(self, Self::Paid(_))
    }

    pub(super) fn is_undecided(&self) -> bool {
        matches!(self, Self::Undecided { .. })
    }
}

impl Kvitt {
    /// Calls the merchant API and reads its answer.
    pub(super) async fn call<T: serde::de::DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        key: Option<&str>,
        body: Option<&Value>,
    ) -> Result<T, KvittError> {
        let url = format!("{}{path}", self.server);
        let mut request = self.http.request(method, url).bearer_auth(self.key.expose_secret());
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await.map_err(|_| KvittError::Unreachable)?;
        let status = answer.status();
        if !status.is_success() {
            let problem: Value = answer.json().await.unwrap_or_default();
            let detail = problem["detail"].as_str().unwrap_or("no reason given").to_owned();
            return Err(KvittError::Refused { status, detail });
        }
        answer.json().await.map_err(|_| KvittError::Unreachable)
    }

    pub(super) async fn checkout(&self, id: &str) -> Result<Checkout, KvittError> {
        self.call(Method::GET, &format!("/v1/checkouts/{id}"), None, None).await
    }

    /// What is so now.
    pub(super) async fn standing(&self, checkout_id: &str) -> Result<Standing, KvittError> {
        let checkout = self.checkout(checkout_id).await?;
        if let Some(order_id) = checkout.order_id {
            let path = format!("/v1/orders/{order_id}");
            return self.call(Method::GET, &path, None, None).await.map(Standing::Paid);
        }
        Ok(match checkout.status.as_str() {
            "placing" | "authorized" => Standing::Undecided { doubt: checkout.attention.is_some() },
            _ => Standing::NotPaid,
        })
    }
}
