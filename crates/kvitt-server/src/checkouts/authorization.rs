//! `POST /v1/checkouts/{id}/authorization`

use axum::extract::State;
use axum::response::Response;
use kvitt_core::{Act, Door};
use kvitt_engine::{NewAuthorization, authorization_digest};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use utoipa::ToSchema;

use super::place::placed;
use crate::app::App;
use crate::extract::{Call, CheckoutIdParam, CheckoutRef, IdempotencyKeyParam, Nothing, Params};
use crate::problem::Problem;
use crate::view::Checkout;

/// What the browser SDK's `authorize` answered.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AuthorizationInput {
    /// Klarna's authorization token.
    #[schema(value_type = String, example = "b4bd3423-24e3-4e51-a5b0-c6a4d2c3b7f1")]
    authorization_token: SecretString,
    /// The session that it belongs to; the checkout's current one where absent.
    session_id: Option<String>,
}

/// Hand in the shopper's authorization
///
/// Places the order, unless the checkout's placement is `manual`. The same authorization twice,
/// or also through Klarna's callback, places one order.
#[utoipa::path(post, path = "/v1/checkouts/{id}/authorization", tag = "Checkouts",
    operation_id = "hand_in_authorization", params(CheckoutIdParam, IdempotencyKeyParam),
    request_body(content = AuthorizationInput, example = json!({
        "authorization_token": "b4bd3423-24e3-4e51-a5b0-c6a4d2c3b7f1"
    })),
    responses(
        (status = 200, description = "Nothing was placed by this call: the placement is manual, \
            or the order was there before", body = Checkout),
        (status = 201, description = "The order is placed", body = Checkout),
        (status = 202, description = "Whether the order is placed is not known yet",
            body = Checkout),
    ))]
pub(crate) async fn authorization(
    State(app): State<App>,
    CheckoutRef(id): CheckoutRef,
    _: Params<Nothing>,
    Call { caller, body }: Call<AuthorizationInput>,
) -> Result<Response, Problem> {
    let digest = authorization_digest(body.authorization_token.expose_secret());
    let before = app.engine().sale(id).await?;
    let known = before.authorizations.iter().any(|known| known.digest == digest);
    let new = NewAuthorization {
        token: body.authorization_token,
        session_id: body.session_id,
        door: Door::Browser,
    };
    let sale = app
        .engine()
        .hand_in_authorization(id, new, &caller)
        .await
        .map_err(|error| Problem::from(error).about_checkout(id.checkout_id()))?;
    let placing = sale.intents.values().find(|intent| {
        matches!(&intent.act, Act::Place { authorization, .. } if *authorization == digest)
    });
    let intent = placing.map(|intent| intent.id);
    let replayed = known && caller.idempotency.is_some();
    placed(&app, id, intent, before.order.is_some(), replayed).await
}
