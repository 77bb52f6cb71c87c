//! Klarna Payments v1: six operations.

use axum::http::Method;

use super::Call;
use crate::{
    answer::{Answer, Style},
    rules::{purchase::Purchase, refusal::Refusal},
    state::{Moment, State, held::HeldPurchase, sessions::Session},
    write::{json::Json, payments},
};

/// Answers a call under `/payments/v1`; `path` is what follows.
pub(crate) fn answer(
    call: &Call,
    path: &[&str],
    state: &mut State,
    moment: &Moment<'_>,
) -> Result<Answer, Refusal> {
    let (get, post, delete) = (Method::GET, Method::POST, Method::DELETE);
    match path {
        ["sessions", id] if call.method == post => {
            state.update_session(id, &call.document()?, moment)?;
            Ok(Answer::empty(204))
        }
        ["sessions", id] if call.method == get => {
            let (session, token) = state.read_session(id, moment.now)?;
            let purchase = session.purchase.get();
            Ok(ok(&payments::read_session(session, &purchase, token, &call.base_url).into()))
        }
        ["authorizations", token] if call.method == delete => {
            state.delete_authorization(token, moment.now)?;
            Ok(Answer::empty(204))
        }
        ["authorizations", token, "order"] if call.method == post => {
            let placed = state.place(token, &call.document()?, moment)?;
            Ok(ok(&payments::placed(&placed).into()))
        }
        ["authorizations", token, "customer-token"] if call.method == post => {
            let token = state.tokenize(token, &call.document()?, moment)?;
            Ok(ok(&payments::customer_token(token).into()))
        }
        ["sessions"]
        | ["sessions" | "authorizations", _]
        | ["authorizations", _, "order" | "customer-token"] => Err(method_not_allowed()),
        _ => Err(unknown_path()),
    }
}

/// Opens a session, which the caller has to keep. Needs nothing of the store, so that many can be
/// opened at once.
pub(crate) fn open_session(call: &Call, moment: &Moment<'_>) -> Result<(Session, Answer), Refusal> {
    let (purchase, problems) = Purchase::read(&call.document()?);
    purchase.check(&problems)?;
    let session_id = moment.loose_uuid();
    let created = payments::created_session(&session_id, &purchase, moment.base_url);
    let answer = ok(&created.into());
    let sent = call.body.clone().unwrap_or_default();
    let session = Session::open(session_id, HeldPurchase::Sent(sent), moment.now);
    Ok((session, answer))
}

/// A success of the Payments back end.
pub(crate) fn ok(body: &Json<'_>) -> Answer {
    Style::Payments.json(200, body)
}

/// The degenerate error of a method that a path does not have (recorded exchange, on the path of
/// a token order whose token is empty).
pub(crate) fn method_not_allowed() -> Refusal {
    Refusal::new(405, "HTTP_ERROR", "")
}

/// A path that does not exist: in the style of the 405 (guess).
pub(crate) fn unknown_path() -> Refusal {
    Refusal::new(404, "HTTP_ERROR", "")
}
