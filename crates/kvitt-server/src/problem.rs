//! Errors as they are answered: `application/problem+json` (RFC 9457) with a stable `code`.

pub(crate) mod codes;
mod of_engine;

pub(crate) use of_engine::klarna_refused;

use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::view::{Intent, KlarnaAnswer, Order};
use codes::Code;

/// What went wrong, and the way out. Boxed, since every handler's result has room for one.
#[derive(Clone)]
pub(crate) struct Problem(Box<Content>);

/// What went wrong, and the way out.
#[derive(Clone, Serialize, ToSchema)]
#[schema(as = Problem, example = json!({
    "type": "/docs#error-over_capture",
    "title": "More than is left to capture",
    "status": 409,
    "code": "over_capture",
    "detail": "captured_amount is 100000, but 29800 SEK is left to capture",
    "request_id": "req_0192f0c8111172228333444455556666",
    "order_id": "ord_0192f0c8111172228333444455556666",
    "allowed_acts": ["capture", "refund", "release", "extend"]
}))]
pub(crate) struct Content {
    /// Where the error is explained, relative to the server.
    #[serde(rename = "type")]
    kind: String,
    /// The kind of error, in a few words.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// The kind of error, for programs. It does not change.
    code: &'static str,
    /// What went wrong here, and the way out.
    detail: String,
    /// The request's id, as in the header `X-Request-Id` and in the server's log.
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
    /// The members that are wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<MemberError>,
    /// What Klarna said, where it refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    klarna: Option<KlarnaAnswer>,
    /// The acts that are possible on the order now.
    #[serde(skip_serializing_if = "Option::is_none")]
    allowed_acts: Option<Vec<&'static str>>,
    /// The checkout that the error is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    checkout_id: Option<String>,
    /// The order that the error is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    order_id: Option<String>,
    /// The act that Klarna refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    intent: Option<Intent>,
    /// The order as it stands after Klarna's refusal.
    #[serde(skip_serializing_if = "Option::is_none")]
    order: Option<Order>,
    #[serde(skip)]
    headers: Vec<(header::HeaderName, HeaderValue)>,
}

/// One member that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct MemberError {
    /// The member's path, such as `order_lines[0].unit_price`.
    pub path: String,
    /// The value as given, where it helps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// What would be accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// What is wrong with it.
    pub message: String,
}

impl Problem {
    /// A problem of this kind, with what went wrong here.
    pub(crate) fn new(code: Code, detail: impl Into<String>) -> Self {
        Self(Box::new(Content {
            kind: format!("/docs#error-{}", code.code),
            title: code.title,
            status: code.status,
            code: code.code,
            detail: detail.into(),
            request_id: None,
            errors: Vec::new(),
            klarna: None,
            allowed_acts: None,
            checkout_id: None,
            order_id: None,
            intent: None,
            order: None,
            headers: Vec::new(),
        }))
    }

    /// kvitt's own fault. Nobody outside is told which.
    pub(crate) fn internal() -> Self {
        Self::new(
            codes::INTERNAL,
            "something went wrong inside kvitt: the log tells more under this request_id",
        )
    }

    pub(crate) fn code(&self) -> &'static str {
        self.0.code
    }

    pub(crate) fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// The kind of error, in a few words.
    pub(crate) fn title(&self) -> &'static str {
        self.0.title
    }

    /// What went wrong here, and the way out.
    pub(crate) fn detail(&self) -> &str {
        &self.0.detail
    }

    pub(crate) fn with_request_id(mut self, request_id: &str) -> Self {
        self.0.request_id = Some(request_id.to_owned());
        self
    }

    pub(crate) fn with_error(mut self, error: MemberError) -> Self {
        self.0.errors.push(error);
        self
    }

    pub(crate) fn with_klarna(mut self, klarna: KlarnaAnswer) -> Self {
        self.0.klarna = Some(klarna);
        self
    }

    pub(crate) fn with_allowed_acts(mut self, acts: Vec<&'static str>) -> Self {
        self.0.allowed_acts = Some(acts);
        self
    }

    pub(crate) fn about_checkout(mut self, id: impl Into<String>) -> Self {
        self.0.checkout_id = Some(id.into());
        self
    }

    pub(crate) fn about_order(mut self, id: impl Into<String>) -> Self {
        self.0.order_id = Some(id.into());
        self
    }

    pub(crate) fn with_act(mut self, intent: Intent, order: Option<Order>) -> Self {
        self.0.intent = Some(intent);
        self.0.order = order;
        self
    }

    pub(crate) fn with_header(
        mut self,
        name: header::HeaderName,
        value: impl Into<HeaderValue>,
    ) -> Self {
        self.0.headers.push((name, value.into()));
        self
    }

    /// When to come again, in whole seconds, at least one.
    pub(crate) fn with_retry_after(self, wait: Duration) -> Self {
        let seconds = wait.as_millis().div_ceil(1000).clamp(1, 3600);
        self.with_header(header::RETRY_AFTER, u32::try_from(seconds).unwrap_or(3600))
    }

    /// The answer, ready to leave.
    pub(crate) fn render(self) -> Response {
        let body = serde_json::to_vec(&self.0).unwrap_or_default();
        let mut response = (self.status(), body).into_response();
        let headers = response.headers_mut();
        let content_type = HeaderValue::from_static("application/problem+json");
        headers.insert(header::CONTENT_TYPE, content_type);
        for (name, value) in self.0.headers {
            headers.insert(name, value);
        }
        response
    }
}

/// The problem travels with the answer; the outermost layer writes it down, since only that one
/// knows the request's id.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}
