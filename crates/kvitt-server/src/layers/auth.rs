//! Who may come in.

use std::time::Instant;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;

use crate::api_keys::Found;
use crate::app::App;
use crate::extract::Merchant;
use crate::problem::Problem;
use crate::problem::codes::{self, Code};

/// Lets only holders of an API key pass, and tells the handler who it is.
pub(crate) async fn require_key(
    State(app): State<App>,
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let merchant = merchant(&app, request.headers()).await?;
    request.extensions_mut().insert(merchant);
    let mut response = next.run(request).await;
    // For the log.
    response.extensions_mut().insert(merchant);
    Ok(response)
}

/// The same for `/metrics`, unless it is configured open.
pub(crate) async fn require_key_for_metrics(
    State(app): State<App>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    if !app.config().open_metrics {
        merchant(&app, request.headers()).await?;
    }
    Ok(next.run(request).await)
}

async fn merchant(app: &App, headers: &HeaderMap) -> Result<Merchant, Problem> {
    let Some(key) = bearer(headers) else {
        return Err(refuse(
            codes::API_KEY_MISSING,
            "send an API key, as in Authorization: Bearer kvitt_…; kvitt key create makes one",
        ));
    };
    match app.known_keys().find(app.engine().ledger(), key, Instant::now()).await? {
        Found::Unknown => Err(refuse(
            codes::API_KEY_INVALID,
            "the API key is not known: check it, or make another with kvitt key create",
        )),
        Found::Revoked => Err(refuse(
            codes::API_KEY_REVOKED,
            "the API key was revoked: make another with kvitt key create",
        )),
        Found::Good(id) => Ok(Merchant(id)),
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, key) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    Some(key.trim()).filter(|key| scheme.eq_ignore_ascii_case("bearer") && !key.is_empty())
}

fn refuse(code: Code, detail: &str) -> Problem {
    Problem::new(code, detail)
        .with_header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"kvitt\""))
}
