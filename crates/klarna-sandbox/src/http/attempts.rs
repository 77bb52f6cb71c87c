//! The control API's record of callbacks.

use serde_json::{Value, json};

use super::{Call, control::json_answer};
use crate::{answer::Answer, sandbox::Shared};

/// The attempts whose number is above `after`, the first `limit` of them, the newest last.
pub(super) fn list(shared: &Shared, call: &Call) -> Answer {
    let number = |name| call.parameter(name).and_then(|text| text.parse::<u64>().ok());
    let after = number("after").unwrap_or(0);
    let limit = number("limit").and_then(|it| usize::try_from(it).ok()).unwrap_or(usize::MAX);
    let state = shared.state();
    let attempts = state.attempts.iter().filter(|it| it.number > after).take(limit);
    json_answer(200, &attempts.map(|it| json!(it)).collect::<Value>())
}
