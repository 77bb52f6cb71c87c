//! Whether a request was sent by a page of this server.

use axum::http::header::{self, HeaderName};
use axum::http::request::Parts;
use axum::http::uri::Authority;
use url::Url;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Whether the request comes from a page of this server, as far as it says so. A request that says
/// nothing passes: only old browsers and programs are silent, and the form's secret is asked for
/// besides.
///
/// The server may be reached by other names than its public one (localhost for 127.0.0.1, the
/// other end of a tunnel), so the name that it was called by counts too; but never without TLS
/// where the public address has it.
pub(super) fn is_own(parts: &Parts, public_url: &Url) -> bool {
    if let Some(site) = parts.headers.get(SEC_FETCH_SITE)
        && !["same-origin", "none"].iter().any(|own| site == own)
    {
        return false;
    }
    let Some(origin) = parts.headers.get(header::ORIGIN) else { return true };
    let called = parts.uri.authority().map(Authority::as_str);
    let called =
        called.or_else(|| parts.headers.get(header::HOST).and_then(|host| host.to_str().ok()));
    let by_the_called_name =
        called.is_some_and(|host| origin == format!("{}://{host}", public_url.scheme()).as_str());
    by_the_called_name || origin == public_url.origin().ascii_serialization().as_str()
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    fn is_own_with(public_url: &str, host: &str, headers: &[(&str, &str)]) -> bool {
        let mut request = Request::post("/dashboard/sign-in").header("host", host);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        is_own(&parts, &public_url.parse().unwrap())
    }

    #[test]
    fn the_public_name_and_the_called_name_are_own() {
        let public = "https://pay.example/";
        assert!(is_own_with(public, "10.0.0.7:4000", &[("origin", "https://pay.example")]));
        assert!(is_own_with(public, "pay.test", &[("origin", "https://pay.test")]));
        for foreign in [
            "https://pay.example.evil",
            "https://evil.example",
            "http://pay.example",
            "http://10.0.0.7:4000",
            "https://pay.example:444",
            "null",
            "",
        ] {
            assert!(!is_own_with(public, "10.0.0.7:4000", &[("origin", foreign)]), "{foreign}");
        }
        let plain = "http://127.0.0.1:4000";
        assert!(is_own_with(plain, "localhost:4000", &[("origin", "http://localhost:4000")]));
        assert!(!is_own_with(plain, "localhost:4000", &[("origin", "http://localhost:4020")]));
    }

    #[test]
    fn what_the_browser_says_of_the_site_counts_too() {
        for (site, own) in
            [("same-origin", true), ("none", true), ("same-site", false), ("cross-site", false)]
        {
            let headers = [("sec-fetch-site", site), ("origin", "https://pay.example")];
            assert_eq!(is_own_with("https://pay.example", "x", &headers), own, "{site}");
        }
        assert!(is_own_with("https://pay.example", "x", &[]), "a silent program");
    }

    #[test]
    fn over_http_2_the_called_name_is_in_the_target() {
        let request = Request::post("https://pay.test/dashboard/sign-in")
            .header("origin", "https://pay.test")
            .body(())
            .unwrap();
        let (parts, ()) = request.into_parts();
        assert!(is_own(&parts, &"https://pay.example".parse().unwrap()));
    }
}
