//! Klarna's ids. They look like UUIDs but are not always valid ones, so they are kept as texts.

use std::fmt::{self, Write as _};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::FieldError;

/// Refuses what cannot stand alone between two slashes of a path. An empty id is the dangerous
/// one: `POST /payments/v1/sessions/` creates a new session (recorded exchange).
pub(crate) fn check_segment(field: &str, segment: &str) -> Result<(), FieldError> {
    let problem = match segment {
        "" => "empty".to_owned(),
        "." | ".." => "a path of its own".to_owned(),
        _ if segment.len() > 4096 => format!("{} bytes long", segment.len()),
        _ => return Ok(()),
    };
    Err(FieldError::new(field, problem, "the value as Klarna gave it"))
}

/// Percent-encodes one segment of a path: everything but RFC 3986's unreserved characters, so
/// that no id can leave its segment.
pub(crate) fn encode_segment(segment: &str) -> String {
    let mut encoded = String::with_capacity(segment.len());
    for byte in segment.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

macro_rules! id {
    ($(#[$meta:meta])* $name:ident, $field:literal) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Takes an id as Klarna gave it. Refused where it is empty or longer than 4,096
            /// bytes.
            pub fn new(id: impl Into<String>) -> Result<Self, FieldError> {
                let id = id.into();
                check_segment($field, &id)?;
                Ok(Self(id))
            }

            /// The id as a text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = FieldError;

            fn from_str(id: &str) -> Result<Self, FieldError> {
                Self::new(id)
            }
        }

        impl TryFrom<String> for $name {
            type Error = FieldError;

            fn try_from(id: String) -> Result<Self, FieldError> {
                Self::new(id)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }
    };
}

id! {
    /// Klarna's id of a payment session.
    SessionId, "session_id"
}

id! {
    /// Klarna's id of a session of the Hosted Payment Page. Klarna writes it `session_id` too, but
    /// it is not that of the payment session behind it.
    HppSessionId, "session_id"
}

id! {
    /// Klarna's id of one piece of news about a session of the Hosted Payment Page. News that is
    /// sent again has the same one.
    EventId, "event_id"
}

id! {
    /// Klarna's id of an order.
    OrderId, "order_id"
}

id! {
    /// Klarna's id of a capture.
    CaptureId, "capture_id"
}

id! {
    /// Klarna's id of a refund.
    RefundId, "refund_id"
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_id_stays_in_its_segment(id in ".{1,40}") {
            let path = format!("/orders/{}/captures", encode_segment(&id));
            prop_assume!(OrderId::new(id.clone()).is_ok());
            let url = url::Url::parse(&format!("https://klarna.example{path}")).unwrap();
            prop_assert_eq!(url.path(), path.as_str());
            prop_assert_eq!(url.path_segments().unwrap().count(), 3);
        }
    }

    #[test]
    fn an_id_that_would_change_the_path_is_refused() {
        for bad in ["", ".", "..", &"x".repeat(4097)] {
            let refusal = OrderId::new(bad).unwrap_err();
            assert_eq!(refusal.field, "order_id", "{bad}");
        }
        assert!(serde_json::from_str::<OrderId>("\"\"").is_err());
    }

    #[test]
    fn a_segment_cannot_be_left() {
        assert_eq!(encode_segment("ab-c_1.~"), "ab-c_1.~");
        assert_eq!(encode_segment("../x?y#z"), "..%2Fx%3Fy%23z");
        assert_eq!(encode_segment("%2e%2e"), "%252e%252e");
        assert_eq!(encode_segment("ö\r\n"), "%C3%B6%0D%0A");
    }
}
