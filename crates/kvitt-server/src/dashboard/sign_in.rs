//! Signing in and out.

use std::time::{Duration, Instant};

use askama::Template;
use axum::extract::{Request, State};
use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Redirect, Response};
use kvitt_ledger::User;
use secrecy::SecretString;
use serde::Deserialize;

use super::attempts::Attempt;
use super::form::{self, DashboardForm};
use super::message::{Message, page as rendered};
use super::session::{self, SessionToken, SignedIn};
use super::{SIGN_IN, origin, return_to};
use crate::app::App;
use crate::passwords;

/// Largest sign-in form, in bytes: a name, a password and an address, each byte escaped.
const BYTES_MAX: usize = 16 * 1024;

#[derive(Template)]
#[template(path = "dashboard/sign_in.html")]
struct SignInPage<'a> {
    /// What went wrong the time before; empty at first.
    problem: &'a str,
    name: &'a str,
    return_to: &'a str,
}

/// The page on which one signs in. Whoever is signed in is sent on.
pub(super) async fn page(
    State(app): State<App>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Message> {
    let asked = form::member(uri.query().unwrap_or_default().as_bytes(), "return_to");
    let return_to = return_to::destination(&asked);
    if SignedIn::of(&app, &headers).await?.is_some() {
        return Ok(Redirect::to(return_to).into_response());
    }
    let page = SignInPage { problem: "", name: "", return_to };
    Ok(rendered(StatusCode::OK, &page))
}

/// What was filled in.
struct Given {
    name: String,
    password: SecretString,
    return_to: String,
}

impl Given {
    fn read(form: &[u8]) -> Self {
        Self {
            // Names have no blanks around them; a telephone's keyboard adds them.
            name: form::member(form, "name").trim().to_owned(),
            password: SecretString::from(form::member(form, "password")),
            return_to: form::member(form, "return_to"),
        }
    }

    /// The page again, with what may be kept of it.
    fn again(&self, status: StatusCode, problem: &str) -> Response {
        let return_to = return_to::destination(&self.return_to);
        rendered(status, &SignInPage { problem, name: &self.name, return_to })
    }
}

/// Signs in. What is wrong with name or password is not told, and takes as long for every name.
pub(super) async fn sign_in(State(app): State<App>, request: Request) -> Result<Response, Message> {
    let (parts, body) = request.into_parts();
    let public_url = &app.engine().settings().public_url;
    // There is no session yet whose secret the form could carry. Without this check another site
    // could sign its visitor in under a name of its own choice, and read later what they did.
    if !origin::is_own(&parts, public_url) {
        return Err(Message::foreign(public_url));
    }
    let given = Given::read(&form::read(body, BYTES_MAX).await?);
    let ledger = app.engine().ledger();
    let user = ledger.user_by_name(&given.name).await?;
    let attempt = match app.attempts().begin(&given.name, Instant::now()) {
        Ok(attempt) => attempt,
        Err(wait) => return Ok(too_often(&given, wait)),
    };
    let id = user.as_ref().map(|user| tracing::field::display(user.id));
    let Some(user) = whose_password_is_right(&app, user, &given, attempt).await? else {
        tracing::warn!(user = id, "somebody was not let in: the name or the password was wrong");
        return Ok(wrong(&given));
    };
    let token = SessionToken::new(app.config().ids.as_ref());
    if !ledger.open_session(&token.digest(), &user, session::LIFETIME).await? {
        tracing::warn!(user = %user.id, "not let in: revoked, or given another password meanwhile");
        return Ok(wrong(&given));
    }
    if let Some(before) = SessionToken::sent(&parts.headers, public_url) {
        ledger.close_session(&before.digest()).await?;
    }
    tracing::info!(user = %user.id, "signed in");
    let cookie = token.set_cookie(public_url).ok_or_else(Message::internal)?;
    let on = Redirect::to(return_to::destination(&given.return_to));
    Ok(([(header::SET_COOKIE, cookie)], on).into_response())
}

async fn whose_password_is_right(
    app: &App,
    user: Option<User>,
    given: &Given,
    attempt: Attempt,
) -> Result<Option<User>, Message> {
    let hash = user.as_ref().map(|user| &user.password_hash);
    let right = passwords::is_right(given.password.clone(), hash).await.map_err(|error| {
        tracing::error!(%error, user = user.as_ref().map(|it| tracing::field::display(it.id)));
        Message::internal()
    })?;
    let user = user.filter(|user| right && user.revoked_at.is_none());
    if user.is_some() {
        app.attempts().succeeded(attempt);
    }
    Ok(user)
}

fn wrong(given: &Given) -> Response {
    let problem = "The name or the password is wrong. Check both, or ask whoever runs this server \
                   for a new password.";
    given.again(StatusCode::UNAUTHORIZED, problem)
}

fn too_often(given: &Given, wait: Duration) -> Response {
    let seconds = wait.as_secs_f64().ceil().max(1.0);
    let minutes = (seconds / 60.0).ceil();
    let unit = if minutes > 1.0 { "minutes" } else { "minute" };
    let problem = format!(
        "Signing in failed too often of late. Wait {minutes:.0} {unit}, then try again. Those who \
         are signed in stay so."
    );
    let mut response = given.again(StatusCode::TOO_MANY_REQUESTS, &problem);
    if let Ok(seconds) = HeaderValue::from_str(&format!("{seconds:.0}")) {
        response.headers_mut().insert(header::RETRY_AFTER, seconds);
    }
    response
}

/// Nothing is to be filled in.
#[derive(Deserialize)]
pub(super) struct Nothing {}

/// Signs out: the session ends here and in the browser.
pub(super) async fn sign_out(
    State(app): State<App>,
    headers: HeaderMap,
    DashboardForm { signed_in, form: Nothing {} }: DashboardForm<Nothing>,
) -> Result<Response, Message> {
    let public_url = &app.engine().settings().public_url;
    if let Some(token) = SessionToken::sent(&headers, public_url) {
        app.engine().ledger().close_session(&token.digest()).await?;
    }
    tracing::info!(user = %signed_in.user.id, "signed out");
    let mut response = Redirect::to(SIGN_IN).into_response();
    if let Some(cookie) = session::unset_cookie(public_url) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    Ok(response)
}
