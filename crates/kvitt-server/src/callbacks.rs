//! Klarna's callbacks. The address carries a secret of the checkout's own: it is not logged, and
//! a wrong one is answered like a checkout that is not there.

use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use axum::response::Redirect;
use kvitt_core::{CheckoutId, SaleId};
use kvitt_engine::EngineError;
use kvitt_ledger::InboxDoor;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use url::form_urlencoded;
use utoipa::IntoParams;

use crate::app::App;
use crate::problem::Problem;

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
    responses((status = 200, description = "Kept; the order is placed afterwards")))]
pub(crate) async fn authorization(
    State(app): State<App>,
    Path(params): Path<CallbackParams>,
    body: Bytes,
) -> Result<StatusCode, Problem> {
    receive(&app, &params, InboxDoor::Authorization, text(&body)).await
}

/// Take a fraud notification
///
/// Klarna says that something about fraud was decided (Klarna documentation: pending orders).
/// The order is then read.
#[utoipa::path(post, path = "/callbacks/klarna/{checkout_id}/{secret}/notification",
    tag = "Klarna", operation_id = "notification_callback",
    request_body(content = Object, content_type = "application/json"),
    responses((status = 200, description = "Kept; the order is read afterwards")))]
pub(crate) async fn notification(
    State(app): State<App>,
    Path(params): Path<CallbackParams>,
    body: Bytes,
) -> Result<StatusCode, Problem> {
    receive(&app, &params, InboxDoor::Notification, text(&body)).await
}

/// Take a push
///
/// Klarna says that an order was completed, with its id in the address (Klarna documentation:
/// confirm purchase). Where the answer that placed the order was lost, this tells which one it is.
#[utoipa::path(post, path = "/callbacks/klarna/{checkout_id}/{secret}/push",
    tag = "Klarna", operation_id = "push_callback",
    request_body(content = Object, content_type = "application/json"),
    responses((status = 200, description = "Kept; the order is read afterwards")))]
pub(crate) async fn push(
    State(app): State<App>,
    Path(params): Path<CallbackParams>,
    RawQuery(query): RawQuery,
    body: Bytes,
) -> Result<StatusCode, Problem> {
    let mut content = query.unwrap_or_default();
    if !body.is_empty() {
        content.push('\n');
        content.push_str(text(&body).expose_secret());
    }
    receive(&app, &params, InboxDoor::Push, content.into()).await
}

/// Pass a shopper on
///
/// Klarna sends the shopper's browser here after the purchase, with the order's id in the address.
/// It goes on to the shop's own confirmation page.
#[utoipa::path(get, path = "/callbacks/klarna/{checkout_id}/{secret}/confirmation",
    tag = "Klarna", operation_id = "confirmation_page",
    responses((status = 303, description = "On to the shop's own page")))]
pub(crate) async fn confirmation(
    State(app): State<App>,
    Path(params): Path<CallbackParams>,
    RawQuery(query): RawQuery,
) -> Result<Redirect, Problem> {
    let query = query.unwrap_or_default();
    let told = |name: &str| {
        let mut members = form_urlencoded::parse(query.as_bytes());
        let value = members.find(|(it, _)| it == name).map(|(_, value)| value);
        // Whatever was told goes into the shop's own address, so only what an id is made of.
        let value = value.unwrap_or_default();
        value.chars().filter(|it| it.is_ascii_alphanumeric() || *it == '-').collect::<String>()
    };
    let (order_id, session_id) = (told("order_id"), told("session_id"));
    receive(&app, &params, InboxDoor::Confirmation, query.clone().into()).await?;
    let sale = app.engine().sale(sale(&params.checkout_id)?).await?;
    // A checkout without such a page told Klarna of none, so nobody was sent here.
    let Some(url) = &sale.terms.confirmation_url else {
        return Err(EngineError::WrongSecret.into());
    };
    Ok(Redirect::to(&url.replace("{order.id}", &order_id).replace("{session.id}", &session_id)))
}

async fn receive(
    app: &App,
    params: &CallbackParams,
    door: InboxDoor,
    content: SecretString,
) -> Result<StatusCode, Problem> {
    let received = match sale(&params.checkout_id) {
        Ok(id) => app.engine().receive(id, &params.secret, door, content).await,
        Err(error) => Err(error),
    };
    let outcome = match &received {
        Ok(()) => "kept",
        Err(EngineError::WrongSecret) => "stranger",
        Err(_) => "failed",
    };
    app.metrics().callback(door, outcome);
    if outcome == "stranger" {
        tracing::warn!(door = door.as_str(), "a callback with a wrong address was turned away");
    }
    received?;
    Ok(StatusCode::OK)
}

/// Something that is no checkout's id is answered like a wrong secret.
fn sale(checkout_id: &str) -> Result<SaleId, EngineError> {
    checkout_id.parse::<CheckoutId>().map(Into::into).map_err(|_| EngineError::WrongSecret)
}

/// The body as far as it is text. It may hold a token, and does not print.
fn text(body: &[u8]) -> SecretString {
    String::from_utf8_lossy(body).into_owned().into()
}
