//! What happens around every handler.
//!
//! It is one layer and not five: each would keep a copy of all that is inside of it for each request.

mod auth;
mod body;
mod observe;
mod room;
mod time;

use std::panic::AssertUnwindSafe;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt as _;

pub(crate) use auth::{require_key, require_key_for_metrics};

use crate::app::App;
use crate::problem::Problem;

/// From the outside in: what is watched, what panics are caught, what is let in, how long it may take,
/// and its body.
pub(crate) async fn around(State(app): State<App>, request: Request, next: Next) -> Response {
    observe::observe(&app, request, async |request| {
        AssertUnwindSafe(answer(&app, request, next)).catch_unwind().await.unwrap_or_else(|_| {
            // What it panicked with is in the log, not in the answer.
            tracing::error!("a handler panicked");
            Problem::internal().into_response()
        })
    })
    .await
}

async fn answer(app: &App, request: Request, next: Next) -> Response {
    let answered = async {
        let _place = room::place_for(app, &request)?;
        time::within(app.config().request_timeout, async {
            Ok(next.run(body::take_in(request).await?).await)
        })
        .await
    };
    answered.await.unwrap_or_else(|problem: Problem| problem.into_response())
}
