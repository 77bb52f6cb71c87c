//! No more requests are under way than there is room for: what they hold is bounded, and who comes
//! when all places are taken hears so at once instead of waiting without end.

use axum::body::HttpBody as _;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;

use crate::app::App;
use crate::problem::{Problem, codes};

/// Who watches the server must be answered above all when it is full.
const WATCHED: [&str; 3] = ["/healthz", "/readyz", "/metrics"];

/// Lets a request in while there is a place for it.
pub(crate) async fn while_there_is_room(
    State(app): State<App>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    // A body would be held in memory, wherever it is sent.
    if WATCHED.contains(&request.uri().path()) && request.body().is_end_stream() {
        return Ok(next.run(request).await);
    }
    let Ok(_place) = app.places().try_acquire() else {
        let detail = format!(
            "{} requests are under way already: nothing was done; send it again in a second, or \
             raise max_requests",
            app.config().max_requests
        );
        return Err(Problem::new(codes::OVERLOADED, detail)
            .with_header(header::RETRY_AFTER, HeaderValue::from_static("1")));
    };
    Ok(next.run(request).await)
}
