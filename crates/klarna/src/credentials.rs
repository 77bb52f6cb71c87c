//! What proves to Klarna who is calling.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};

use crate::Error;

/// Credentials of one Klarna account, in one region and environment. Prints nothing of itself.
#[derive(Clone)]
pub struct Credentials(Style);

#[derive(Clone)]
enum Style {
    UsernamePassword { username: String, password: SecretString },
    ApiKey(SecretString),
}

impl Credentials {
    /// The older style: a username such as `PK12345_0123456789ab` and its password. An API key
    /// may be given here too, with the UUID shown beside it as username.
    pub fn username_password(
        username: impl Into<String>,
        password: impl Into<SecretString>,
    ) -> Self {
        Self(Style::UsernamePassword { username: username.into(), password: password.into() })
    }

    /// The newer style: one API key such as `klarna_test_api_…`. It is sent as it stands after
    /// `Basic`, which is what Klarna documentation shows; that the two APIs take it so is a
    /// guess. Use [`Credentials::username_password`] with the key's UUID where it is refused.
    pub fn api_key(api_key: impl Into<SecretString>) -> Self {
        Self(Style::ApiKey(api_key.into()))
    }

    /// The value of the `Authorization` header. Refused with [`Error::Configuration`] where the
    /// credentials are empty or cannot stand in one.
    pub(crate) fn authorization(&self) -> Result<SecretString, Error> {
        let refuse = |problem: &str| {
            Err(Error::Configuration { setting: "credentials", problem: problem.to_owned() })
        };
        match &self.0 {
            Style::UsernamePassword { username, password } => {
                if username.is_empty() || password.expose_secret().is_empty() {
                    return refuse("username and password must not be empty");
                }
                if username.contains(':') {
                    return refuse("a username cannot contain a colon");
                }
                let pair = format!("{username}:{}", password.expose_secret());
                Ok(format!("Basic {}", STANDARD.encode(pair)).into())
            }
            Style::ApiKey(api_key) => {
                let api_key = api_key.expose_secret();
                if api_key.is_empty() || !api_key.bytes().all(|byte| byte.is_ascii_graphic()) {
                    return refuse("an API key is one word of visible ASCII characters");
                }
                Ok(format!("Basic {api_key}").into())
            }
        }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Style::UsernamePassword { .. } => "Credentials(username and password)",
            Style::ApiKey(_) => "Credentials(API key)",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(credentials: &Credentials) -> String {
        credentials.authorization().unwrap().expose_secret().to_owned()
    }

    #[test]
    fn both_styles_are_sent_as_basic() {
        let pair = Credentials::username_password("user", "pass");
        assert_eq!(header(&pair), "Basic dXNlcjpwYXNz");
        let key = Credentials::api_key("klarna_test_api_abc");
        assert_eq!(header(&key), "Basic klarna_test_api_abc");
    }

    #[test]
    fn credentials_that_cannot_work_are_refused_without_being_shown() {
        for bad in [
            Credentials::username_password("", "hidden"),
            Credentials::username_password("user", ""),
            Credentials::username_password("hidden:user", "hidden"),
            Credentials::api_key(""),
            Credentials::api_key("hidden\nhidden"),
        ] {
            let refusal = bad.authorization().unwrap_err().to_string();
            assert!(!refusal.contains("hidden"), "{refusal}");
        }
    }

    #[test]
    fn nothing_is_printed() {
        let pair = Credentials::username_password("hidden", "hidden");
        let key = Credentials::api_key("hidden");
        assert!(!format!("{pair:?}{key:?}").contains("hidden"));
    }
}
