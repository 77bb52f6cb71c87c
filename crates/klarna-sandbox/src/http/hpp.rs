//! Hosted Payment Page v1: four operations.

use axum::http::Method;

use super::{
    Call,
    payments::{method_not_allowed, unknown_path},
};
use crate::{
    answer::{Answer, Style},
    rules::refusal::Refusal,
    settings::DistributionStatus,
    state::{Moment, State},
    write::hpp,
};

/// Answers a call under `/hpp/v1`; `path` is what follows.
pub(crate) fn answer(
    call: &Call,
    path: &[&str],
    state: &mut State,
    moment: &Moment<'_>,
) -> Result<Answer, Refusal> {
    let (get, post, delete) = (Method::GET, Method::POST, Method::DELETE);
    match path {
        ["sessions"] if call.method == post => {
            let session = state.create_hpp_session(&call.document()?, moment)?;
            Ok(Style::HostedPaymentPage.json(201, &hpp::created(session).into()))
        }
        ["sessions", id] if call.method == get => {
            state.read_hpp_session(id, moment)?;
            let session = state.hpp_sessions.get(id).ok_or_else(unknown_path)?;
            let customer = state.hpp_customer(session, moment);
            let read = hpp::session(session, customer.as_deref());
            Ok(Style::HostedPaymentPage.json(200, &read))
        }
        ["sessions", id] if call.method == delete => {
            state.disable_hpp_session(id, moment)?;
            Ok(Answer::empty(204))
        }
        ["sessions", id, "distribution"] if call.method == post => {
            state.distribute(id, &call.document()?, moment)?;
            Ok(Answer::empty(match moment.settings.hpp_distribution_status {
                DistributionStatus::Created => 201,
                DistributionStatus::NoContent => 204,
            }))
        }
        ["sessions"] | ["sessions", _] | ["sessions", _, "distribution"] => {
            Err(method_not_allowed())
        }
        _ => Err(unknown_path()),
    }
}
