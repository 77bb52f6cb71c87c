//! No request is worked on for ever.

use std::time::Duration;

use axum::response::Response;

use crate::problem::{Problem, codes};

/// Answers for a handler that takes too long. An act goes on by itself.
pub(super) async fn within(
    limit: Duration,
    answered: impl Future<Output = Result<Response, Problem>>,
) -> Result<Response, Problem> {
    tokio::time::timeout(limit, answered).await.unwrap_or_else(|_| {
        Err(Problem::new(
            codes::TIMEOUT,
            "the answer took too long: what was begun goes on; repeat the request with the same \
             Idempotency-Key to learn its outcome",
        ))
    })
}
