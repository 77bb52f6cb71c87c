//! Who may come in, for every route of the dashboard but its door.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use kvitt_core::UserId;

use super::message::Message;
use super::session::{CsrfToken, SignedIn};
use super::{form, origin, return_to};
use crate::app::App;

/// Who was answered, for the log.
#[derive(Clone, Copy)]
pub(crate) struct Operator(pub UserId);

/// Lets only those pass who are signed in, and what changes something only from a page of this
/// server; and tells the handler who it is.
pub(super) async fn require_operator(
    State(app): State<App>,
    request: Request,
    next: Next,
) -> Response {
    match admit(&app, request).await {
        Err(refusal) => refusal,
        Ok((operator, request)) => {
            let mut response = next.run(request).await;
            response.extensions_mut().insert(operator);
            response
        }
    }
}

async fn admit(app: &App, request: Request) -> Result<(Operator, Request), Response> {
    let (mut parts, mut body) = request.into_parts();
    let changes = !parts.method.is_safe();
    let public_url = &app.engine().settings().public_url;
    if changes && !origin::is_own(&parts, public_url) {
        return Err(Message::foreign(public_url).into_response());
    }
    let signed_in = SignedIn::of(app, &parts.headers).await;
    let signed_in = match signed_in.map_err(|error| Message::from(error).into_response())? {
        Some(signed_in) => signed_in,
        None if changes => {
            let way_back = return_to::sign_in_for_form(&parts.headers);
            return Err(signed_out().leading_to(way_back, "Sign in").into_response());
        }
        None => return Err(Redirect::to(&return_to::sign_in_for(&parts.uri)).into_response()),
    };
    if changes {
        let bytes = form::read(body, form::BYTES_MAX).await.map_err(Message::into_response)?;
        if !signed_in.csrf.is(&form::member(&bytes, CsrfToken::MEMBER)) {
            return Err(of_an_old_page().into_response());
        }
        body = Body::from(bytes);
    }
    let operator = Operator(signed_in.user.id);
    parts.extensions.insert(signed_in);
    Ok((operator, Request::from_parts(parts, body)))
}

fn signed_out() -> Message {
    Message::new(
        StatusCode::UNAUTHORIZED,
        "You are signed out",
        "Nothing was done. Sign in, and do it again.",
    )
}

fn of_an_old_page() -> Message {
    Message::new(
        StatusCode::FORBIDDEN,
        "The page is out of date",
        "It was loaded before you last signed in, so nothing was done. Go back, load the page \
         again, and send it again.",
    )
}
