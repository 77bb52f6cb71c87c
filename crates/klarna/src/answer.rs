//! An answer as it comes in, and how it is read.

use std::fmt;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::{CaptureId, Error, Operation, RefundId, refusal};

/// Klarna's id of one exchange, from the header `Klarna-Correlation-Id`. Klarna's support asks
/// for it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CorrelationId(String);

impl CorrelationId {
    /// An id of 1 to 128 visible characters without quotes, brackets of markup and `@`; anything
    /// else is not one, and must not reach a log.
    pub fn parse(text: &str) -> Option<Self> {
        let plain = |byte: u8| byte.is_ascii_graphic() && !b"@<>\"'\\".contains(&byte);
        ((1..=128).contains(&text.len()) && text.bytes().all(plain)).then(|| Self(text.to_owned()))
    }

    /// The id as a text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CorrelationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// What Klarna says about the calls that are left, from the headers `X-Ratelimit-…`. Best effort
/// (Klarna documentation: rate limit).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RateLimit {
    /// Calls allowed in one window.
    pub limit: Option<u32>,
    /// Calls left in this window.
    pub remaining: Option<u32>,
    /// Seconds until the next window.
    pub reset_seconds: Option<u32>,
}

impl RateLimit {
    /// Reads the headers; `None` where there are none.
    pub fn from_headers(headers: &Headers) -> Option<Self> {
        // `40, 40;w=1`: the limit, then the policy behind it.
        let number = |name| {
            let text = headers.get(name)?;
            text.split([',', ';']).next()?.trim().parse().ok()
        };
        let read = Self {
            limit: number("x-ratelimit-limit"),
            remaining: number("x-ratelimit-remaining"),
            reset_seconds: number("x-ratelimit-reset"),
        };
        (read.limit.or(read.remaining).or(read.reset_seconds)).map(|_| read)
    }

    /// How long until the next window.
    pub fn reset(&self) -> Option<Duration> {
        self.reset_seconds.map(|seconds| Duration::from_secs(seconds.into()))
    }
}

/// Response headers. Names are compared without case, since Klarna's are not stable (recorded
/// exchange).
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Headers(Vec<(String, String)>);

impl Headers {
    /// The first value of a header.
    pub fn get(&self, name: &str) -> Option<&str> {
        let header = self.0.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        header.map(|(_, value)| value.as_str())
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Headers {
    fn from_iter<T: IntoIterator<Item = (N, V)>>(headers: T) -> Self {
        Self(headers.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}

impl fmt::Debug for Headers {
    /// Names only: a `Location` or a cookie may hold what must not be printed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Headers")?;
        f.debug_set().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

/// An answer as it came, not yet read. Also a value that [`Client::send`](crate::Client::send)
/// can give back, for answers that are not JSON.
#[derive(Clone, PartialEq, Eq)]
pub struct RawAnswer {
    /// HTTP status.
    pub status: u16,
    /// Response headers.
    pub headers: Headers,
    /// The body's bytes, decompressed.
    pub body: Vec<u8>,
}

impl fmt::Debug for RawAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawAnswer")
            .field("status", &self.status)
            .field("headers", &self.headers)
            .field("body_bytes", &self.body.len())
            .finish()
    }
}

impl RawAnswer {
    /// Klarna's id of the exchange, from its header. Answers of the edge (401, 429) have none
    /// (recorded exchange).
    pub fn correlation_id(&self) -> Option<CorrelationId> {
        self.headers.get("klarna-correlation-id").and_then(CorrelationId::parse)
    }

    /// Reads the answer to an operation: the value where the status is a success, else the
    /// error that it stands for.
    ///
    /// ```
    /// use klarna::{CaptureId, Headers, Operation, RawAnswer};
    ///
    /// let headers = Headers::from_iter([("Capture-ID", "84c65f3c-59c5-4d4f-a735-1f7defbac2e3")]);
    /// let raw = RawAnswer { status: 201, headers, body: Vec::new() };
    /// let answer = raw.read::<CaptureId>(Operation::Capture)?;
    /// assert_eq!(answer.value.as_str(), "84c65f3c-59c5-4d4f-a735-1f7defbac2e3");
    /// # Ok::<(), klarna::Error>(())
    /// ```
    pub fn read<T: FromAnswer>(&self, operation: Operation) -> Result<Answer<T>, Error> {
        if !(200..300).contains(&self.status) {
            return Err(refusal::read(operation, self));
        }
        Ok(Answer {
            value: T::from_answer(operation, self)?,
            status: self.status,
            correlation_id: self.correlation_id(),
            rate_limit: RateLimit::from_headers(&self.headers),
        })
    }

    pub(crate) fn unreadable(
        &self,
        operation: Operation,
        path: impl Into<String>,
        problem: &'static str,
    ) -> Error {
        Error::Unreadable {
            operation,
            status: self.status,
            path: path.into(),
            problem,
            correlation_id: self.correlation_id(),
        }
    }
}

/// A value that Klarna answered, with what its headers say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer<T> {
    /// The value.
    pub value: T,
    /// HTTP status.
    pub status: u16,
    /// Klarna's id of the exchange.
    pub correlation_id: Option<CorrelationId>,
    /// The calls that are left, where Klarna says so.
    pub rate_limit: Option<RateLimit>,
}

/// A value that can be read from a successful answer.
pub trait FromAnswer: Sized {
    /// Reads the value; fails with [`Error::Unreadable`], which names the member that surprised.
    fn from_answer(operation: Operation, answer: &RawAnswer) -> Result<Self, Error>;
}

/// Answers without a body: 204, and everything whose body does not matter.
impl FromAnswer for () {
    fn from_answer(_: Operation, _: &RawAnswer) -> Result<Self, Error> {
        Ok(())
    }
}

impl FromAnswer for RawAnswer {
    fn from_answer(_: Operation, answer: &RawAnswer) -> Result<Self, Error> {
        Ok(answer.clone())
    }
}

/// Any JSON; an empty body is `null`.
impl FromAnswer for serde_json::Value {
    fn from_answer(operation: Operation, answer: &RawAnswer) -> Result<Self, Error> {
        if answer.body.is_empty() {
            return Ok(Self::Null);
        }
        json(operation, answer)
    }
}

// Klarna answers a capture and a refund with an empty body; the id stands in a header of its
// own, else in the last segment of `Location` (recorded exchange).
impl FromAnswer for CaptureId {
    fn from_answer(operation: Operation, answer: &RawAnswer) -> Result<Self, Error> {
        created_id(operation, answer, "Capture-Id", |id| Self::new(id).ok())
    }
}

impl FromAnswer for RefundId {
    fn from_answer(operation: Operation, answer: &RawAnswer) -> Result<Self, Error> {
        created_id(operation, answer, "Refund-Id", |id| Self::new(id).ok())
    }
}

fn created_id<T>(
    operation: Operation,
    answer: &RawAnswer,
    header: &str,
    read: fn(&str) -> Option<T>,
) -> Result<T, Error> {
    let location = || {
        let path = answer.headers.get("location")?.split(['?', '#']).next()?;
        path.trim_end_matches('/').rsplit('/').next()
    };
    answer
        .headers
        .get(header)
        .map(str::trim)
        .and_then(read)
        .or_else(|| read(location()?))
        .ok_or_else(|| {
            answer.unreadable(operation, header, "there is no id in this header or in Location")
        })
}

/// Reads a JSON body, naming the member that surprised.
pub(crate) fn json<T: DeserializeOwned>(
    operation: Operation,
    answer: &RawAnswer,
) -> Result<T, Error> {
    let mut deserializer = serde_json::Deserializer::from_slice(&answer.body);
    serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        answer.unreadable(operation, error.path().to_string(), json_problem(error.inner()))
    })
}

/// What is wrong with a JSON body. The cause's own text is dropped: it may repeat a value.
pub(crate) fn json_problem(error: &serde_json::Error) -> &'static str {
    use serde_json::error::Category;
    match error.classify() {
        Category::Data => "a member is missing or of another type than documented",
        Category::Eof => "the body ends too early",
        Category::Syntax | Category::Io => "the body is not JSON",
    }
}

/// Says that a type is read from a JSON body.
macro_rules! from_json {
    ($($name:ty),+ $(,)?) => {
        $(impl crate::FromAnswer for $name {
            fn from_answer(
                operation: crate::Operation,
                answer: &crate::RawAnswer,
            ) -> Result<Self, crate::Error> {
                crate::answer::json(operation, answer)
            }
        })+
    };
}

pub(crate) use from_json;

#[cfg(test)]
mod tests {
    use super::*;

    fn empty(headers: &[(&str, &str)]) -> RawAnswer {
        let headers = headers.iter().copied().collect();
        RawAnswer { status: 201, headers, body: Vec::new() }
    }

    #[test]
    fn ids_are_found_in_their_header_or_in_location() {
        let both =
            empty(&[("location", "https://k.example/o/1/captures/old"), ("CAPTURE-ID", "c1")]);
        assert_eq!(both.read::<CaptureId>(Operation::Capture).unwrap().value.as_str(), "c1");
        for location in [
            "https://api.klarna.example/ordermanagement/v1/orders/1/refunds/r-1",
            "/ordermanagement/v1/orders/1/refunds/r-1/",
            "https://k.example/o/1/refunds/r-1?x=/y",
        ] {
            let answer = empty(&[("Location", location)]);
            let id = answer.read::<RefundId>(Operation::Refund).unwrap().value;
            assert_eq!(id.as_str(), "r-1", "{location}");
        }
    }

    #[test]
    fn a_success_without_an_id_is_an_unknown_outcome() {
        for answer in [empty(&[]), empty(&[("location", "/")]), empty(&[("Capture-Id", " ")])] {
            let error = answer.read::<CaptureId>(Operation::Capture).unwrap_err();
            assert!(matches!(&error, Error::Unreadable { path, .. } if path == "Capture-Id"));
            assert_eq!(error.outcome(), crate::Outcome::Unknown);
        }
    }

    #[test]
    fn rate_limits_are_read_with_their_policy() {
        let headers = Headers::from_iter([
            ("X-Ratelimit-Limit", "40, 40;w=1"),
            ("x-ratelimit-remaining", "15"),
            ("X-RATELIMIT-RESET", "1"),
        ]);
        let read = RateLimit::from_headers(&headers).unwrap();
        let expected = RateLimit { limit: Some(40), remaining: Some(15), reset_seconds: Some(1) };
        assert_eq!(read, expected);
        assert_eq!(read.reset(), Some(Duration::from_secs(1)));
        assert_eq!(RateLimit::from_headers(&Headers::default()), None);
        let odd = Headers::from_iter([("x-ratelimit-reset", "soon")]);
        assert_eq!(RateLimit::from_headers(&odd), None);
    }

    #[test]
    fn only_what_looks_like_one_is_a_correlation_id() {
        assert!(CorrelationId::parse("ddeaeb01-59d5-4939-a65f-b9905aca652d").is_some());
        for bad in ["", "a b", "someone@example.com", &"x".repeat(129)] {
            assert_eq!(CorrelationId::parse(bad), None, "{bad}");
        }
    }
}
