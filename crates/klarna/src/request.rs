//! A request as it goes out, ready to be stored and replayed.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::check::FieldError;
use crate::{Error, IdempotencyKey, Operation};

/// Largest body that Klarna takes, in bytes (Klarna documentation: request limits, 1 MB).
const BODY_BYTES_MAX: usize = 1_000_000;

/// An HTTP method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// Reads.
    Get,
    /// Creates or acts.
    Post,
    /// Changes.
    Patch,
    /// Replaces.
    Put,
    /// Removes.
    Delete,
}

impl Method {
    /// The method's name, such as `POST`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Patch => "PATCH",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }
}

/// The parts of a [`Request`], to be stored and put together again. Path and body may hold a
/// token and personal data.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestParts {
    /// What the request does.
    pub operation: Operation,
    /// HTTP method.
    pub method: Method,
    /// Path below the base URL, percent-encoded, beginning with one slash.
    pub path: String,
    /// The JSON text exactly as it is sent.
    pub body: Option<String>,
    /// The key of an Order Management write or a recurring order.
    pub idempotency_key: Option<IdempotencyKey>,
}

/// One request, complete but for host and credentials. It is built by the functions in
/// [`payments`](crate::payments), [`orders`](crate::orders), [`hpp`](crate::hpp) and
/// [`customer_tokens`](crate::customer_tokens), can be stored (it is serialized as its
/// [`RequestParts`]), and goes out byte for byte as it was stored.
///
/// `Debug` shows operation and size only: the path may hold a token, the body personal data.
///
/// ```
/// use klarna::{IdempotencyKey, OrderId, Request, orders};
///
/// let order_id = OrderId::new("f3392f8b-6116-4073-ab96-e330819e2c07")?;
/// let request = orders::cancel(&order_id, &IdempotencyKey::new("act-1")?)?;
///
/// let stored = serde_json::to_string(&request).unwrap();
/// assert_eq!(serde_json::from_str::<Request>(&stored).unwrap(), request);
/// # Ok::<(), klarna::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "RequestParts", into = "RequestParts")]
pub struct Request(RequestParts);

impl Request {
    /// Puts a stored request together again. Refused where the path could leave the host or the
    /// body is larger than Klarna takes.
    pub fn from_parts(parts: RequestParts) -> Result<Self, FieldError> {
        check_path(&parts.path)?;
        let size = parts.body.as_ref().map_or(0, String::len);
        if size > BODY_BYTES_MAX {
            return Err(FieldError::new(
                "body",
                format_args!("{size} bytes long"),
                format_args!("at most {BODY_BYTES_MAX} bytes: shorten URLs and merchant_data"),
            ));
        }
        Ok(Self(parts))
    }

    /// The escape hatch: any method, path and JSON, sent with the same credentials, time-outs
    /// and reading of errors as the typed calls. A write is repeated only with a key.
    ///
    /// ```
    /// use klarna::{Method, Request};
    ///
    /// let request = Request::raw(Method::Get, "/settlements/v1/payouts?size=1", None, None)?;
    /// # Ok::<(), klarna::Error>(())
    /// ```
    pub fn raw(
        method: Method,
        path: &str,
        body: Option<&serde_json::Value>,
        idempotency_key: Option<IdempotencyKey>,
    ) -> Result<Self, Error> {
        let operation = match method {
            Method::Get => Operation::RawRead,
            _ => Operation::RawWrite,
        };
        let body = body.map(ToString::to_string);
        let path = path.to_owned();
        Ok(Self::from_parts(RequestParts { operation, method, path, body, idempotency_key })?)
    }

    /// A request without a body.
    pub(crate) fn empty(operation: Operation, method: Method, path: String) -> Result<Self, Error> {
        Ok(Self::from_parts(RequestParts {
            operation,
            method,
            path,
            body: None,
            idempotency_key: None,
        })?)
    }

    /// A request with a JSON body.
    pub(crate) fn json(
        operation: Operation,
        method: Method,
        path: String,
        body: &impl Serialize,
    ) -> Result<Self, Error> {
        // The cause is dropped: it could repeat a part of the body.
        let body = serde_json::to_string(body)
            .map_err(|_| FieldError::new("body", "not writable as JSON", "a JSON object"))?;
        Ok(Self::from_parts(RequestParts {
            operation,
            method,
            path,
            body: Some(body),
            idempotency_key: None,
        })?)
    }

    /// The same request with an idempotency key.
    pub(crate) fn with_key(mut self, key: &IdempotencyKey) -> Self {
        self.0.idempotency_key = Some(key.clone());
        self
    }

    /// The parts, to be stored.
    pub fn into_parts(self) -> RequestParts {
        self.0
    }

    /// What the request does.
    pub fn operation(&self) -> Operation {
        self.0.operation
    }

    /// HTTP method.
    pub fn method(&self) -> Method {
        self.0.method
    }

    /// Path below the base URL, percent-encoded. It may hold a token: keep it out of logs.
    pub fn path(&self) -> &str {
        &self.0.path
    }

    /// The JSON text exactly as it is sent. It may hold personal data: keep it out of logs.
    pub fn body(&self) -> Option<&str> {
        self.0.body.as_deref()
    }

    /// The key of an Order Management write or a recurring order.
    pub fn idempotency_key(&self) -> Option<&IdempotencyKey> {
        self.0.idempotency_key.as_ref()
    }
}

impl TryFrom<RequestParts> for Request {
    type Error = FieldError;

    fn try_from(parts: RequestParts) -> Result<Self, FieldError> {
        Self::from_parts(parts)
    }
}

impl From<Request> for RequestParts {
    fn from(request: Request) -> Self {
        request.0
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for RequestParts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("operation", &self.operation)
            .field("method", &self.method)
            .field("body_bytes", &self.body.as_ref().map(String::len))
            .field("has_idempotency_key", &self.idempotency_key.is_some())
            .finish_non_exhaustive()
    }
}

/// A path that is joined to the base URL as a text must not be able to change the host, climb
/// out of it, or smuggle a header.
fn check_path(path: &str) -> Result<(), FieldError> {
    let expected = "a percent-encoded path beginning with one slash, without dot segments";
    let refuse = |value: &str| Err(FieldError::new("path", value, expected));
    if !path.starts_with('/') || path.starts_with("//") {
        return refuse("not beginning with one slash");
    }
    if !path.bytes().all(|byte| byte.is_ascii_graphic() && !b"\\#<>\"`{}|^".contains(&byte)) {
        return refuse("holding characters that must be encoded");
    }
    let segments = path.split('?').next().unwrap_or_default().split('/');
    for segment in segments {
        if matches!(segment.to_ascii_lowercase().replace("%2e", ".").as_str(), "." | "..") {
            return refuse("holding a dot segment");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_could_go_elsewhere_is_refused() {
        for bad in [
            "",
            "payments",
            "//evil.example/x",
            "/a b",
            "/a\r\nX: y",
            "/a/../b",
            "/a/%2E%2e/b",
            "/a#b",
            "/ö",
            "@evil.example/",
            "/a\\b",
        ] {
            let refusal = Request::raw(Method::Get, bad, None, None).unwrap_err().to_string();
            assert!(refusal.contains("path"), "{bad:?}: {refusal}");
        }
        assert!(Request::raw(Method::Get, "/hpp/v1/sessions/a..b?x=1", None, None).is_ok());
    }

    #[test]
    fn a_body_larger_than_klarna_takes_is_refused() {
        let body = serde_json::Value::String("x".repeat(BODY_BYTES_MAX));
        let refusal = Request::raw(Method::Post, "/x", Some(&body), None).unwrap_err();
        assert!(refusal.to_string().contains("1000002 bytes long"), "{refusal}");
    }

    #[test]
    fn debug_shows_neither_path_nor_body_nor_key() {
        let body = serde_json::json!({"email": "hidden"});
        let key = IdempotencyKey::new("hidden").unwrap();
        let request = Request::raw(Method::Post, "/x/hidden", Some(&body), Some(key)).unwrap();
        let shown = format!("{request:?} {:?}", request.clone().into_parts());
        assert!(!shown.contains("hidden"), "{shown}");
    }
}
