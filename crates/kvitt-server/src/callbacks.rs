//! Klarna's callbacks. The address carries a secret of the checkout's own: it is not logged, and
//! a wrong one is answered like a checkout that is not there.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use kvitt_core::{CheckoutId, SaleId};
use kvitt_engine::{AuthorizationCallback, Notification};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use utoipa::IntoParams;

use crate::app::App;
use crate::problem::{Problem, codes};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct CallbackParams {
    /// The checkout's id.
    #[param(example = "chk_0192f0c8111172228333444455556666")]
    checkout_id: String,
    /// The checkout's own secret, which only Klarna was told.
    secret: String,
}

/// Take an authorization callback
///
/// Klarna says that the shopper authorized (Klarna documentation: authorization callback).
#[utoipa::path(post, path = "/callbacks/klarna/{checkout_id}/{secret}/authorization",
    tag = "Klarna", operation_id = "authorization_callback",
    request_body(content = Object, content_type = "application/json"),
    responses((status = 200, description = "Taken in")))]
pub(crate) async fn authorization(
    State(app): State<App>,
    Path(params): Path<CallbackParams>,
    body: Bytes,
) -> Result<StatusCode, Problem> {
    let id = sale(&params.checkout_id)?;
    let body: AuthorizationCallback = read(&body)?;
    app.engine().authorization_callback(id, &params.secret, body).await?;
    Ok(StatusCode::OK)
}

/// Take a fraud notification
///
/// Klarna says that something about fraud was decided (Klarna documentation: pending orders).
/// The order is then read.
#[utoipa::path(post, path = "/callbacks/klarna/{checkout_id}/{secret}/notification",
    tag = "Klarna", operation_id = "notification_callback",
    request_body(content = Object, content_type = "application/json"),
    responses((status = 200, description = "Taken in")))]
pub(crate) async fn notification(
    State(app): State<App>,
    Path(params): Path<CallbackParams>,
    body: Bytes,
) -> Result<StatusCode, Problem> {
    let id = sale(&params.checkout_id)?;
    let body: Notification = read(&body)?;
    app.engine().notification_callback(id, &params.secret, body).await?;
    Ok(StatusCode::OK)
}

fn sale(checkout_id: &str) -> Result<SaleId, Problem> {
    // The same answer as for a wrong secret.
    let id = checkout_id.parse::<CheckoutId>();
    id.map(Into::into).map_err(|_| kvitt_engine::EngineError::WrongSecret.into())
}

/// The body may hold a token, so what is wrong with it is not repeated.
fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(body).map_err(|_| {
        Problem::new(codes::INVALID_JSON, "the body is not the JSON of such a callback")
    })
}
