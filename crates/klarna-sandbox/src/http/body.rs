//! Reading bodies, and the body that breaks the connection.

use std::{
    fmt,
    future::poll_fn,
    pin::Pin,
    task::{Context, Poll},
};

use axum::body::{Body, Bytes, HttpBody};
use bytes::BytesMut;
use http_body::{Frame, SizeHint};

/// How much of a body that is too large is still read, in bytes, so that its sender gets to read
/// the answer instead of a broken connection.
const DRAINED_MAX: usize = 256 * 1024 * 1024;

/// Reads a body to its end. `None`: it is larger than the limit.
pub(crate) async fn read(mut body: Body, max: usize) -> Result<Option<Bytes>, axum::Error> {
    // Bodies are kept: no more room than they need.
    let room = usize::try_from(body.size_hint().lower()).unwrap_or(max).min(max);
    let mut bytes = BytesMut::with_capacity(room);
    let mut seen = 0usize;
    while let Some(frame) = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
        let Ok(data) = frame?.into_data() else { continue };
        seen = seen.saturating_add(data.len());
        if seen <= max {
            bytes.extend_from_slice(&data);
        } else if seen > DRAINED_MAX {
            break;
        } else {
            bytes = BytesMut::new();
        }
    }
    // A body in many parts has grown by doubling; what is kept of it is no larger than it is.
    let is_roomy = bytes.capacity() > bytes.len() + bytes.len() / 4;
    let body = if is_roomy { Bytes::copy_from_slice(&bytes) } else { bytes.freeze() };
    Ok((seen <= max).then_some(body))
}

/// A body that fails before its first byte: the server then closes the connection without having
/// sent the head.
pub(crate) struct Broken;

/// A body that fails before its end, which its length promises.
pub(crate) struct Truncated {
    sent: Option<Bytes>,
    length: u64,
    /// What comes is sent before the failure is seen, which else would keep it.
    is_flushed: bool,
}

impl Truncated {
    /// So many bytes of a body.
    pub(crate) fn of(body: &Bytes, sent: usize) -> Self {
        let length = u64::try_from(body.len()).unwrap_or(u64::MAX);
        Self { sent: Some(body.slice(..sent.min(body.len()))), length, is_flushed: false }
    }
}

impl HttpBody for Truncated {
    type Data = Bytes;
    type Error = InjectedFault;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, InjectedFault>>> {
        if let Some(sent) = self.sent.take() {
            return Poll::Ready(Some(Ok(Frame::data(sent))));
        }
        if !self.is_flushed {
            self.is_flushed = true;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Some(Err(InjectedFault)))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.length)
    }
}

/// Why [`Broken`] and [`Truncated`] fail.
#[derive(Debug)]
pub(crate) struct InjectedFault;

impl fmt::Display for InjectedFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("injected fault: the connection is reset")
    }
}

impl std::error::Error for InjectedFault {}

impl HttpBody for Broken {
    type Data = Bytes;
    type Error = InjectedFault;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, InjectedFault>>> {
        Poll::Ready(Some(Err(InjectedFault)))
    }
}
