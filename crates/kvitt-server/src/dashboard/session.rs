//! Who is signed in: the cookie, what is kept of it, and the secret of its forms.

use std::fmt;
use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue};
use axum_extra::extract::CookieJar;
use kvitt_core::Cause;
use kvitt_engine::IdSource;
use kvitt_ledger::{LedgerError, SessionDigest, User};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use url::Url;

use crate::app::App;
use crate::problem::Problem;

/// How long somebody stays signed in.
pub(super) const LIFETIME: Duration = Duration::from_hours(12);

/// What a signed-in browser holds: 256 random bits. The ledger keeps its digest only.
pub(super) struct SessionToken(SecretString);

impl SessionToken {
    /// A new one.
    pub(super) fn new(ids: &dyn IdSource) -> Self {
        Self(ids.secret())
    }

    /// The one that a browser sent, whatever it is.
    pub(super) fn sent(headers: &HeaderMap, public_url: &Url) -> Option<Self> {
        let jar = CookieJar::from_headers(headers);
        let cookie = jar.get(cookie_name(public_url))?;
        Some(Self(SecretString::from(cookie.value().to_owned())))
    }

    /// What the ledger knows it by.
    pub(super) fn digest(&self) -> SessionDigest {
        SessionDigest(self.derive("kvitt dashboard session"))
    }

    fn csrf(&self) -> CsrfToken {
        let derived = self.derive("kvitt dashboard form");
        let hex = derived.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
        CsrfToken(SecretString::from(hex))
    }

    /// One of several digests, none of which tells the token or another of them.
    fn derive(&self, purpose: &str) -> [u8; 32] {
        let mut digest = Sha256::new();
        digest.update(purpose);
        digest.update([0]);
        digest.update(self.0.expose_secret());
        digest.finalize().into()
    }

    /// Tells the browser to hold it.
    pub(super) fn set_cookie(&self, public_url: &Url) -> Option<HeaderValue> {
        let value = cookie(public_url, self.0.expose_secret(), LIFETIME);
        let mut value = HeaderValue::from_str(&value).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

/// Tells the browser to forget what it holds.
pub(super) fn unset_cookie(public_url: &Url) -> Option<HeaderValue> {
    HeaderValue::from_str(&cookie(public_url, "", Duration::ZERO)).ok()
}

fn cookie(public_url: &Url, value: &str, lifetime: Duration) -> String {
    let name = cookie_name(public_url);
    let secure = if is_secure(public_url) { "; Secure" } else { "" };
    let seconds = lifetime.as_secs();
    format!("{name}={value}; HttpOnly; SameSite=Lax; Path=/; Max-Age={seconds}{secure}")
}

/// With `__Host-` a browser takes the cookie from this very host and over TLS only, so that no
/// neighbour can put another in its place.
fn cookie_name(public_url: &Url) -> &'static str {
    if is_secure(public_url) { "__Host-kvitt_session" } else { "kvitt_session" }
}

fn is_secure(public_url: &Url) -> bool {
    public_url.scheme() == "https"
}

/// The secret of a session's forms: a page of another origin cannot read it, and so cannot send a
/// form in the operator's name. It prints nothing.
#[derive(Clone)]
pub(crate) struct CsrfToken(SecretString);

impl CsrfToken {
    /// The member of a form that carries it.
    pub(crate) const MEMBER: &str = "csrf_token";

    /// The token, for the page on which the form stands.
    pub(crate) fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// One that no session has.
    #[cfg(test)]
    pub(super) fn of_a_test() -> Self {
        SessionToken(SecretString::from("a test".to_owned())).csrf()
    }

    /// Whether this is the token.
    pub(super) fn is(&self, given: &str) -> bool {
        self.expose().as_bytes().ct_eq(given.as_bytes()).into()
    }
}

impl fmt::Debug for CsrfToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CsrfToken(…)")
    }
}

/// Who is signed in: put into the request where the session was checked.
#[derive(Debug, Clone)]
pub(crate) struct SignedIn {
    /// The operator.
    pub user: User,
    /// For every form on the page.
    pub csrf: CsrfToken,
    /// Why the ledger is frozen, where it is: every page says so.
    pub frozen: Option<String>,
}

impl SignedIn {
    /// Who sent a request, if the session that it names is alive.
    pub(super) async fn of(app: &App, headers: &HeaderMap) -> Result<Option<Self>, LedgerError> {
        let public_url = &app.engine().settings().public_url;
        let Some(token) = SessionToken::sent(headers, public_url) else { return Ok(None) };
        let user = app.engine().ledger().session(&token.digest()).await?;
        let Some(user) = user else { return Ok(None) };
        let frozen = app.engine().ledger().frozen().await?.map(|frozen| frozen.because);
        Ok(Some(Self { user, csrf: token.csrf(), frozen }))
    }

    /// What they bring about, with their name on it.
    pub(super) fn cause(&self) -> Cause {
        Cause::Operator { user: self.user.id }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for SignedIn {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        // Absent only where a route for operators stands among others: a mistake of ours, which
        // must not open a door.
        parts.extensions.get::<Self>().cloned().ok_or_else(Problem::internal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(text: &str) -> SessionToken {
        SessionToken(text.to_owned().into())
    }

    #[test]
    fn the_cookie_is_strict_and_stricter_over_tls() {
        let set = |url: &str| {
            token("t").set_cookie(&url.parse().unwrap()).unwrap().to_str().unwrap().to_owned()
        };
        assert_eq!(
            set("http://127.0.0.1:4000"),
            "kvitt_session=t; HttpOnly; SameSite=Lax; Path=/; Max-Age=43200"
        );
        assert_eq!(
            set("https://pay.example"),
            "__Host-kvitt_session=t; HttpOnly; SameSite=Lax; Path=/; Max-Age=43200; Secure"
        );
        assert_eq!(
            unset_cookie(&"https://pay.example".parse().unwrap()).unwrap(),
            "__Host-kvitt_session=; HttpOnly; SameSite=Lax; Path=/; Max-Age=0; Secure"
        );
    }

    #[test]
    fn over_tls_only_the_cookie_of_this_host_counts() {
        let mut headers = HeaderMap::new();
        headers.insert(
            "cookie",
            "a=b; kvitt_session=plain; __Host-kvitt_session=host".parse().unwrap(),
        );
        let sent = |url: &str| SessionToken::sent(&headers, &url.parse().unwrap()).unwrap().0;
        assert_eq!(sent("https://pay.example").expose_secret(), "host");
        assert_eq!(sent("http://pay.example").expose_secret(), "plain");
        assert!(SessionToken::sent(&HeaderMap::new(), &"http://x".parse().unwrap()).is_none());
    }

    #[test]
    fn each_session_has_a_digest_and_a_form_token_of_its_own() {
        let (one, two) = (token("one"), token("two"));
        // printf 'kvitt dashboard session\0one' | sha256sum, and the same for form.
        assert_eq!(one.digest().0[..4], [0x60, 0x53, 0xb1, 0xb0]);
        assert!(one.csrf().expose().starts_with("97509d18"));
        assert_eq!(one.csrf().expose().len(), 64);
        assert!(one.digest() != two.digest() && one.csrf().expose() != two.csrf().expose());
        assert!(one.csrf().is(one.csrf().expose()) && !one.csrf().is(two.csrf().expose()));
        assert!(!one.csrf().is("") && !one.csrf().is(&one.csrf().expose().to_uppercase()));
        assert!(!format!("{:?}", one.csrf()).contains(&one.csrf().expose()[..4]));
    }
}
