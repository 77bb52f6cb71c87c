//! An answer of the sandbox, and the server that gives just this one.

use axum::Router;
use axum::body::Bytes;
use axum::http::header::{CONTENT_LENGTH, DATE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use axum::routing::{get, post};

use crate::wire::Answer;

/// An answer as it was on the wire.
#[derive(Clone)]
pub(crate) struct Recorded {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl Recorded {
    pub(crate) fn of(answer: &Answer<'_>) -> Self {
        let head = str::from_utf8(answer.head).unwrap();
        let headers = head.lines().skip(1).map(|line| {
            let (name, value) = line.split_once(": ").unwrap();
            let name: HeaderName = name.parse().unwrap();
            (name, HeaderValue::from_str(value).unwrap())
        });
        // Every server adds these two itself.
        let headers = headers.filter(|(name, _)| name != DATE && name != CONTENT_LENGTH);
        Self {
            status: StatusCode::from_u16(answer.status).unwrap(),
            headers: headers.collect(),
            body: Bytes::copy_from_slice(answer.body),
        }
    }

    pub(crate) fn response<B: From<Bytes>>(&self) -> Response<B> {
        let mut response = Response::new(B::from(self.body.clone()));
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers.clone();
        response
    }

    /// The bare server: it reads a request to its end, looks at nothing and gives this answer.
    pub(crate) fn axum(self) -> Router {
        let read = self.clone();
        Router::new()
            .route(
                "/payments/v1/sessions",
                post(move |_: Bytes| async move { self.response::<axum::body::Body>() }),
            )
            .route(
                "/ordermanagement/v1/orders/{order_id}",
                get(move || async move { read.response::<axum::body::Body>() }),
            )
    }
}
