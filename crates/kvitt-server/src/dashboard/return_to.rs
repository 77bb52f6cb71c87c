//! Where to go after signing in: only ever to a page of the dashboard.

use axum::http::Uri;
use axum::http::header::{self, HeaderMap};
use url::Url;
use url::form_urlencoded::byte_serialize;

use super::{HOME, SIGN_IN};

/// Longest destination, in bytes.
const LENGTH_MAX: usize = 2_000;

/// The page that was asked for, if it is one of the dashboard; else where it begins.
pub(super) fn destination(asked: &str) -> &str {
    if is_dashboards(asked) { asked } else { HOME }
}

/// The sign-in page that leads back to a page.
pub(super) fn sign_in_for(page: &Uri) -> String {
    let page = page.path_and_query().map_or(HOME, |it| it.as_str());
    sign_in_and(destination(page))
}

/// The sign-in page that leads back to the page on which a form stood.
pub(super) fn sign_in_for_form(headers: &HeaderMap) -> String {
    let page = headers.get(header::REFERER).and_then(|it| it.to_str().ok());
    let page = page.and_then(|it| Url::parse(it).ok()).map(|url| match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    });
    sign_in_and(destination(page.as_deref().unwrap_or(HOME)))
}

fn sign_in_and(page: &str) -> String {
    if page == HOME {
        return SIGN_IN.to_owned();
    }
    let page: String = byte_serialize(page.as_bytes()).collect();
    format!("{SIGN_IN}?return_to={page}")
}

/// Browsers take `\` for `/`, leave out tabs and newlines, and work out `..`, also where it is
/// written as `%2e%2e`; so nothing of it may stand there.
fn is_dashboards(asked: &str) -> bool {
    let path = asked.split_once('?').map_or(asked, |(path, _)| path);
    let Some(below) = path.strip_prefix(HOME) else { return false };
    let plain = asked.len() <= LENGTH_MAX
        && asked.bytes().all(|it| it.is_ascii_graphic() && it != b'\\' && it != b'#');
    let mut segments = below.split('/');
    // What follows the beginning itself is another segment, not more of the same word.
    let ends_there = segments.next() == Some("");
    let odd = |it: &str| {
        let it = it.to_ascii_lowercase().replace("%2e", ".");
        it.is_empty() || it == "." || it == ".." || it.contains("%2f") || it.contains("%5c")
    };
    // Signing in is no destination: it would lead to itself.
    let of_the_door = |it: &str| it == "sign-in" || it == "sign-out";
    plain && ends_there && !segments.any(|it| odd(it) || of_the_door(it))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_the_dashboard_are_destinations() {
        for page in [
            "/dashboard",
            "/dashboard?day=1",
            "/dashboard/orders",
            "/dashboard/orders/ord_1?tab=events&q=a//b",
            "/dashboard/orders?search=%C3%A5&next=https://evil.example",
        ] {
            assert_eq!(destination(page), page);
        }
    }

    #[test]
    fn nothing_else_is_a_destination() {
        for elsewhere in [
            "",
            "/",
            "//evil.example",
            "//evil.example/dashboard",
            "https://evil.example/dashboard",
            "javascript:alert(1)",
            "/\\evil.example",
            "\\\\evil.example",
            "/dashboard\\..\\..\\evil.example",
            "/dashboard/\\evil.example",
            "/dashboard/orders\\..\\..\\checkout",
            "/dashboard//evil.example",
            "/dashboard/..//evil.example",
            "/dashboard/%2E%2e/%2fevil.example",
            "/dashboard/%5cevil.example",
            "/dashboard/./orders",
            "/dashboards",
            "/dashboard.evil.example",
            "/dashboard@evil.example",
            "dashboard",
            " /dashboard",
            "/dashboard\n/orders",
            "/dashboard\t",
            "/dashboard\r\nLocation: https://evil.example",
            "/dashboard/å",
            "/dashboard#x",
            "/dashboard/",
            "/dashboard/sign-in?return_to=/dashboard",
            "/dashboard/sign-out",
            "/checkout/chk_1/secret",
            &format!("/dashboard?{}", "x".repeat(2_000)),
        ] {
            assert_eq!(destination(elsewhere), HOME, "{elsewhere:?}");
        }
    }

    #[test]
    fn the_way_back_is_part_of_the_way_in() {
        let to = |page: &str| sign_in_for(&page.parse().unwrap());
        assert_eq!(to("/dashboard"), "/dashboard/sign-in");
        assert_eq!(
            to("/dashboard/orders?search=a%20b&status=X"),
            "/dashboard/sign-in?return_to=%2Fdashboard%2Forders%3Fsearch%3Da%2520b%26status%3DX"
        );
        let mut headers = HeaderMap::new();
        assert_eq!(sign_in_for_form(&headers), "/dashboard/sign-in");
        let page = "https://pay.example/dashboard/orders/ord_1?tab=a#b".parse().unwrap();
        headers.insert(header::REFERER, page);
        assert_eq!(
            sign_in_for_form(&headers),
            "/dashboard/sign-in?return_to=%2Fdashboard%2Forders%2Ford_1%3Ftab%3Da"
        );
        headers.insert(header::REFERER, "https://evil.example/x".parse().unwrap());
        assert_eq!(sign_in_for_form(&headers), "/dashboard/sign-in");
    }
}
