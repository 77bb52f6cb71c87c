//! The outermost: request id, log, metrics, and the last touch on every answer.
//!
//! What is logged of a request is its id, method, route (the pattern, since a path may hold a
//! secret), status and duration. Bodies, queries and headers are not.

use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use axum::response::Response;
use jiff::Timestamp;
use tracing::Instrument;

use crate::app::App;
use crate::dashboard::Operator;
use crate::extract::Merchant;
use crate::problem::Problem;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Watches a request from its first to its last moment.
pub(super) async fn observe(
    app: &App,
    request: Request,
    answer: impl AsyncFnOnce(Request) -> Response,
) -> Response {
    let begun = Instant::now();
    let request_id = request_id(app, request.headers());
    let route = request.extensions().get::<MatchedPath>().cloned();
    let route = route.as_ref().map_or("none", MatchedPath::as_str);
    let method = known(request.method());
    let span = tracing::info_span!("request", %request_id, method, route);
    let response = answer(request).instrument(span.clone()).await;
    let _entered = span.enter();

    let merchant = response.extensions().get::<Merchant>().map(|merchant| merchant.0);
    let operator = response.extensions().get::<Operator>().map(|operator| operator.0);
    let (mut response, code) = written_down(response, &request_id);
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    if let Ok(value) = HeaderValue::from_str(&request_id) {
        headers.insert(REQUEST_ID, value);
    }

    let status = response.status().as_u16();
    let took = begun.elapsed();
    app.metrics().request(method, route, status, took);
    let latency_ms = took.as_millis();
    let api_key = merchant.map(tracing::field::display);
    let user = operator.map(tracing::field::display);
    if status >= 500 {
        tracing::error!(status, latency_ms, code, api_key, user, "answered");
    } else {
        tracing::info!(status, latency_ms, code, api_key, user, "answered");
    }
    response
}

/// Writes a problem down, now that the request's id is at hand.
fn written_down(mut response: Response, request_id: &str) -> (Response, Option<&'static str>) {
    let Some(problem) = response.extensions_mut().remove::<Problem>() else {
        return (response, None);
    };
    let code = problem.code();
    let mut written = problem.with_request_id(request_id).render();
    // A layer in between may have added some, such as `Allow`.
    for (name, value) in response.headers() {
        if name != header::CONTENT_LENGTH && name != header::CONTENT_TYPE {
            written.headers_mut().insert(name, value.clone());
        }
    }
    (written, Some(code))
}

/// The caller's own id for the request, if it is a sane one; otherwise a new one.
fn request_id(app: &App, headers: &HeaderMap) -> String {
    let sane = |text: &&str| {
        (1..=128).contains(&text.len())
            && text.bytes().all(|it| it.is_ascii_alphanumeric() || b"-_.:".contains(&it))
    };
    let given = headers.get(REQUEST_ID).and_then(|value| value.to_str().ok()).filter(sane);
    match given {
        Some(id) => id.to_owned(),
        // The time in the id is nobody's business here, and asking a clock may take a while.
        None => format!("req_{}", app.config().ids.id(Timestamp::UNIX_EPOCH).as_simple()),
    }
}

/// The method's name, if it is one of the usual: anybody can invent others, and each would be a
/// row in the metrics.
fn known(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}
