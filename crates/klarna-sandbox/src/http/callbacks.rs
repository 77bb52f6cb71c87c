//! What the control API does with callbacks.

use std::sync::Arc;

use serde_json::json;

use super::control::{Error, json_answer};
use crate::{answer::Answer, callback, sandbox::Shared};

/// Sends a callback that is still kept once more, and waits for its answer; gives the attempt.
pub(super) async fn resend(shared: &Arc<Shared>, callback_id: &str) -> Result<Answer, Error> {
    let delivery = {
        let state = shared.state();
        let found = state.attempts.iter().rev().find(|it| it.callback_id == callback_id);
        let text =
            || format!("callback {callback_id} is not kept; GET /sandbox/v1/callbacks lists them");
        found.ok_or_else(|| Error::new(404, "NOT_FOUND", text()))?.delivery()
    };
    Ok(json_answer(200, &json!(callback::send_once(shared, &delivery, 1).await)))
}
