//! The bare server without a framework: hyper's HTTP/1 connections, each in a task of its own.

use axum::body::Bytes;
use axum::http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;

use crate::bare::Recorded;

/// Serves this answer, whatever is asked, after reading the request to its end.
pub(crate) async fn serve(listener: TcpListener, recorded: Recorded) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let recorded = recorded.clone();
        tokio::spawn(async move {
            let answer = service_fn(async |request: Request<Incoming>| {
                request.into_body().collect().await?;
                Ok::<Response<Full<Bytes>>, hyper::Error>(recorded.response())
            });
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .serve_connection(TokioIo::new(stream), answer);
            // The other side ends it, which is no failure.
            drop(connection.await);
        });
    }
}
