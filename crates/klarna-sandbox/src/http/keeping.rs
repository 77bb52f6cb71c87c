//! The control API's part about what is remembered: snapshots and the state file.

use std::{
    future::poll_fn,
    io::{self, Read},
    pin::Pin,
    sync::{Arc, PoisonError},
};

use axum::{
    body::{Body, Bytes, HttpBody},
    extract::Request,
    http::Method,
};
use bytes::Buf as _;
use http_body::Frame;
use serde_json::json;
use tokio::sync::mpsc;

use super::{Call, control::Error, origin};
use crate::{answer::Answer, keep::snapshot, sandbox::Shared};

const SNAPSHOT_PATH: [&str; 3] = ["sandbox", "v1", "snapshot"];

/// How many pieces of a body may wait to be read.
const PIECES_MAX: usize = 16;

/// Whether a request brings a snapshot, whose body is read otherwise than all others.
pub(crate) fn is_restore(request: &Request) -> bool {
    let path = request.uri().path().split('/').filter(|segment| !segment.is_empty());
    request.method() == Method::PUT && path.eq(SNAPSHOT_PATH)
}

/// Everything that is remembered. Writing it may take a while, which other tasks of this thread
/// should not wait for.
pub(crate) async fn take(shared: &Arc<Shared>) -> Result<Answer, Error> {
    let shared = Arc::clone(shared);
    let taken = tokio::task::spawn_blocking(move || snapshot::take(&shared)).await;
    let document = taken.map_err(|_| Error::new(500, "INTERNAL", "the snapshot failed"))?;
    Ok(Answer::document(200, "application/json", document))
}

/// Restores a snapshot while it comes in, so that it never stands in memory as a whole.
pub(crate) async fn restore(
    shared: &Arc<Shared>,
    call: &Call,
    body: Body,
) -> Result<Answer, Error> {
    if !origin::is_own(call) {
        return Err(origin::refused());
    }
    let (pieces, incoming) = mpsc::channel(PIECES_MAX);
    let (for_restoring, max) = (Arc::clone(shared), shared.config.snapshot_bytes_max);
    let restoring = tokio::task::spawn_blocking(move || {
        snapshot::restore(&for_restoring, Incoming { pieces: incoming, piece: Bytes::new() })
    });
    let is_too_large = !pass_on(body, max, pieces).await;
    let restored = restoring.await;
    if is_too_large {
        let text = format!("the snapshot is larger than {max} bytes; nothing was changed");
        return Err(Error::new(413, "REQUEST_TOO_LARGE", text));
    }
    match restored {
        Ok(Ok(())) => Ok(Answer::empty(204)),
        Ok(Err(error)) => Err(Error::new(400, "BAD_SNAPSHOT", error.to_string())),
        Err(_) => Err(Error::new(500, "INTERNAL", "restoring failed; nothing was changed")),
    }
}

/// Hands on what comes in. Gives whether it came in whole; where its sender broke off, nobody
/// reads the answer.
async fn pass_on(mut body: Body, max: u64, pieces: mpsc::Sender<io::Result<Bytes>>) -> bool {
    let mut seen = 0u64;
    while let Some(frame) = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
        let frame = frame.map_err(io::Error::other);
        let piece = match frame.map(Frame::into_data) {
            Ok(Ok(data)) => data,
            Ok(Err(_)) => continue,
            Err(error) => {
                // Half a document must not be taken for a whole one.
                let _ = pieces.send(Err(error)).await;
                return false;
            }
        };
        seen = seen.saturating_add(u64::try_from(piece.len()).unwrap_or(u64::MAX));
        if seen > max {
            let _ = pieces.send(Err(io::Error::other("too large"))).await;
            return false;
        }
        // The reader stops at what it cannot read. The rest is read all the same, so that the
        // sender gets to read the answer instead of a broken connection.
        let _ = pieces.send(Ok(piece)).await;
    }
    true
}

/// A body as its reader sees it: piece by piece, each waited for.
struct Incoming {
    pieces: mpsc::Receiver<io::Result<Bytes>>,
    piece: Bytes,
}

impl Read for Incoming {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.piece.is_empty() {
            match self.pieces.blocking_recv() {
                Some(piece) => self.piece = piece?,
                None => return Ok(0),
            }
        }
        let length = self.piece.len().min(buffer.len());
        self.piece.split_to(length).copy_to_slice(buffer.get_mut(..length).unwrap_or_default());
        Ok(length)
    }
}

/// How keeping the state file goes.
pub(crate) fn state_file(shared: &Shared) -> Result<Answer, Error> {
    let held = shared.state_file.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(kept) = &*held else {
        let text = "this sandbox keeps no state file: start it with `kvitt sandbox --state FILE`";
        return Err(Error::new(404, "NO_STATE_FILE", text));
    };
    let status = kept.status(&mut shared.state());
    Ok(Answer::document(200, "application/json", json!(status).to_string()))
}
