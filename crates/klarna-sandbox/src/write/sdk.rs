//! What the browser SDK hands to the merchant's callbacks.

use serde_json::{Value, json};

use crate::state::sessions::Authorized;

/// The answer of `authorize`, `reauthorize` or `finalize`.
pub(crate) fn authorized(authorized: &Authorized) -> Value {
    match authorized {
        Authorized::Approved { authorization_token } => json!({"approved": true, "show_form": true,
            "authorization_token": authorization_token, "finalize_required": false}),
        Authorized::Aborted => json!({"approved": false, "show_form": true}),
        // A hard no.
        Authorized::Denied => json!({"approved": false, "show_form": false}),
        Authorized::InvalidFields(fields) => json!({"approved": false, "show_form": true,
            "error": {"invalid_fields": fields}}),
        Authorized::ToFinalize => {
            json!({"approved": true, "show_form": true, "finalize_required": true})
        }
    }
}
