//! A refusal: Klarna's error code, its texts and the HTTP status that carries them.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::read::{Fault, Problem};

/// What Klarna answers instead of doing what was asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) code: Cow<'static, str>,
    pub(crate) messages: Vec<String>,
    /// How the purchase would have been paid that was declined: it adds three members.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) declined_method: Option<String>,
}

impl Refusal {
    pub(crate) fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        let messages = vec![message.into()];
        Self { status, code: code.into(), messages, declined_method: None }
    }

    /// Payments: fields that are wrong in themselves, joined in one text (recorded exchange).
    pub(crate) fn bad_value<S: AsRef<str>>(fields: &[S]) -> Self {
        let fields: Vec<&str> = fields.iter().map(AsRef::as_ref).collect();
        Self::new(400, "BAD_VALUE", format!("Bad value: {}", fields.join(", ")))
    }

    /// Payments: fields that differ from what was authorized.
    pub(crate) fn not_matching(fields: &[String]) -> Self {
        let text = format!("Not matching fields: [{}]", fields.join(", "));
        Self::new(409, "BAD_VALUE", text)
    }

    /// Payments: a body that is not JSON, or not an object.
    pub(crate) fn bad_request() -> Self {
        Self::new(400, "BAD_REQUEST", "Bad request")
    }

    /// Customer Token: wrong fields have another code than in Payments (recorded exchange).
    pub(crate) fn into_bad_request(mut self) -> Self {
        self.code = "BAD_REQUEST".into();
        self
    }

    /// Customer Token: the purchase was declined (recorded exchange).
    pub(crate) fn payment_method_failed(method: &str) -> Self {
        let refusal = Self::new(403, "PAYMENT_METHOD_FAILED", "Purchase for payment method failed");
        Self { declined_method: Some(method.to_owned()), ..refusal }
    }

    pub(crate) fn invalid_session() -> Self {
        Self::new(404, "NOT_FOUND", "Invalid session id")
    }

    pub(crate) fn session_completed() -> Self {
        Self::new(404, "SESSION_COMPLETED", "Session has already been completed")
    }

    pub(crate) fn invalid_token() -> Self {
        Self::new(404, "NOT_FOUND", "Invalid authorization token")
    }

    /// Order Management: members that cannot be accepted, in the wording of bean validation.
    pub(crate) fn unprocessable(problems: &[Problem]) -> Self {
        let messages = problems.iter().map(unprocessable_text).collect();
        let code = "UNPROCESSABLE_ENTITY".into();
        Self { status: 422, code, messages, declined_method: None }
    }

    pub(crate) fn capture_not_allowed(message: &str) -> Self {
        Self::new(403, "CAPTURE_NOT_ALLOWED", message)
    }

    pub(crate) fn refund_not_allowed(message: &str) -> Self {
        Self::new(403, "REFUND_NOT_ALLOWED", message)
    }

    pub(crate) fn not_allowed(message: impl Into<String>) -> Self {
        Self::new(403, "NOT_ALLOWED", message)
    }
}

/// The absence text is recorded, the size text documented, the others are guesses in their style.
fn unprocessable_text(problem: &Problem) -> String {
    let path = &problem.path;
    match problem.fault {
        Fault::Missing => format!("'{path}' must not be null"),
        Fault::Size { min, max } => {
            let place = without_indices(path).replace('.', "/");
            format!("The size of the {place} value must be between {min} and {max}")
        }
        Fault::Range { min, max: i64::MAX } => {
            format!("'{path}' must be greater than or equal to {min}")
        }
        Fault::Range { min: i64::MIN, max } => {
            format!("'{path}' must be less than or equal to {max}")
        }
        Fault::Range { min, max } => format!("'{path}' must be between {min} and {max}"),
        Fault::NotText => format!("'{path}' must be a string"),
        Fault::NotInteger => format!("'{path}' must be an integer"),
        Fault::NotBoolean => format!("'{path}' must be a boolean"),
        Fault::NotObject => format!("'{path}' must be an object"),
        Fault::NotArray => format!("'{path}' must be an array"),
        Fault::Pattern => format!("'{path}' is not valid"),
    }
}

/// `shipping_info[0].shipping_company` is documented as `shipping_info/shipping_company`.
fn without_indices(path: &str) -> String {
    let mut inside = false;
    path.chars()
        .filter(|&character| {
            inside = (inside || character == '[') && character != ']';
            !inside && character != ']'
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_size_text_has_no_index() {
        let problem = Problem {
            path: "shipping_info[10].shipping_company".into(),
            fault: Fault::Size { min: 0, max: 100 },
        };
        assert_eq!(
            unprocessable_text(&problem),
            "The size of the shipping_info/shipping_company value must be between 0 and 100"
        );
    }
}
