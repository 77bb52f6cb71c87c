//! One exchange as it was on the wire.

use askama::Template;
use axum::{body::Bytes, http::StatusCode};
use serde_json::Value;

use super::{
    Visit, curl, customer_tokens,
    frame::{Frame, render},
    words::{self, Moment, Tone},
};
use crate::{
    exchanges::Exchange,
    http::exchange::{request_headers, response_headers},
    indent,
    state::{State, orders},
};

/// Of a longer body only the beginning is shown, in bytes.
const SHOWN_MAX: usize = 262_144;

/// A body as it is shown.
struct Shown {
    /// Indented, where it is JSON.
    pretty: Option<String>,
    /// As it was sent.
    raw: String,
    bytes: usize,
    is_cut: bool,
    is_text: bool,
}

impl Shown {
    /// `None`: there is nothing to show.
    fn of(body: &Bytes) -> Option<Self> {
        if body.is_empty() {
            return None;
        }
        let is_cut = body.len() > SHOWN_MAX;
        let raw = String::from_utf8_lossy(&body[..body.len().min(SHOWN_MAX)]).into_owned();
        // A letter in two halves is still text.
        let is_text = std::str::from_utf8(body).is_ok();
        let pretty = indent::json(&raw).filter(|_| !is_cut);
        Some(Self { pretty, raw, bytes: body.len(), is_cut, is_text })
    }
}

/// What an exchange is about: its name and its page.
struct Subject {
    name: String,
    href: String,
}

#[derive(Template)]
#[template(path = "inspector/exchange.html")]
struct ExchangePage<'a> {
    frame: Frame,
    it: &'a Exchange,
    at: Moment,
    took: String,
    tone: Tone,
    /// `200 OK`; `None`: the connection was dropped.
    status: Option<String>,
    sent_headers: Vec<(&'a str, String)>,
    sent: Option<Shown>,
    is_too_large: bool,
    got_headers: Vec<(&'a str, &'a str)>,
    got: Option<Shown>,
    curl: String,
    subjects: Vec<Subject>,
    before: Option<u64>,
    after: Option<u64>,
}

/// The page of the exchange of this number.
pub(super) fn page(visit: &Visit<'_>, number: &str) -> Option<String> {
    let number: u64 = number.parse().ok()?;
    let (it, before, after) = {
        let exchanges = visit.shared.exchanges();
        let kept = |number| exchanges.get(number).map(|it| it.number);
        (exchanges.get(number)?, number.checked_sub(1).and_then(kept), kept(number + 1))
    };
    let status = it.answer.as_ref().map(|answer| answer.status);
    let reason = |status| {
        let known = StatusCode::from_u16(status).ok().and_then(|it| it.canonical_reason());
        format!("{status} {}", known.unwrap_or_default())
    };
    let title = format!("Exchange {number}");
    Some(render(&ExchangePage {
        frame: Frame::of(visit, title, "/inspector/exchanges"),
        at: words::exact_moment(it.at),
        took: words::milliseconds(it.duration_milliseconds),
        tone: words::answered(status),
        status: status.map(reason),
        sent_headers: request_headers(&it.request_headers).collect(),
        sent: it.request_body.as_ref().and_then(Shown::of),
        is_too_large: it.request_body.is_none(),
        got_headers: response_headers(&it).collect(),
        got: it.answer.as_ref().and_then(|answer| Shown::of(&answer.body)),
        curl: curl::command(&it),
        subjects: subjects(&it, &visit.shared.state()),
        before,
        after,
        it: &it,
    }))
}

/// The session, the order and the customer token that the path or the answer names, if they are known here.
fn subjects(it: &Exchange, state: &State) -> Vec<Subject> {
    let path = it.path.split('?').next().unwrap_or_default();
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let body = it.answer.as_ref().and_then(|answer| serde_json::from_slice(&answer.body).ok());
    let body: Value = body.unwrap_or_default();
    let told = |name: &str| body.get(name).and_then(Value::as_str);
    let (session, order) = match parts.as_slice() {
        ["payments", "v1", "sessions", id, ..] => (Some(*id), told("order_id")),
        ["payments", "v1", "authorizations", token, ..] => {
            let session = state.authorizations.get(token).map(|it| it.session_id.as_str());
            (session, told("order_id"))
        }
        ["ordermanagement", "v1", "orders", id, ..] => {
            let order = orders::find(&state.orders, id);
            (order.map(|order| order.session_id.as_str()), Some(*id))
        }
        _ => (told("session_id"), told("order_id")),
    };
    let token = match parts.as_slice() {
        ["customer-token", "v1", "tokens", id, ..] => Some(*id),
        _ => told("token_id"),
    };
    let token = token.and_then(|id| state.customer_tokens.get(id)).map(|token| Subject {
        name: format!("Customer token {}", words::short(&token.token_id)),
        href: format!("{}/{}", customer_tokens::PATH, token.token_id),
    });
    let session = session.or(told("session_id")).and_then(|id| state.sessions.get(id));
    let session = session.map(|session| Subject {
        name: format!("Session {}", words::short(&session.session_id)),
        href: format!("/inspector/sessions/{}", session.session_id),
    });
    let order = order.and_then(|id| orders::find(&state.orders, id)).map(|order| Subject {
        name: format!("Order {}", order.klarna_reference),
        href: format!("/inspector/orders/{}", order.order_id),
    });
    session.into_iter().chain(order).chain(token).collect()
}
