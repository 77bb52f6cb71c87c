//! Customer Token v1: three operations, and what a developer may do to a token.

use axum::http::Method;

use super::{
    Call,
    payments::{method_not_allowed, ok, unknown_path},
};
use crate::{
    answer::Answer,
    rules::refusal::Refusal,
    state::{Moment, State},
    write::payments,
};

/// Answers a call under `/customer-token/v1`; `path` is what follows.
pub(crate) fn answer(
    call: &Call,
    path: &[&str],
    state: &mut State,
    moment: &Moment<'_>,
) -> Result<Answer, Refusal> {
    match path {
        // The order of an empty token (recorded exchange: 405).
        ["tokens", "order" | "status"] if call.method != Method::GET => Err(method_not_allowed()),
        ["tokens", id] if call.method == Method::GET => {
            Ok(ok(&payments::read_customer_token(state.customer_token(id)?).into()))
        }
        ["tokens", id, "order"] if call.method == Method::POST => {
            let placed = state.charge(id, &call.document()?, moment)?;
            Ok(ok(&payments::placed(&placed).into()))
        }
        ["tokens", id, "status"] if call.method == Method::PATCH => {
            state.cancel_customer_token(id, &call.document()?)?;
            Ok(Answer::empty(202))
        }
        ["tokens", _] | ["tokens", _, "order" | "status"] => Err(method_not_allowed()),
        _ => Err(unknown_path()),
    }
}
