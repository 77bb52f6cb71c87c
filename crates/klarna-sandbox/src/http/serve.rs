//! One request from its first byte to its answer: read, struck by a fault or answered, recorded.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderName, HeaderValue, Method, Response, StatusCode, header, uri::Authority},
};

use super::{Call, auth, body, browser, control, exchange, hosted, hpp, orders, payments};
use crate::{
    answer::{Answer, Style},
    callback,
    rate_limit::{self, Category},
    rules::refusal::Refusal,
    sandbox::Shared,
    settings::Settings,
    source,
    state::{faults::Effect, idempotency::Key},
};

/// Answers a request.
pub(crate) async fn handle(shared: Arc<Shared>, request: Request) -> Response<Body> {
    let started = Instant::now();
    let Some(call) = read(request, shared.config.body_bytes_max).await else {
        return response(&Answer::empty(400));
    };
    if let Some(answer) = control::answer(&shared, &call).await {
        return response(&answer);
    }
    let (effect, at) = {
        let mut state = shared.state();
        (state.faults.strike(call.method.as_str(), &call.path), shared.now(&state))
    };
    let answer = match &effect {
        Some(Effect::Status { status, body }) => {
            let body = body.clone().unwrap_or_default();
            Some(Answer::document(*status, "application/json", body))
        }
        Some(Effect::Html502) => {
            let page = "<html><head><title>502 Bad Gateway</title></head><body><center>\
                <h1>502 Bad Gateway</h1></center></body></html>";
            Some(Answer::document(502, "text/html", page))
        }
        Some(Effect::TooManyRequests) => {
            Some(rate_limit::unlimited(category(&call)).too_many_requests())
        }
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
    let response = answer.as_ref().map_or_else(dropped, response);
    // What browsers ask for is no exchange with Klarna's API, and may be personal.
    if !is_a_browsers(&call) {
        exchange::record(&shared, call, answer, effect.as_ref(), at, started.elapsed());
    }
    response
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

/// Whether a call is for the SDK or the buyer's pages.
fn is_a_browsers(call: &Call) -> bool {
    matches!(call.segments().as_slice(), ["kp", ..] | ["hpp", "payments" | "distributions", ..])
}

/// The answer to a browser or to a merchant's server.
async fn unharmed(shared: &Arc<Shared>, call: &Call, started: Instant) -> Answer {
    match call.segments().as_slice() {
        ["kp", path @ ..] => browser::answer(shared, call, path).await,
        ["hpp", path @ ..] if is_a_browsers(call) => hosted::answer(shared, call, path).await,
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
        ["hpp", "v1", path @ ..] => (Style::HostedPaymentPage, path),
        _ => {
            let text = format!("{} is neither Klarna's nor the sandbox's path.\n", call.path);
            return Answer::document(404, "text/plain;charset=utf-8", text);
        }
    };
    let Some(credential) = auth::credential(&call.headers, &shared.config) else {
        return auth::unauthorized();
    };
    let mut state = shared.state();
    let moment = shared.moment(&state, call);
    let settings = &moment.settings;
    let (category, base_time) = (category(call), shared.base_time());
    let allowance = state.rate_limits.count(&credential, category, settings, base_time);
    if allowance.is_exceeded {
        return allowance.too_many_requests();
    }
    let correlation_id = source::uuid(&*shared.ids);
    let finish = |outcome: Result<Answer, Refusal>| {
        let answer = outcome.unwrap_or_else(|refusal| style.refusal(&refusal, &correlation_id));
        style.finish(answer, &correlation_id, started.elapsed().as_millis())
    };
    if let Err(refusal) = readable(call, settings) {
        return allowance.told_in(finish(Err(refusal)));
    }
    if let (Style::Orders, ["orders", id, ..]) = (style, path) {
        state.settle_order(id, &moment);
    }
    let key = idempotency_key(call, style, &segments, credential);
    let recalled = key.as_ref().and_then(|key| state.idempotency.recall(key, moment.now));
    let answer = recalled.unwrap_or_else(|| {
        let outcome = match style {
            Style::Payments => payments::answer(call, path, &mut state, &moment),
            Style::Orders => orders::answer(call, path, &mut state, &moment),
            Style::HostedPaymentPage => hpp::answer(call, path, &mut state, &moment),
        };
        let answer = finish(outcome);
        if let Some(key) = key {
            state.idempotency.remember(&key, moment.now, answer.clone());
        }
        answer
    });
    callback::send_in_background(shared, std::mem::take(&mut state.outbox));
    allowance.told_in(answer)
}

/// Refuses a body that is too large or says that it is not JSON. One that says nothing passes.
fn readable(call: &Call, settings: &Settings) -> Result<(), Refusal> {
    let Some(body) = &call.body else {
        return Err(Refusal::new(413, "REQUEST_TOO_LARGE", "Request is too large"));
    };
    let content_type = call.header("content-type").unwrap_or("application/json");
    if settings.content_type_is_checked && !body.is_empty() && !is_json(content_type) {
        return Err(Refusal::new(415, "HTTP_ERROR", ""));
    }
    Ok(())
}

/// Whether a content type is JSON, whatever its parameters.
fn is_json(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json"
        || (essence.starts_with("application/") && essence.ends_with("+json"))
}

/// Which of Klarna's rate limits counts a call.
fn category(call: &Call) -> Category {
    match call.segments().as_slice() {
        ["payments", "v1", "sessions"] if call.method == Method::POST => {
            Category::Sessions("payments")
        }
        ["hpp", "v1", "sessions"] if call.method == Method::POST => Category::Sessions("hpp"),
        ["payments", "v1", "authorizations", _, "customer-token"] => {
            Category::Sessions("customer-token")
        }
        _ => Category::Others,
    }
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

fn response(answer: &Answer) -> Response<Body> {
    let mut response = Response::new(Body::from(answer.body.clone()));
    // A fault may ask for a status that HTTP does not have; it then gets a plain 500.
    *response.status_mut() =
        StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(header::SERVER, HeaderValue::from_static("klarna-sandbox"));
    for (name, value) in &answer.headers {
        let name = HeaderName::from_bytes(name.as_bytes());
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(value)) {
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
