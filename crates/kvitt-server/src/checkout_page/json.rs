//! What the page's script asks for.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State as AppState;
use axum::http::StatusCode;
use kvitt_core::{Cause, Door};
use kvitt_engine::{Caller, NewAuthorization, Shopper};
use secrecy::SecretString;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::Link;
use super::state::State;
use crate::app::App;
use crate::input::Address;
use crate::problem::{Problem, codes};

/// The body holds personal data or a token, so what is wrong with it is not repeated.
fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(body)
        .map_err(|_| Problem::new(codes::INVALID_JSON, "the body is not what this page sends"))
}

pub(super) async fn state(
    AppState(app): AppState<App>,
    link: Link,
) -> Result<Json<State>, Problem> {
    let sale = app.engine().sale(link.sale).await?;
    Ok(Json(State::of(app.engine(), &sale).await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SessionInput {
    /// The browser could not use the session that it has.
    #[serde(default)]
    unusable: bool,
}

/// Makes sure of a session to pay in.
pub(super) async fn session(
    AppState(app): AppState<App>,
    link: Link,
    body: Bytes,
) -> Result<Json<State>, Problem> {
    let input: SessionInput = read(&body)?;
    let sale = if input.unusable {
        app.engine().heal_session(link.sale).await?
    } else {
        app.engine().keep_session(link.sale).await?
    };
    Ok(Json(State::of(app.engine(), &sale).await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ShopperInput {
    billing_address: Address,
}

/// Keeps what the shopper typed.
pub(super) async fn shopper(
    AppState(app): AppState<App>,
    link: Link,
    body: Bytes,
) -> Result<StatusCode, Problem> {
    let input: ShopperInput = read(&body)?;
    let corrected =
        Shopper { billing_address: Some(input.billing_address.into()), ..Shopper::default() };
    app.engine().correct_shopper(link.sale, corrected).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AuthorizationInput {
    authorization_token: SecretString,
    session_id: Option<String>,
}

/// Takes the authorization in and places the order. The same one twice, or through Klarna's
/// callback too, places one.
pub(super) async fn authorization(
    AppState(app): AppState<App>,
    link: Link,
    body: Bytes,
) -> Result<Json<State>, Problem> {
    let input: AuthorizationInput = read(&body)?;
    let new = NewAuthorization {
        token: input.authorization_token,
        session_id: input.session_id,
        door: Door::Browser,
    };
    let caller = Caller::without_key(Cause::Shopper);
    let sale = app.engine().hand_in_authorization(link.sale, new, &caller).await?;
    Ok(Json(State::of(app.engine(), &sale).await?))
}
