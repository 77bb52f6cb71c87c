//! What the control API has for hosted payment pages: the buyer's step without a browser, the
//! merchant's last one without credentials, and what would have been sent to buyers.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::json;

use super::{
    Call, browser,
    control::{Error, json_answer, parse, payment_method, settled},
};
use crate::{
    answer::Answer,
    callback,
    rules::read::Members,
    sandbox::Shared,
    settings::AuthorizationCallback,
    state::hpp_buyers::Decision,
    write::{hpp, json::Object, text::compact},
};

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum OutcomeName {
    Entered,
    Approved,
    Denied,
    Back,
    Cancelled,
    Error,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DecideRequest {
    outcome: Option<OutcomeName>,
    /// Merged over the payment session.
    data: Option<Members>,
    /// How the buyer pays, under its Payments name; `invoice` if absent.
    payment_method: Option<String>,
    /// When the status updates and the authorization callback are sent, seen from the answer. If
    /// absent: the callback as the switch says.
    callback: Option<AuthorizationCallback>,
}

/// Lets the buyer come to the page and end there. Answers with the session as it then reads, and
/// with where the browser would go.
pub(super) async fn decide(shared: &Arc<Shared>, call: &Call, id: &str) -> Result<Answer, Error> {
    let request: DecideRequest = parse(call)?;
    let method = payment_method(request.payment_method.as_deref())?;
    let decision = request.outcome.map(|name| match name {
        OutcomeName::Entered => Decision::Entered,
        OutcomeName::Approved => Decision::Approved,
        OutcomeName::Denied => Decision::Denied,
        OutcomeName::Back => Decision::Back,
        OutcomeName::Cancelled => Decision::Cancelled,
        OutcomeName::Error => Decision::Error,
    });
    let data = request.data.unwrap_or_default();
    let (answer, updates, authorization, switch) = {
        let mut state = shared.state();
        let moment = settled(shared, &mut state, call);
        // What was due before has nothing to do with this buyer.
        callback::send_in_background(shared, std::mem::take(&mut state.outbox));
        let authorization = state.decide_hpp_session(id, decision, &data, method, &moment)?;
        let updates = std::mem::take(&mut state.outbox);
        let session = state
            .hpp_sessions
            .get(id)
            .ok_or_else(|| Error::new(404, "NOT_FOUND", format!("no HPP session {id}")))?;
        let customer = state.hpp_customer(session, &moment);
        let read = hpp::session(session, customer.as_deref());
        let body =
            Object::new().with("session", read).maybe("redirect_url", session.leads_to()).into();
        let answer = Answer::document(200, "application/json", compact(&body));
        (answer, updates, authorization, moment.settings.authorization_callback)
    };
    if request.callback.is_none() && switch != AuthorizationCallback::default() {
        // The switch is about the authorization callback alone.
        browser::send_all(shared, updates, None, AuthorizationCallback::default()).await;
        if let Some(delivery) = authorization {
            browser::send(shared, delivery, switch).await;
        }
        return Ok(answer);
    }
    browser::send_all(shared, updates, authorization, request.callback.unwrap_or_default()).await;
    Ok(answer)
}

/// Withdraws the page, as its merchant would.
pub(super) fn withdraw(shared: &Arc<Shared>, call: &Call, id: &str) -> Result<Answer, Error> {
    let mut state = shared.state();
    let moment = settled(shared, &mut state, call);
    state.disable_hpp_session(id, &moment)?;
    callback::send_in_background(shared, std::mem::take(&mut state.outbox));
    Ok(Answer::empty(204))
}

/// Every message that would have been sent, the oldest first.
pub(super) fn distributions(shared: &Shared) -> Answer {
    let state = shared.state();
    let all: Vec<_> = state.distributions.iter().map(|(_, it)| it).collect();
    json_answer(200, &json!(all))
}
