//! Files that browsers load. They are part of the program; what compresses is compressed once.

use std::io::Write as _;
use std::sync::LazyLock;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};

use crate::app::App;

/// One file, ready to be sent.
struct File {
    path: &'static str,
    content_type: &'static str,
    plain: &'static [u8],
    gzip: Vec<u8>,
    etag: String,
}

static FILES: LazyLock<Vec<File>> = LazyLock::new(|| {
    vec![
        file("/embed.js", "text/javascript; charset=utf-8", include_bytes!("../assets/embed.js")),
        file(
            "/assets/checkout.css",
            "text/css; charset=utf-8",
            include_bytes!("../assets/checkout.css"),
        ),
        file(
            "/assets/dashboard.css",
            "text/css; charset=utf-8",
            include_bytes!("../assets/dashboard.css"),
        ),
    ]
});

fn file(path: &'static str, content_type: &'static str, plain: &'static [u8]) -> File {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    // Writing into memory cannot fail; a file that did would be sent as it is.
    let gzip = encoder.write_all(plain).and_then(|()| encoder.finish()).unwrap_or_default();
    let digest = Sha256::digest(plain);
    let etag = digest.iter().take(8).fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
    File { path, content_type, plain, gzip, etag: format!("\"{etag}\"") }
}

/// Every file's path.
pub(crate) fn routes() -> Vec<(&'static str, MethodRouter<App>)> {
    FILES
        .iter()
        .map(|file| {
            (file.path, get(move |_: State<App>, headers| async move { send(file, &headers) }))
        })
        .collect()
}

fn send(file: &File, asked: &HeaderMap) -> Response {
    let text = |name: HeaderName| asked.get(name).and_then(|it| it.to_str().ok()).unwrap_or("");
    let etag = HeaderValue::from_str(&file.etag).unwrap_or(HeaderValue::from_static("\"\""));
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(file.content_type)),
        // Always asked for anew and mostly answered with nothing: an update is seen at once.
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=0, must-revalidate")),
        (header::ETAG, etag),
        (header::VARY, HeaderValue::from_static("accept-encoding")),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*")),
    ];
    if text(header::IF_NONE_MATCH).split(',').any(|tag| tag.trim() == file.etag) {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    let takes_gzip = text(header::ACCEPT_ENCODING)
        .split(',')
        .any(|coding| coding.trim() == "gzip" || coding.trim().starts_with("gzip;q=1"));
    if takes_gzip && !file.gzip.is_empty() {
        let encoding = [(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"))];
        return (headers, encoding, file.gzip.clone()).into_response();
    }
    (headers, file.plain).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The embed script stays under 8 kB and all of the checkout's own files under 60 kB.
    #[test]
    fn the_checkout_is_light() {
        let mut sum = 0;
        for file in FILES.iter().filter(|file| file.path != "/assets/dashboard.css") {
            println!("{}: {} bytes, {} compressed", file.path, file.plain.len(), file.gzip.len());
            assert!(!file.gzip.is_empty());
            sum += file.gzip.len();
            assert!(file.path != "/embed.js" || file.gzip.len() < 8_000);
        }
        println!("the checkout's own files: {sum} bytes compressed");
        assert!(sum < 60_000);
    }
}
