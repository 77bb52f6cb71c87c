//! The control API's faults, of requests and of callbacks.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::json;

use super::{
    Call,
    control::{Error, json_answer, parse},
};
use crate::{answer::Answer, sandbox::Shared, state::State, state::faults::Rules};

/// Which list a call is about.
type List<M, E> = fn(&mut State) -> &mut Rules<M, E>;

/// Answers a call under `/sandbox/v1/faults` or `/sandbox/v1/callback-faults`; `path` is what
/// follows. `None`: there is no such call.
pub(super) fn answer<M, E>(
    shared: &Shared,
    call: &Call,
    path: &[&str],
    list: List<M, E>,
) -> Option<Result<Answer, Error>>
where
    M: Serialize + DeserializeOwned + Default,
    E: Serialize + DeserializeOwned + Clone,
{
    Some(match (call.method.as_str(), path) {
        ("GET", []) => Ok(json_answer(200, &json!(list(&mut shared.state()).all()))),
        ("POST", []) => add(shared, call, list),
        ("DELETE", []) => {
            list(&mut shared.state()).clear();
            Ok(Answer::empty(204))
        }
        ("GET", [id]) => {
            let mut state = shared.state();
            let rule = id.parse().ok().and_then(|id| list(&mut state).get(id));
            rule.map(|rule| json_answer(200, &json!(rule))).ok_or_else(|| unknown(id))
        }
        ("DELETE", [id]) => {
            let is_removed = id.parse().is_ok_and(|id| list(&mut shared.state()).remove(id));
            if is_removed { Ok(Answer::empty(204)) } else { Err(unknown(id)) }
        }
        _ => return None,
    })
}

fn add<M, E>(shared: &Shared, call: &Call, list: List<M, E>) -> Result<Answer, Error>
where
    M: Serialize + DeserializeOwned + Default,
    E: Serialize + DeserializeOwned + Clone,
{
    let rule = parse(call)?;
    let mut state = shared.state();
    let now = shared.now(&state);
    let added = list(&mut state).add(rule, now);
    let rule = added.map_err(|message| Error::new(400, "BAD_REQUEST", message))?;
    Ok(json_answer(201, &json!(rule)))
}

fn unknown(id: &str) -> Error {
    Error::new(404, "NOT_FOUND", format!("there is no rule {id:?}; GET the list of them"))
}
