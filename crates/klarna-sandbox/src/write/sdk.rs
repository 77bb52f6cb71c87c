//! What the browser SDK hands to the merchant's callbacks.

use serde_json::{Value, json};

use crate::state::sessions::Authorized;

/// The answer of `authorize`.
pub(crate) fn authorized(authorized: &Authorized) -> Value {
    match authorized {
        Authorized::Approved { authorization_token } => json!({"approved": true, "show_form": true,
            "authorization_token": authorization_token, "finalize_required": false}),
        Authorized::Aborted => json!({"approved": false, "show_form": true}),
        Authorized::Denied => denied(),
        Authorized::InvalidFields(fields) => json!({"approved": false, "show_form": true,
            "error": {"invalid_fields": fields}}),
    }
}

/// A hard no.
pub(crate) fn denied() -> Value {
    json!({"approved": false, "show_form": false})
}

/// Agreed to, but money moves only once the merchant finalizes.
pub(crate) fn to_finalize() -> Value {
    json!({"approved": true, "show_form": true, "finalize_required": true})
}
