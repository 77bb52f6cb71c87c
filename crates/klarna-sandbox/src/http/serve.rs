//! One request from its first byte to its answer: read, struck by a fault or answered, recorded.

use std::{sync::Arc, time::Instant};

use axum::{
    body::{Body, Bytes},
    extract::{self, ConnectInfo},
    http::{
        HeaderValue, Method, Response, StatusCode, Version, header, request::Parts, uri::Authority,
    },
};
use jiff::Timestamp;

use super::{
    Call, auth,
    body::{self, Truncated},
    browser, control, customer_tokens, exchange, hosted, hpp, keeping, live, orders, payments,
    struck::{self, Outcome},
};
use crate::{
    answer::{Answer, Style},
    callback, inspector,
    rate_limit::Category,
    rules::refusal::Refusal,
    sandbox::Shared,
    settings::Settings,
    source,
    state::{
        State,
        faults::{Strike, effect::Effect, request::Request},
        idempotency::Key,
        limits::StoreLimits,
    },
    wire::Reset,
};

/// Answers a request.
pub(crate) async fn handle(shared: Arc<Shared>, request: extract::Request) -> Response<Body> {
    let started = Instant::now();
    if keeping::is_restore(&request) {
        let (head, body) = request.into_parts();
        let restored = keeping::restore(&shared, &call_of(head, None), body).await;
        return response(&control::answer_of(restored));
    }
    let reset = request.extensions().get::<ConnectInfo<Reset>>().map(|it| it.0.clone());
    let may_reset = request.version() < Version::HTTP_2;
    let Some(call) = read(request, shared.config.body_bytes_max).await else {
        return response(&Answer::empty(400));
    };
    if let Some(response) = live::answer(&shared, &call) {
        return response;
    }
    if let Some(answer) = control::answer(&shared, &call).await {
        return response(&answer);
    }
    if let Some(answer) = inspector::answer(&shared, &call).await {
        return response(&answer);
    }
    let (strike, at) = {
        let mut state = shared.state();
        let now = shared.now(&state);
        (strike(&mut state, &call, now), now)
    };
    let fault = strike.as_ref().map(|it| it.effect.name());
    let mut awaited =
        exchange::Awaited { shared: &shared, call: &call, fault, at, started, is_answered: false };
    let outcome = match strike {
        Some(strike) => struck::outcome(&shared, &call, strike, started).await,
        None => Outcome::Answer(unharmed(&shared, &call, started).await),
    };
    awaited.is_answered = true;
    drop(awaited);
    let (answer, response) = match outcome {
        Outcome::Answer(answer) => {
            let response = response(&answer);
            (Some(answer), response)
        }
        Outcome::Truncated(mut answer, sent) => {
            let response = response(&answer).map(|_| Body::new(Truncated::of(&answer.body, sent)));
            answer.body.truncate(sent);
            (Some(answer), response)
        }
        Outcome::Dropped => {
            // Over HTTP/2, where other requests share the connection, only the stream is reset.
            reset.into_iter().filter(|_| may_reset).for_each(|it| it.wish());
            (None, dropped())
        }
    };
    exchange::record(&shared, call, answer, fault, at, started.elapsed());
    response
}

/// The fault that strikes a call, if any.
fn strike(state: &mut State, call: &Call, now: Timestamp) -> Option<Strike<Effect>> {
    if state.faults.all().is_empty() {
        return None;
    }
    let segments = call.segments();
    let (method, path) = (call.method.as_str(), call.path.as_str());
    state.strike(&Request { method, path, segments: &segments, headers: &call.headers }, now)
}

async fn read(request: extract::Request, body_bytes_max: usize) -> Option<Call> {
    let (head, body) = request.into_parts();
    let body = body::read(body, body_bytes_max).await.ok()?;
    Some(call_of(head, body))
}

fn call_of(head: Parts, body: Option<Bytes>) -> Call {
    let text = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok());
    let host = head.uri.authority().map(Authority::as_str);
    let host = host.or_else(|| text("host")).unwrap_or("localhost");
    let scheme = text("x-forwarded-proto").filter(|it| *it == "https").unwrap_or("http");
    Call {
        base_url: [scheme, "://", host].concat(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().map(str::to_owned),
        method: head.method,
        headers: head.headers,
        body,
    }
}

/// Whether a call is for the SDK or the buyer's pages.
pub(super) fn is_a_browsers(call: &Call) -> bool {
    let mut parts = call.parts();
    match parts.next() {
        Some("kp") => true,
        Some("eu" | "na" | "oc") => matches!(parts.next(), Some("kp" | "hpp")),
        _ => false,
    }
}

/// The answer to a browser or to a merchant's server.
pub(super) async fn unharmed(shared: &Arc<Shared>, call: &Call, started: Instant) -> Answer {
    let segments = call.segments();
    match segments.as_slice() {
        ["kp", path @ ..] | ["eu" | "na" | "oc", "kp", path @ ..] => {
            browser::answer(shared, call, path).await
        }
        ["eu" | "na" | "oc", "hpp", path @ ..] => hosted::answer(shared, call, path).await,
        _ => klarna(shared, call, &segments, started),
    }
}

/// Which of Klarna's APIs answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Api {
    Payments,
    OrderManagement,
    CustomerToken,
    HostedPaymentPage,
}

impl Api {
    fn style(self) -> Style {
        match self {
            Self::Payments | Self::CustomerToken => Style::Payments,
            Self::OrderManagement => Style::Orders,
            Self::HostedPaymentPage => Style::HostedPaymentPage,
        }
    }
}

/// The first parts of Klarna's paths, also of APIs that are not here.
const KLARNA_ROOTS: [&str; 8] = [
    "payments",
    "credit",
    "ordermanagement",
    "customer-token",
    "hpp",
    "checkout",
    "settlements",
    "merchantcard",
];

/// Klarna's answer. What changes something that is there happens under one lock, so that two
/// requests with one idempotency key are one after the other.
fn klarna(shared: &Arc<Shared>, call: &Call, segments: &[&str], started: Instant) -> Answer {
    let credential = auth::credential(&call.headers, &shared.config);
    let (api, path) = match segments {
        ["payments", "v1", path @ ..] => (Api::Payments, path),
        ["ordermanagement", "v1", path @ ..] => (Api::OrderManagement, path),
        ["customer-token", "v1", path @ ..] => (Api::CustomerToken, path),
        ["hpp", "v1", path @ ..] => (Api::HostedPaymentPage, path),
        // Klarna's edge asks who is there before it looks at the path (recorded exchange).
        [root, ..] if KLARNA_ROOTS.contains(root) && credential.is_none() => {
            return auth::unauthorized();
        }
        _ => {
            let text = format!("The sandbox has nothing at {}.\n", call.path);
            return Answer::document(404, "text/plain;charset=utf-8", text);
        }
    };
    let Some(credential) = credential else {
        return auth::unauthorized();
    };
    let style = api.style();
    let mut state = shared.state();
    let moment = shared.moment(&state, call);
    let settings = &moment.settings;
    let (category, base_time) = (category(&call.method, segments), shared.base_time());
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
    if let (Api::Payments, ["sessions"], &Method::POST) = (api, path, &call.method) {
        drop(state);
        let opened = payments::open_session(call, &moment);
        let outcome = opened.map(|(session, answer)| {
            let mut state = shared.state();
            state.keep_session(session);
            state.keep_within(StoreLimits::of(&shared.config));
            answer
        });
        return allowance.told_in(finish(outcome));
    }
    if let (Api::OrderManagement, ["orders", id, ..]) = (api, path) {
        state.settle_order(id, &moment);
    }
    let key = idempotency_key(call, api, segments, credential);
    let recalled = key.as_ref().and_then(|key| state.idempotency.recall(key, moment.now));
    let answer = recalled.unwrap_or_else(|| {
        let outcome = match api {
            Api::Payments => payments::answer(call, path, &mut state, &moment),
            Api::OrderManagement => orders::answer(call, path, &mut state, &moment),
            Api::CustomerToken => customer_tokens::answer(call, path, &mut state, &moment),
            Api::HostedPaymentPage => hpp::answer(call, path, &mut state, &moment),
        };
        let answer = finish(outcome);
        if let Some(key) = key {
            state.idempotency.remember(&key, moment.now, answer.clone());
        }
        answer
    });
    state.keep_within(StoreLimits::of(&shared.config));
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
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    let is_plain = essence.eq_ignore_ascii_case("application/json");
    let is_derived = |it: &str| it.starts_with("application/") && it.ends_with("+json");
    is_plain || is_derived(&essence.to_ascii_lowercase())
}

/// Which of Klarna's rate limits counts a call.
pub(super) fn category(method: &Method, segments: &[&str]) -> Category {
    match segments {
        ["payments", "v1", "sessions"] if method == Method::POST => Category::Sessions("payments"),
        ["hpp", "v1", "sessions"] if method == Method::POST => Category::Sessions("hpp"),
        ["payments", "v1", "authorizations", _, "customer-token"] => {
            Category::Sessions("customer-token")
        }
        _ => Category::Others,
    }
}

/// Order Management's writes and the orders of customer tokens take a key.
fn idempotency_key(call: &Call, api: Api, segments: &[&str], credential: String) -> Option<Key> {
    let key = call.header("klarna-idempotency-key").filter(|key| !key.is_empty())?;
    let takes_keys = match api {
        Api::Payments | Api::HostedPaymentPage => false,
        Api::OrderManagement => true,
        Api::CustomerToken => segments.last() == Some(&"order"),
    };
    (takes_keys && call.method != Method::GET).then(|| Key {
        credential,
        method: call.method.to_string(),
        path: segments.join("/"),
        key: key.to_owned(),
    })
}

pub(super) fn response(answer: &Answer) -> Response<Body> {
    let mut response = Response::new(Body::from(answer.body.clone()));
    *response.status_mut() =
        StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut headers = answer.header_map();
    headers.insert(header::SERVER, HeaderValue::from_static("klarna-sandbox"));
    *response.headers_mut() = headers;
    response
}

/// An answer that never arrives. The status is never sent; were it, it would not be a success.
fn dropped() -> Response<Body> {
    let mut response = Response::new(Body::new(body::Broken));
    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    response
}
