//! Values that do not print: tokens, and texts that may be personal data.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::FieldError;
use crate::id::check_segment;

macro_rules! token {
    ($(#[$meta:meta])* $name:ident, $field:literal) => {
        $(#[$meta])*
        #[derive(Clone)]
        pub struct $name(SecretString);

        impl $name {
            /// Takes a token as Klarna gave it. Refused where it is empty or longer than 4,096
            /// bytes.
            pub fn new(token: impl Into<String>) -> Result<Self, FieldError> {
                let token = token.into();
                check_segment($field, &token)?;
                Ok(Self(token.into()))
            }

            /// The token itself. Keep it out of logs and messages.
            pub fn expose(&self) -> &str {
                self.0.expose_secret()
            }

            /// Writes the token out, for the one place that must store it or hand it on:
            /// `#[serde(serialize_with = …)]`. The type has no `Serialize` of its own, so that
            /// it is never written by accident.
            pub fn expose_to<S: Serializer>(token: &Self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(token.expose())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }

        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                self.expose() == other.expose()
            }
        }

        impl Eq for $name {}

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::new(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
            }
        }
    };
}

token! {
    /// Leave to place one order, or to create one customer token, given by Klarna to the browser
    /// once the shopper's purchase was authorized. Valid for 60 minutes (Klarna documentation).
    AuthorizationToken, "authorization_token"
}

token! {
    /// Starts Klarna's browser SDK for one session. Opaque; valid for 48 hours (Klarna
    /// documentation).
    ClientToken, "client_token"
}

token! {
    /// Leave to charge a customer again without them.
    CustomerToken, "token_id"
}

/// [`ClientToken::expose_to`] and its siblings for a member that may be missing.
#[expect(clippy::ref_option, reason = "the signature that serde asks for")]
pub(crate) mod optional {
    use super::{AuthorizationToken, ClientToken, Serializer};

    pub(crate) fn client_token<S: Serializer>(
        token: &Option<ClientToken>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match token {
            Some(token) => ClientToken::expose_to(token, serializer),
            None => serializer.serialize_none(),
        }
    }

    pub(crate) fn authorization_token<S: Serializer>(
        token: &Option<AuthorizationToken>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match token {
            Some(token) => AuthorizationToken::expose_to(token, serializer),
            None => serializer.serialize_none(),
        }
    }
}

/// A text that may hold personal data or a secret (a callback URL, merchant data). It is written
/// and read like any text, but `Debug` shows only its length.
#[derive(Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Private(String);

impl Private {
    /// The text itself. Keep it out of logs and messages.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The text itself, owned.
    pub fn into_exposed(self) -> String {
        self.0
    }
}

impl<T: Into<String>> From<T> for Private {
    fn from(text: T) -> Self {
        Self(text.into())
    }
}

impl fmt::Debug for Private {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Private({} characters)", self.0.chars().count())
    }
}
