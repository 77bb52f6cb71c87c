//! Exchanges as they happen: `GET /sandbox/v1/exchanges/live`, an event stream.
//!
//! Each event's id is an exchange's number, its data that exchange as one line of JSON, as `GET
//! /sandbox/v1/exchanges/{number}` gives it. It begins with the next exchange, or after the number
//! in `after` (`0`: with the oldest that is kept) or, where a reader comes back, after its
//! `Last-Event-ID`. The [filter](Filter)'s parameters leave out what does not fit. Who reads too
//! slowly misses what is no longer kept; the numbers tell.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    body::{Body, Bytes, HttpBody},
    http::{HeaderValue, Method, Response, header},
};
use http_body::Frame;
use tokio::{sync::mpsc, time};

use super::{Call, exchange, filter::Filter};
use crate::sandbox::Shared;

/// After so much silence a comment is sent, so that nobody takes the connection for dead.
const SILENCE_MAX: Duration = Duration::from_secs(15);
/// How many events may wait for a slow reader.
const WAITING_MAX: usize = 8;
/// Says at once that the stream is open, and how soon to come back when it ends, in milliseconds.
const GREETING: &str = "retry: 1000\n: exchanges as they happen\n\n";
const EMPTY_COMMENT: &str = ":\n\n";
/// How many exchanges are borrowed at once, for as long as a slow reader takes to read them.
const LOAN: usize = 64;

/// Answers a call for the stream; `None`: it is for something else.
pub(crate) fn answer(shared: &Arc<Shared>, call: &Call) -> Option<Response<Body>> {
    let is_asked_for =
        call.method == Method::GET && call.parts().eq(["sandbox", "v1", "exchanges", "live"]);
    if !is_asked_for {
        return None;
    }
    let newest = shared.exchanges().total();
    let number = |text: &str| text.trim().parse::<u64>().ok();
    let seen = call.header("last-event-id").and_then(number);
    let after = seen.or_else(|| call.parameter("after").as_deref().and_then(number));
    // A number that is still to come was given by an earlier sandbox at this address.
    let after = after.map_or(newest, |after| if after > newest { 0 } else { after });
    let (events, waiting) = mpsc::channel(WAITING_MAX);
    let mut stopping = shared.stopping.subscribe();
    let telling = tell(Arc::clone(shared), Filter::of(call), after, events);
    tokio::spawn(async move {
        tokio::select! {
            () = telling => {}
            _ = stopping.changed() => {}
        }
    });
    let mut response = Response::new(Body::new(Events(waiting)));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Some(response)
}

/// Tells of every exchange that fits, until nobody listens.
async fn tell(shared: Arc<Shared>, filter: Filter, mut after: u64, events: mpsc::Sender<Bytes>) {
    let mut newest = shared.newest_exchange.subscribe();
    let mut said = events.send(GREETING.into()).await;
    while said.is_ok() {
        newest.mark_unchanged();
        loop {
            let lent = shared.exchanges().above(after, LOAN);
            let Some(last) = lent.last() else { break };
            after = last.number;
            for it in lent.iter().filter(|it| filter.fits(it)) {
                let event = format!("id: {}\ndata: {}\n\n", it.number, exchange::line(it));
                if events.send(event.into()).await.is_err() {
                    return;
                }
            }
        }
        tokio::select! {
            () = events.closed() => return,
            _ = newest.changed() => {}
            () = time::sleep(SILENCE_MAX) => said = events.send(EMPTY_COMMENT.into()).await,
        }
    }
}

/// The body that carries them.
struct Events(mpsc::Receiver<Bytes>);

impl HttpBody for Events {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.poll_recv(cx).map(|event| event.map(|bytes| Ok(Frame::data(bytes))))
    }
}
