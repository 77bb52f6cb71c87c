//! No more requests are under way than there is room for: what they hold is bounded, and who comes
//! when all places are taken hears so at once instead of waiting without end.

use axum::body::HttpBody as _;
use axum::extract::Request;
use axum::http::{HeaderValue, header};
use tokio::sync::SemaphorePermit;

use crate::app::App;
use crate::problem::{Problem, codes};

/// Who watches the server must be answered above all when it is full.
const WATCHED: [&str; 3] = ["/healthz", "/readyz", "/metrics"];

/// A place for a request, to be kept until it is answered. Who watches the server needs none.
pub(super) fn place_for<'a>(
    app: &'a App,
    request: &Request,
) -> Result<Option<SemaphorePermit<'a>>, Problem> {
    // A body would be held in memory, wherever it is sent.
    if WATCHED.contains(&request.uri().path()) && request.body().is_end_stream() {
        return Ok(None);
    }
    app.places().try_acquire().map(Some).map_err(|_| {
        let detail = format!(
            "{} requests are under way already: nothing was done; send it again in a second, or \
             raise max_requests",
            app.config().max_requests
        );
        Problem::new(codes::OVERLOADED, detail)
            .with_header(header::RETRY_AFTER, HeaderValue::from_static("1"))
    })
}
