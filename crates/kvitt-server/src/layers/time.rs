//! No request is worked on for ever.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;

use crate::app::App;
use crate::problem::{Problem, codes};

/// Answers for a handler that takes too long. An act goes on by itself.
pub(crate) async fn within_time(
    State(app): State<App>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    tokio::time::timeout(app.config().request_timeout, next.run(request)).await.map_err(|_| {
        Problem::new(
            codes::TIMEOUT,
            "the answer took too long: what was begun goes on; repeat the request with the same \
             Idempotency-Key to learn its outcome",
        )
    })
}
