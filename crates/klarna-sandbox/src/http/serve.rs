//! One request from its first byte to its answer: read, struck by a fault or answered, recorded.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderValue, Method, Response, StatusCode, header, uri::Authority},
};

use super::{Call, auth, body, browser, control, exchange, orders, payments};
use crate::{
    answer::{Answer, Style},
    callback,
    rules::refusal::Refusal,
    sandbox::Shared,
    source,
    state::{Moment, faults::Effect, idempotency::Key},
};

/// Answers a request.
pub(crate) async fn handle(shared: Arc<Shared>, request: Request) -> Response<Body> {
    let started = Instant::now();
    let Some(call) = read(request, shared.config.body_bytes_max).await else {
        return response(Answer::empty(400));
    };
    if let Some(answer) = control::answer(&shared, &call).await {
        return response(answer);
    }
    let effect = shared.state().faults.strike(call.method.as_str(), &call.path);
    let answer = match &effect {
        Some(Effect::Status { status, body }) => {
            Some(Answer::document(*status, "application/json", body.clone().unwrap_or_default()))
        }
        Some(Effect::Html502) => {
            let page = "<html><head><title>502 Bad Gateway</title></head><body><center>\
                <h1>502 Bad Gateway</h1></center></body></html>";
            Some(Answer::document(502, "text/html", page.to_owned()))
        }
        Some(Effect::TooManyRequests) => Some(too_many_requests()),
        Some(Effect::ResetBefore) => None,
        Some(Effect::ResetAfter) => {
            unharmed(&shared, &call, started).await;
            None
        }
        Some(Effect::Delay { .. }) | None => Some(unharmed(&shared, &call, started).await),
    };
    if let Some(Effect::Delay { milliseconds }) = &effect {
        tokio::time::sleep(Duration::from_millis(*milliseconds)).await;
    }
    // What browsers ask for is no exchange with Klarna's API, and may be personal.
    if call.segments().first() != Some(&"kp") {
        exchange::record(&shared, &call, answer.as_ref(), effect.as_ref(), started.elapsed());
    }
    answer.map_or_else(dropped, response)
}

async fn read(request: Request, body_bytes_max: usize) -> Option<Call> {
    let (parts, body) = request.into_parts();
    let body = body::read(body, body_bytes_max).await.ok()?;
    let text = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let host = parts.uri.authority().map(Authority::as_str);
    let host = host.or_else(|| text("host")).unwrap_or("localhost");
    let scheme = text("x-forwarded-proto").filter(|it| *it == "https").unwrap_or("http");
    Some(Call {
        base_url: format!("{scheme}://{host}"),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().map(str::to_owned),
        method: parts.method,
        headers: parts.headers,
        body,
    })
}

/// The answer to a browser or to a merchant's server.
async fn unharmed(shared: &Arc<Shared>, call: &Call, started: Instant) -> Answer {
    match call.segments().as_slice() {
        ["kp", path @ ..] => browser::answer(shared, call, path).await,
        _ => klarna(shared, call, started),
    }
}

/// Klarna's answer. Everything happens under one lock, so that two requests with one idempotency
/// key are one after the other.
fn klarna(shared: &Arc<Shared>, call: &Call, started: Instant) -> Answer {
    let segments = call.segments();
    let (style, path) = match segments.as_slice() {
        ["payments", "v1", path @ ..] => (Style::Payments, path),
        ["ordermanagement", "v1", path @ ..] => (Style::Orders, path),
        _ => {
            let text = format!("{} is neither Klarna's nor the sandbox's path.\n", call.path);
            return Answer::document(404, "text/plain;charset=utf-8", text);
        }
    };
    let Some(credential) = auth::credential(&call.headers, &shared.config) else {
        return auth::unauthorized();
    };
    let correlation_id = source::uuid(&*shared.ids);
    let finish = |outcome: Result<Answer, Refusal>| {
        let answer = outcome.unwrap_or_else(|refusal| style.refusal(&refusal, &correlation_id));
        style.finish(answer, &correlation_id, started.elapsed().as_millis())
    };
    if call.body.is_none() {
        let refusal = Refusal::new(413, "REQUEST_TOO_LARGE", "Request is too large");
        return finish(Err(refusal));
    }
    let mut state = shared.state();
    let now = shared.now(&state);
    let moment =
        Moment { now, ids: &*shared.ids, config: &shared.config, base_url: &call.base_url };
    if let (Style::Orders, ["orders", id, ..]) = (style, path) {
        state.settle_order(id, &moment);
    }
    let key = idempotency_key(call, style, &segments, credential);
    let recalled = key.as_ref().and_then(|key| state.idempotency.recall(key, now));
    let answer = recalled.unwrap_or_else(|| {
        let outcome = match style {
            Style::Payments => payments::answer(call, path, &mut state, &moment),
            Style::Orders => orders::answer(call, path, &mut state, &moment),
        };
        let answer = finish(outcome);
        if let Some(key) = key {
            state.idempotency.remember(key, now, answer.clone());
        }
        answer
    });
    callback::send_in_background(shared, std::mem::take(&mut state.outbox));
    answer
}

/// Only Order Management's writes take a key.
fn idempotency_key(
    call: &Call,
    style: Style,
    segments: &[&str],
    credential: String,
) -> Option<Key> {
    let key = call.header("klarna-idempotency-key").filter(|key| !key.is_empty())?;
    (style == Style::Orders && call.method != Method::GET).then(|| Key {
        credential,
        method: call.method.to_string(),
        path: segments.join("/"),
        key: key.to_owned(),
    })
}

/// As recorded: no body, no content type, no correlation id, no `Retry-After`.
fn too_many_requests() -> Answer {
    Answer::empty(429)
        .with("x-envoy-ratelimited", "true")
        .with("x-ratelimit-limit", "5, 5;w=1")
        .with("x-ratelimit-remaining", "0")
        .with("x-ratelimit-reset", "1")
}

fn response(answer: Answer) -> Response<Body> {
    let mut response = Response::new(Body::from(answer.body));
    // A fault may ask for a status that HTTP does not have; it then gets a plain 500.
    *response.status_mut() =
        StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(header::SERVER, HeaderValue::from_static("klarna-sandbox"));
    for (name, value) in answer.headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
    response
}

/// An answer that never arrives. The status is never sent; were it, it would not be a success.
fn dropped() -> Response<Body> {
    let mut response = Response::new(Body::new(body::Broken));
    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    response
}
