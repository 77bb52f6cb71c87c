//! What browsers are told: what a page may load, and who may ask.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use klarna::BaseUrl;

/// Hosts of Klarna's own SDK (Klarna documentation: browser security configuration, the part of
/// it that could be read).
const KLARNA_SCRIPTS: &str =
    "https://x.klarnacdn.net https://js.klarna.com https://js.playground.klarna.com";
const KLARNA_CALLS: &str = "https://*.klarna.com https://*.klarnaevt.com https://x.klarnacdn.net";
const KLARNA_FRAMES: &str = "https://*.klarna.com https://x.klarnacdn.net";
/// Badges and pictures of the widget (seen in answers).
const KLARNA_PICTURES: &str = "https://x.klarnacdn.net https://*.klarna.com";

/// The page's policy: its own files, and those of the Klarna that its account sells through.
pub(super) fn policy(base_url: Option<&BaseUrl>) -> String {
    let sandbox = base_url.filter(|url| !url.is_klarna()).and_then(origin);
    let (scripts, calls, frames, pictures, fonts) = match &sandbox {
        Some(origin) => (origin.as_str(), origin.as_str(), origin.as_str(), "", ""),
        None => (
            KLARNA_SCRIPTS,
            KLARNA_CALLS,
            KLARNA_FRAMES,
            KLARNA_PICTURES,
            "; font-src https://x.klarnacdn.net",
        ),
    };
    let space = if pictures.is_empty() { "" } else { " " };
    // Klarna's widget brings its style inline.
    format!(
        "default-src 'none'; script-src 'self' {scripts}; style-src 'self' 'unsafe-inline'; \
         connect-src 'self' {calls}; frame-src {frames}; img-src 'self' data:{space}{pictures}\
         {fonts}; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
    )
}

fn origin(url: &BaseUrl) -> Option<String> {
    let url = url::Url::parse(url.as_str()).ok()?;
    Some(url.origin().ascii_serialization())
}

/// The headers of the hosted page and of its errors.
pub(super) fn of_page(policy: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let mut set = |name: HeaderName, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    };
    set(header::CONTENT_SECURITY_POLICY, policy);
    // The address holds the shopper's secret.
    set(header::REFERRER_POLICY, "no-referrer");
    // Anything else cuts the ties to Klarna's pop-up: even `same-origin-allow-popups` does once a
    // placeholder was written into it before it is led on (tried with the sandbox's).
    set(HeaderName::from_static("cross-origin-opener-policy"), "unsafe-none");
    set(header::CACHE_CONTROL, "no-store");
    set(HeaderName::from_static("x-robots-tag"), "noindex");
    headers
}

/// Lets pages of any origin ask: the link is the credential, and no cookie goes with it.
pub(super) async fn any_origin(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

/// The browser asks whether it may ask.
pub(super) async fn preflight() -> (StatusCode, [(HeaderName, &'static str); 3]) {
    (
        StatusCode::NO_CONTENT,
        [
            (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, PUT"),
            (header::ACCESS_CONTROL_ALLOW_HEADERS, "content-type"),
            (header::ACCESS_CONTROL_MAX_AGE, "600"),
        ],
    )
}

#[cfg(test)]
mod tests {
    use klarna::{Environment, Region};

    use super::*;

    #[test]
    fn a_sandboxs_page_may_load_only_from_there() {
        let url = BaseUrl::custom("http://127.0.0.1:4010").unwrap();
        assert_eq!(
            policy(Some(&url)),
            "default-src 'none'; script-src 'self' http://127.0.0.1:4010; \
             style-src 'self' 'unsafe-inline'; connect-src 'self' http://127.0.0.1:4010; \
             frame-src http://127.0.0.1:4010; img-src 'self' data:; form-action 'none'; \
             base-uri 'none'; frame-ancestors 'none'"
        );
    }

    #[test]
    fn a_real_pages_policy_names_klarnas_hosts() {
        let url = BaseUrl::of(Region::Europe, Environment::Production);
        let policy = policy(Some(&url));
        assert_eq!(
            policy,
            "default-src 'none'; script-src 'self' https://x.klarnacdn.net \
             https://js.klarna.com https://js.playground.klarna.com; \
             style-src 'self' 'unsafe-inline'; connect-src 'self' https://*.klarna.com \
             https://*.klarnaevt.com https://x.klarnacdn.net; \
             frame-src https://*.klarna.com https://x.klarnacdn.net; \
             img-src 'self' data: https://x.klarnacdn.net https://*.klarna.com; \
             font-src https://x.klarnacdn.net; form-action 'none'; base-uri 'none'; \
             frame-ancestors 'none'"
        );
    }
}
