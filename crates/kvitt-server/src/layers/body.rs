//! Takes a request's body in before anybody looks at it: whoever sends too much reads the answer
//! instead of a reset connection, and a refusal never leaves a half-read body behind.

use std::future::poll_fn;
use std::pin::Pin;

use axum::body::{Body, HttpBody};
use axum::extract::Request;

use crate::problem::{Problem, codes};

/// Largest body, in bytes.
const BODY_BYTES_MAX: usize = 1_048_576;
/// How much is read of a body that is too large, in bytes, so that its sender hears the answer.
const READ_BYTES_MAX: usize = 16 * BODY_BYTES_MAX;

/// The request with its whole body read, or a refusal.
pub(super) async fn take_in(request: Request) -> Result<Request, Problem> {
    let (parts, body) = request.into_parts();
    let body = read(body).await?;
    Ok(Request::from_parts(parts, Body::from(body)))
}

async fn read(mut body: Body) -> Result<Vec<u8>, Problem> {
    let mut kept = Vec::new();
    let mut seen = 0_usize;
    while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        let frame = frame.map_err(|_| {
            Problem::new(codes::INVALID_JSON, "the body broke off before its end: send it again")
        })?;
        let Ok(data) = frame.into_data() else { continue };
        seen = seen.saturating_add(data.len());
        if seen <= BODY_BYTES_MAX {
            kept.extend_from_slice(&data);
        } else {
            kept = Vec::new();
        }
        if seen > READ_BYTES_MAX {
            break;
        }
    }
    if seen > BODY_BYTES_MAX {
        let detail = format!("the body is larger than {BODY_BYTES_MAX} bytes: send less at a time");
        return Err(Problem::new(codes::BODY_TOO_LARGE, detail));
    }
    Ok(kept)
}
