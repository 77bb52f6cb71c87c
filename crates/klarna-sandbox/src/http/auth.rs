//! Who is calling. Klarna's edge answers a stranger with a page, not with JSON.

use axum::http::{HeaderMap, header};
use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::{
    answer::{Answer, STRICT_TRANSPORT},
    config::Config,
};

/// The credential of a request that may pass.
pub(crate) fn credential(headers: &HeaderMap, config: &Config) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, opaque) = value.split_once(' ')?;
    let opaque = opaque.trim();
    if !scheme.eq_ignore_ascii_case("basic") || opaque.is_empty() {
        return None;
    }
    let decoded = STANDARD.decode(opaque).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let pair = decoded.as_deref().and_then(|text| text.split_once(':'));
    let accepted = match (&config.credentials, pair) {
        (None, Some((_, password))) => password != "wrong",
        // A new API key is sent as it is, without base64 (Klarna documentation).
        (None, None) => true,
        (Some((user, secret)), Some(given)) => given == (user.as_str(), secret.expose()),
        (Some((_, secret)), None) => opaque == secret.expose(),
    };
    accepted.then(|| opaque.to_owned())
}

/// The page for strangers: no JSON and no correlation id (recorded exchange).
pub(crate) fn unauthorized() -> Answer {
    let page = "<html><head><title>401 Authorization Required</title></head><body><center>\
        <h1>401 Authorization Required</h1></center></body></html>";
    Answer::document(401, "text/html", page.to_owned())
        .with("www-authenticate", "Basic realm=\"very closed site\"")
        .with(STRICT_TRANSPORT.0, STRICT_TRANSPORT.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepts(value: &str, config: &Config) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, value.parse().unwrap());
        credential(&headers, config).is_some()
    }

    fn basic(text: &str) -> String {
        format!("Basic {}", STANDARD.encode(text))
    }

    #[test]
    fn any_basic_credentials_pass_except_wrong_ones() {
        let open = Config::default();
        assert!(accepts(&basic("user:password"), &open));
        assert!(accepts("basic klarna_test_api_abc", &open));
        assert!(!accepts(&basic("user:wrong"), &open));
        assert!(!accepts("Bearer abc", &open));
        assert!(!accepts("Basic ", &open));
        assert!(credential(&HeaderMap::new(), &open).is_none());
    }

    #[test]
    fn strict_mode_knows_one_pair() {
        let strict =
            Config { credentials: Some(("user".into(), "pass:word".into())), ..Config::default() };
        assert!(accepts(&basic("user:pass:word"), &strict));
        assert!(accepts("Basic pass:word", &strict));
        assert!(!accepts(&basic("user:other"), &strict));
        assert!(!accepts(&basic("other:pass:word"), &strict));
        assert!(!format!("{strict:?}").contains("pass:word"));
    }
}
