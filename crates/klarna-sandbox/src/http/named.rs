//! The control API's paths that name an order or session: by whatever a person has at hand.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use super::{
    Call,
    control::{Error, json_answer, parse, settled},
};
use crate::{
    answer::Answer,
    callback,
    sandbox::Shared,
    scenario,
    state::{State, named::Unnamed, orders},
};

/// What a path's part stands for.
fn decoded(part: &str) -> Cow<'_, str> {
    percent_decode_str(part).decode_utf8_lossy()
}

fn refusal(what: &str, code: &str, name: &str, unnamed: Unnamed, kinds: &str) -> Error {
    match unnamed {
        Unnamed::Nobody => {
            let text = format!("{what} {name} is not known here: give its {kinds}");
            Error::new(404, code, text)
        }
        Unnamed::Several(ids) => {
            let ids = ids.join(", ");
            let text = format!("{name} is the name of several: give one's id, of {ids}");
            Error::new(409, "AMBIGUOUS", text)
        }
    }
}

/// The id of the order that a path names.
pub(crate) fn order_id(state: &State, part: &str) -> Result<String, Error> {
    let name = decoded(part);
    state.order_named(&name).map_err(|unnamed| {
        let kinds = "id, klarna_reference or merchant_reference1";
        refusal("order", "NO_SUCH_ORDER", &name, unnamed, kinds)
    })
}

/// The id of the session that a path names.
pub(crate) fn session_id(state: &State, part: &str) -> Result<String, Error> {
    let name = decoded(part);
    state.session_named(&name).map_err(|unnamed| {
        let kinds = "id or merchant_reference1";
        refusal("session", "NOT_FOUND", &name, unnamed, kinds)
    })
}

/// Lets an order's authorization run out now.
pub(crate) fn expire_order(
    shared: &std::sync::Arc<Shared>,
    call: &Call,
    part: &str,
) -> Result<Answer, Error> {
    let mut state = shared.state();
    let moment = settled(shared, &mut state, call);
    let id = order_id(&state, part)?;
    state.expire_order(&id, &moment).map_err(|status| {
        let text = format!("order {id} is {status}: nothing of it can run out any more");
        Error::new(409, "NOT_POSSIBLE", text)
    })?;
    callback::send_in_background(shared, std::mem::take(&mut state.outbox));
    let status = orders::find(&state.orders, &id).map(|order| order.status.as_str());
    Ok(json_answer(200, &json!({"order_id": id, "status": status})))
}

/// Lets a session run out now.
pub(crate) fn expire_session(shared: &Shared, call: &Call, part: &str) -> Result<Answer, Error> {
    let mut state = shared.state();
    let moment = settled(shared, &mut state, call);
    let id = session_id(&state, part)?;
    state.expire_session(&id, &moment).map_err(|status| {
        let text =
            format!("session {id} is {status}: it led to an order, which can expire instead");
        Error::new(409, "NOT_POSSIBLE", text)
    })?;
    Ok(json_answer(200, &json!({"session_id": id, "status": "expired"})))
}

/// Makes what a scenario asks for.
pub(crate) fn seed(shared: &Shared, call: &Call) -> Result<Answer, Error> {
    let document: Value = parse(call)?;
    match scenario::seed(shared, document, &call.base_url) {
        Ok(seeded) => Ok(json_answer(201, &json!(seeded))),
        Err(error) => {
            let problems = match &error {
                crate::Error::Scenario(problems) => problems.as_slice(),
                _ => &[],
            };
            let body = json!({"code": "BAD_SCENARIO", "message": error.to_string(),
                "problems": problems});
            Ok(json_answer(400, &body))
        }
    }
}
