//! Who asks, and under which `Idempotency-Key`.

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::request::Parts;
use kvitt_core::{ApiKeyId, Cause, Requester};
use kvitt_engine::{Caller, Idempotency};
use utoipa::IntoParams;

use crate::problem::{MemberError, Problem, codes};

/// Longest `Idempotency-Key`, in characters.
const KEY_LENGTH_MAX: usize = 255;

/// The shop that asks: put into the request where its key was checked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Merchant(pub ApiKeyId);

impl<S: Send + Sync> FromRequestParts<S> for Merchant {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        // Absent only where a route that needs a shop was not given to shops: a mistake of ours,
        // which must not open a door.
        parts.extensions.get::<Self>().copied().ok_or_else(Problem::internal)
    }
}

impl Merchant {
    /// The caller as the engine sees it.
    pub(super) fn caller(self, idempotency_key: Option<String>, request_hash: [u8; 32]) -> Caller {
        Caller {
            cause: Cause::Merchant { api_key: self.0 },
            idempotency: idempotency_key.map(|key| Idempotency {
                requester: Requester::ApiKey(self.0),
                key,
                request_hash,
            }),
        }
    }
}

#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "describes the header for the documentation")]
pub(crate) struct IdempotencyKeyParam {
    /// A text of your own that stands for this request, 1 to 255 visible ASCII characters. The
    /// same request under the same key is carried out once; a repeat is answered with
    /// `Idempotency-Replayed: true`. Another request under the same key is refused.
    #[param(rename = "Idempotency-Key", required = false, example = "order-1001-capture-1")]
    idempotency_key: Option<String>,
}

/// The request's `Idempotency-Key`, if it has one.
pub(super) fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let mut values = headers.get_all("idempotency-key").iter();
    let Some(value) = values.next() else { return Ok(None) };
    let text = std::str::from_utf8(value.as_bytes()).ok();
    let fits = |text: &&str| {
        (1..=KEY_LENGTH_MAX).contains(&text.len()) && text.bytes().all(|it| it.is_ascii_graphic())
    };
    if let (Some(key), None) = (text.filter(fits), values.next()) {
        return Ok(Some(key.to_owned()));
    }
    let message = format!(
        "send one Idempotency-Key of 1 to {KEY_LENGTH_MAX} visible ASCII characters, such as a UUID"
    );
    Err(Problem::new(codes::INVALID_IDEMPOTENCY_KEY, &message).with_error(MemberError {
        path: "Idempotency-Key".to_owned(),
        value: None,
        expected: None,
        message,
    }))
}
