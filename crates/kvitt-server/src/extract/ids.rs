//! Ids in paths. Any of them leads straight to its sale.

use std::str::FromStr;

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use kvitt_core::{CheckoutId, IntentId, NotAnId, OrderId, SaleId, WebhookEndpointId};
use utoipa::IntoParams;

use crate::problem::{MemberError, Problem, codes};

/// The sale of the checkout in the path.
pub(crate) struct CheckoutRef(pub SaleId);
/// The sale of the order in the path.
pub(crate) struct OrderRef(pub SaleId);
/// The capture in the path.
pub(crate) struct CaptureRef(pub String);
/// The intent in the path.
pub(crate) struct IntentRef(pub IntentId);
/// The webhook endpoint in the path.
pub(crate) struct WebhookEndpointRef(pub WebhookEndpointId);

#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "describes the path for the documentation")]
pub(crate) struct CheckoutIdParam {
    /// The checkout's id.
    #[param(example = "chk_0192f0c8111172228333444455556666")]
    id: String,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "describes the path for the documentation")]
pub(crate) struct OrderIdParam {
    /// The order's id.
    #[param(example = "ord_0192f0c8111172228333444455556666")]
    id: String,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "describes the path for the documentation")]
pub(crate) struct CaptureRefParams {
    /// The order's id.
    #[param(example = "ord_0192f0c8111172228333444455556666")]
    id: String,
    /// Klarna's id of the capture.
    #[param(example = "4ba29b50-be7b-44f5-a492-113e6a865e22")]
    capture_id: String,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "describes the path for the documentation")]
pub(crate) struct IntentIdParam {
    /// The intent's id.
    #[param(example = "int_0192f0c8111172228333444455556666")]
    id: String,
}

#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "describes the path for the documentation")]
pub(crate) struct WebhookEndpointIdParam {
    /// The webhook endpoint's id.
    #[param(example = "whk_0192f0c8111172228333444455556666")]
    id: String,
}

async fn text<S: Send + Sync>(parts: &mut Parts, state: &S, name: &str) -> Result<String, Problem> {
    // The only rejection is a path that is no UTF-8.
    let params = RawPathParams::from_request_parts(parts, state).await.map_err(|_| {
        Problem::new(codes::INVALID_ID, "the path is not UTF-8: copy the id as it was answered")
    })?;
    let found = params.iter().find(|(key, _)| *key == name).map(|(_, value)| value.to_owned());
    found.ok_or_else(Problem::internal)
}

async fn id<T: FromStr<Err = NotAnId>, S: Send + Sync>(
    parts: &mut Parts,
    state: &S,
    name: &str,
) -> Result<T, Problem> {
    text(parts, state, name).await?.parse().map_err(|error: NotAnId| {
        Problem::new(codes::INVALID_ID, error.to_string()).with_error(MemberError {
            path: name.to_owned(),
            value: None,
            expected: None,
            message: error.to_string(),
        })
    })
}

impl<S: Send + Sync> FromRequestParts<S> for CheckoutRef {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        Ok(Self(id::<CheckoutId, S>(parts, state, "id").await?.into()))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for OrderRef {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        Ok(Self(id::<OrderId, S>(parts, state, "id").await?.into()))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for CaptureRef {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        Ok(Self(text(parts, state, "capture_id").await?))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IntentRef {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        Ok(Self(id::<IntentId, S>(parts, state, "id").await?))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for WebhookEndpointRef {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        Ok(Self(id::<WebhookEndpointId, S>(parts, state, "id").await?))
    }
}
