//! The key that makes a repeated write harmless.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::FieldError;

/// The value of `Klarna-Idempotency-Key`. Within 24 hours Order Management executes a write once
/// for each key and answers a repetition as it answered first, **whatever the repetition's body
/// says** (Klarna documentation). That a recurring order is treated alike is a guess: Customer
/// Token takes the header too, but Klarna says this of Order Management only. So a key belongs to one wanted act: store it with the request
/// before sending, repeat an unknown outcome with the same key, and take a new one after a
/// definite refusal.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// A key of 1 to 255 visible ASCII characters. Klarna recommends a UUID.
    ///
    /// ```
    /// use klarna::IdempotencyKey;
    ///
    /// assert!(IdempotencyKey::new("2f1c2f0e-7a53-4b7f-9b58-3b1a0a7a2b10").is_ok());
    /// assert!(IdempotencyKey::new("").is_err());
    /// ```
    pub fn new(key: impl Into<String>) -> Result<Self, FieldError> {
        let key = key.into();
        if (1..=255).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Ok(Self(key));
        }
        let value = format!("{} characters long", key.chars().count());
        Err(FieldError::new(
            "Klarna-Idempotency-Key",
            value,
            "1 to 255 visible ASCII characters, best a UUID",
        ))
    }

    /// The key as a text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<Uuid> for IdempotencyKey {
    fn from(uuid: Uuid) -> Self {
        Self(uuid.to_string())
    }
}

impl fmt::Display for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl FromStr for IdempotencyKey {
    type Err = FieldError;

    fn from_str(key: &str) -> Result<Self, FieldError> {
        Self::new(key)
    }
}

impl TryFrom<String> for IdempotencyKey {
    type Error = FieldError;

    fn try_from(key: String) -> Result<Self, FieldError> {
        Self::new(key)
    }
}

impl From<IdempotencyKey> for String {
    fn from(key: IdempotencyKey) -> Self {
        key.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_cannot_be_a_header_is_refused() {
        for bad in ["", "a b", "a\r\nX: y", "nyckel-å", &"x".repeat(256)] {
            assert!(IdempotencyKey::new(bad).is_err(), "{bad:?}");
        }
        assert_eq!(IdempotencyKey::from(Uuid::nil()).as_str().len(), 36);
    }
}
