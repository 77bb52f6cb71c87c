//! What browsers are told: what a page may load, and who may ask.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use klarna::BaseUrl;

/// The host of the script, its style, badges and fonts, in all of Klarna's environments (Klarna
/// documentation: browser security configuration, the part of it that could be read).
const CDN: &str = "https://x.klarnacdn.net";

/// The page's policy: its own files, and those of the Klarna that its account sells through.
pub(super) fn policy(base_url: Option<&BaseUrl>) -> String {
    let sandbox = base_url.filter(|url| !url.is_klarna()).and_then(origin);
    let klarna = if let Some(origin) = &sandbox {
        format!(
            "script-src 'self' {origin}; style-src 'self' 'unsafe-inline'; \
             connect-src 'self' {origin}; frame-src {origin}; img-src 'self' data:"
        )
    } else {
        let plays = base_url.is_some_and(|url| url.as_str().ends_with(".playground.klarna.com"));
        let playground = if plays { " https://js.playground.klarna.com" } else { "" };
        format!(
            "script-src 'self' {CDN} https://js.klarna.com{playground}; \
             style-src 'self' 'unsafe-inline' {CDN}; font-src {CDN}; \
             connect-src 'self' https://*.klarna.com https://*.klarnaevt.com {CDN}; \
             frame-src https://*.klarna.com {CDN}; \
             img-src 'self' data: {CDN} https://*.klarna.com"
        )
    };
    // Klarna's widget brings its style inline.
    format!(
        "default-src 'none'; {klarna}; form-action 'none'; base-uri 'none'; \
         frame-ancestors 'none'"
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
    fn a_real_pages_policy_names_klarnas_hosts_and_no_others() {
        let url = BaseUrl::of(Region::Europe, Environment::Production);
        let production = "default-src 'none'; script-src 'self' https://x.klarnacdn.net \
             https://js.klarna.com; \
             style-src 'self' 'unsafe-inline' https://x.klarnacdn.net; \
             font-src https://x.klarnacdn.net; connect-src 'self' https://*.klarna.com \
             https://*.klarnaevt.com https://x.klarnacdn.net; \
             frame-src https://*.klarna.com https://x.klarnacdn.net; \
             img-src 'self' data: https://x.klarnacdn.net https://*.klarna.com; \
             form-action 'none'; base-uri 'none'; frame-ancestors 'none'";
        assert_eq!(policy(Some(&url)), production);
        let url = BaseUrl::of(Region::NorthAmerica, Environment::Playground);
        let scripts = "https://js.klarna.com";
        let more = "https://js.klarna.com https://js.playground.klarna.com";
        assert_eq!(policy(Some(&url)), production.replace(scripts, more));
    }
}
