//! Whether a request was sent by a page of the sandbox's own: any page of the world may send forms
//! to this machine.

use super::{Call, control::Error};

/// Whether a request comes from one of the sandbox's own pages or from no page at all. What says
/// nothing of where it comes from is a program: browsers say it with everything that is not read.
pub(crate) fn is_own(call: &Call) -> bool {
    let site = call.header("sec-fetch-site");
    site.is_none_or(|site| matches!(site, "same-origin" | "none"))
        && call.headers.get("origin").is_none_or(|origin| origin == call.base_url.as_str())
}

/// What a page of somebody else's is told.
pub(crate) fn refused() -> Error {
    let text = "this request was sent by a page of another site; only the sandbox's own pages, and \
                programs, may change something here";
    Error::new(403, "CROSS_SITE", text)
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, Method};

    use super::*;

    fn is_own_with(headers: &[(&'static str, &str)]) -> bool {
        let mut sent = HeaderMap::new();
        for (name, value) in headers {
            sent.insert(*name, value.parse().unwrap());
        }
        is_own(&Call {
            method: Method::POST,
            path: "/inspector/faults".into(),
            query: None,
            headers: sent,
            body: None,
            base_url: "http://127.0.0.1:4010".into(),
        })
    }

    #[test]
    fn only_own_pages_and_programs_pass() {
        assert!(is_own_with(&[]));
        assert!(is_own_with(&[("origin", "http://127.0.0.1:4010")]));
        assert!(is_own_with(&[("sec-fetch-site", "same-origin")]));
        assert!(is_own_with(&[("sec-fetch-site", "none")]));
        for origin in [
            "null",
            "",
            "http://localhost:4010",
            "http://127.0.0.1:4011",
            "https://127.0.0.1:4010",
            "http://127.0.0.1:4010.evil.example",
            "http://evil.example",
        ] {
            assert!(!is_own_with(&[("origin", origin)]), "{origin}");
            assert!(!is_own_with(&[("sec-fetch-site", "same-origin"), ("origin", origin)]));
        }
        for site in ["same-site", "cross-site", "", "SAME-ORIGIN"] {
            assert!(!is_own_with(&[("sec-fetch-site", site)]), "{site}");
        }
    }
}
