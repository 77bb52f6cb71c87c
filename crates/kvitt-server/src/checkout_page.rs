//! The shopper's side: the hosted checkout page, and what it and the embed script ask for. Whoever
//! has the link may pay; there are no cookies, so any shop's page may ask.

mod cart;
mod headers;
mod json;
mod page;
mod state;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::middleware::from_fn;
use axum::routing::{MethodRouter, get, post, put};
use kvitt_core::{CheckoutId, SaleId};
use kvitt_engine::EngineError;
use serde::Deserialize;

use crate::app::App;
use crate::problem::Problem;

/// Every path of the shopper's side.
pub(crate) fn routes() -> Vec<(&'static str, MethodRouter<App>)> {
    let shared = |handlers: MethodRouter<App>| {
        handlers.options(headers::preflight).layer(from_fn(headers::any_origin))
    };
    vec![
        ("/checkout/{checkout_id}/{secret}", get(page::page)),
        ("/checkout/{checkout_id}/{secret}/", get(page::with_slash)),
        ("/checkout/{checkout_id}/{secret}/fragment", shared(get(page::fragment))),
        ("/checkout/{checkout_id}/{secret}/state", shared(get(json::state))),
        ("/checkout/{checkout_id}/{secret}/session", shared(post(json::session))),
        ("/checkout/{checkout_id}/{secret}/shopper", shared(put(json::shopper))),
        ("/checkout/{checkout_id}/{secret}/authorization", shared(post(json::authorization))),
    ]
}

/// The checkout of a link that is right. A wrong one is answered alike whatever is wrong with it.
struct Link {
    sale: SaleId,
}

#[derive(Deserialize)]
struct LinkParams {
    checkout_id: String,
    secret: String,
}

impl FromRequestParts<App> for Link {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let wrong = || Problem::from(EngineError::WrongSecret);
        let params = axum::extract::Path::<LinkParams>::from_request_parts(parts, app)
            .await
            .map_err(|_| wrong())?;
        let id: CheckoutId = params.checkout_id.parse().map_err(|_| wrong())?;
        let sale = SaleId::from(id);
        app.engine().check_shopper_secret(sale, &params.secret).await?;
        Ok(Self { sale })
    }
}
