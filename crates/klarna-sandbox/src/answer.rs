//! An answer, and the styles in which the two back ends give it.

use crate::{
    rules::refusal::Refusal,
    write::{
        json::{Json, Object},
        pretty::pretty,
    },
};

/// A status, headers and a body, before they become HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: String,
}

/// Which of Klarna's two back ends speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// Pretty printed, with a charset on success and `Render-Time`.
    Payments,
    /// Compact.
    Orders,
}

/// The headers of every answer of both back ends (recorded exchange, 2023).
const SECURITY: [(&str, &str); 7] = [
    ("x-content-type-options", "nosniff"),
    ("x-xss-protection", "1; mode=block"),
    ("cache-control", "no-cache, no-store, max-age=0, must-revalidate"),
    ("pragma", "no-cache"),
    ("expires", "0"),
    ("x-frame-options", "DENY"),
    STRICT_TRANSPORT,
];

/// The one header of these that the page for strangers has too (recorded exchange).
pub(crate) const STRICT_TRANSPORT: (&str, &str) =
    ("strict-transport-security", "max-age=31536000; includeSubDomains");

impl Answer {
    /// A status alone.
    pub(crate) fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: String::new() }
    }

    /// A document of another kind than JSON, or JSON of the sandbox's own.
    pub(crate) fn document(status: u16, content_type: &str, body: String) -> Self {
        Self { status, headers: vec![("content-type", content_type.to_owned())], body }
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

impl Style {
    /// A JSON answer. `T` is an [`Object`] or an array of them.
    pub(crate) fn json(self, status: u16, body: &Json) -> Answer {
        match self {
            Self::Payments => {
                Answer::document(status, "application/json;charset=utf-8", pretty(body))
            }
            Self::Orders => Answer::document(status, "application/json", compact(body)),
        }
    }

    /// An error, in the member order of the recordings since 2023.
    pub(crate) fn refusal(self, refusal: &Refusal, correlation_id: &str) -> Answer {
        let error = Object::new()
            .with("correlation_id", correlation_id)
            .with("error_code", refusal.code)
            .with("error_messages", refusal.messages.iter().collect::<Json>());
        let text = match self {
            Self::Payments => pretty(&error),
            Self::Orders => compact(&Json::Object(error)),
        };
        Answer::document(refusal.status, "application/json", text)
    }

    /// Adds what every answer of this back end carries.
    pub(crate) fn finish(self, answer: Answer, correlation_id: &str, render_ms: u128) -> Answer {
        let mut answer = answer.with("klarna-correlation-id", correlation_id);
        if self == Self::Payments {
            answer = answer.with("render-time", render_ms.to_string());
        }
        SECURITY.iter().fold(answer, |answer, (name, value)| answer.with(name, *value))
    }
}

fn compact(body: &Json) -> String {
    // Texts, numbers and arrays only: serialising them cannot fail.
    serde_json::to_string(body).unwrap_or_default()
}
