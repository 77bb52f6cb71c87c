//! An answer, and the styles in which the two back ends give it.

use std::{borrow::Cow, str::FromStr as _, sync::LazyLock};

use axum::{
    body::Bytes,
    http::{HeaderMap, HeaderName, HeaderValue},
};
use serde::{Deserialize, Serialize};

use crate::{
    rules::refusal::Refusal,
    write::{
        json::{Json, Object},
        text::{compact, pretty},
    },
};

/// A status, headers and a body, before they become HTTP. Cheap to clone: the body is shared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Without those of [`SECURITY`].
    headers: Vec<(Text, Text)>,
    /// Whether it carries those of [`SECURITY`] as well.
    has_security_headers: bool,
    #[serde(with = "as_text")]
    pub(crate) body: Bytes,
}

/// A header's name or value; most are the same in every answer.
pub(crate) type Text = Cow<'static, str>;

/// Bodies are texts, and written as such.
mod as_text {
    use axum::body::Bytes;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(body: &Bytes, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&String::from_utf8_lossy(body))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Bytes, D::Error> {
        String::deserialize(d).map(Bytes::from)
    }
}

/// Which of Klarna's back ends speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// Pretty printed, with a charset on success and `Render-Time`.
    Payments,
    /// Compact.
    Orders,
    /// Compact as well (guess: nothing of it was recorded).
    HostedPaymentPage,
}

/// Room for the headers of most answers.
const HEADERS: usize = 8;

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
        let headers = Vec::with_capacity(HEADERS);
        Self { status, headers, has_security_headers: false, body: Bytes::new() }
    }

    /// A document of another kind than JSON, or JSON of the sandbox's own.
    pub(crate) fn document(
        status: u16,
        content_type: &'static str,
        body: impl Into<Bytes>,
    ) -> Self {
        Self { body: body.into(), ..Self::empty(status) }.with("content-type", content_type)
    }

    /// Its headers as names and values, in the order in which they are sent.
    pub(crate) fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        let own = self.headers.iter().map(|(name, value)| (&**name, &**value));
        own.chain(SECURITY.into_iter().filter(|_| self.has_security_headers))
    }

    /// Its headers as HTTP has them. A value that cannot be sent is left out.
    pub(crate) fn header_map(&self) -> HeaderMap {
        static SECURITY_MAP: LazyLock<HeaderMap> = LazyLock::new(|| {
            let named = SECURITY.map(|(name, value)| {
                (HeaderName::from_static(name), HeaderValue::from_static(value))
            });
            // Room for the others too: a clone that grows would sort them all anew.
            let mut map = HeaderMap::with_capacity(SECURITY.len() + HEADERS + 1);
            map.extend(named);
            map
        });
        let mut map =
            if self.has_security_headers { SECURITY_MAP.clone() } else { HeaderMap::new() };
        map.reserve(self.headers.len() + 1);
        for (name, value) in &self.headers {
            let name = match name {
                Cow::Borrowed(name) => Ok(HeaderName::from_static(name)),
                Cow::Owned(name) => HeaderName::from_str(name),
            };
            let value = match value {
                Cow::Borrowed(value) => Ok(HeaderValue::from_static(value)),
                Cow::Owned(value) => HeaderValue::from_str(value),
            };
            if let (Ok(name), Ok(value)) = (name, value) {
                map.insert(name, value);
            }
        }
        map
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<Text>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }
}

impl Style {
    /// A JSON answer. `T` is an [`Object`] or an array of them.
    pub(crate) fn json(self, status: u16, body: &Json<'_>) -> Answer {
        let answer = match self {
            Self::Payments => {
                Answer::document(status, "application/json;charset=utf-8", pretty(body))
            }
            Self::Orders | Self::HostedPaymentPage => {
                Answer::document(status, "application/json", compact(body))
            }
        };
        answer.with("vary", "Accept-Encoding")
    }

    /// An error, in the member order of the recordings since 2023.
    pub(crate) fn refusal(self, refusal: &Refusal, correlation_id: &str) -> Answer {
        let error = Object::new()
            .with("correlation_id", correlation_id)
            .with("error_code", &*refusal.code)
            .with("error_messages", refusal.messages.iter().collect::<Json>());
        let error = match &refusal.declined_method {
            Some(method) => error
                .with("fraud_status", "REJECTED")
                .with("reason", "rejected")
                .with("authorized_payment_method", Object::new().with("type", method)),
            None => error,
        };
        let error = Json::Object(error);
        let text = match self {
            Self::Payments => pretty(&error),
            Self::Orders | Self::HostedPaymentPage => compact(&error),
        };
        Answer::document(refusal.status, "application/json", text)
    }

    /// Adds what every answer of this back end carries.
    pub(crate) fn finish(self, answer: Answer, correlation_id: &str, render_ms: u128) -> Answer {
        let mut answer = answer.with("klarna-correlation-id", correlation_id.to_owned());
        if self == Self::Payments {
            answer = answer.with("render-time", render_ms.to_string());
        }
        Answer { has_security_headers: true, ..answer }
    }
}
