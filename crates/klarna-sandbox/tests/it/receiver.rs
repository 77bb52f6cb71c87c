//! A merchant's endpoint that keeps what it was sent as it came.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, Method, StatusCode, Uri},
};
use serde_json::Value;
use tokio::net::TcpListener;

/// One request.
#[derive(Clone)]
pub(crate) struct Received {
    pub(crate) method: Method,
    pub(crate) uri: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Received {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

#[derive(Clone, Default)]
struct Inbox {
    received: Arc<Mutex<Vec<Received>>>,
    /// The statuses of the next answers; afterwards 200.
    answers: Arc<Mutex<VecDeque<u16>>>,
}

/// The endpoint.
pub(crate) struct Receiver {
    inbox: Inbox,
    /// Its address, without a slash at the end.
    pub(crate) url: String,
}

impl Receiver {
    pub(crate) async fn open() -> Self {
        Self::answering(&[]).await
    }

    /// One that gives these statuses first.
    pub(crate) async fn answering(statuses: &[u16]) -> Self {
        let receiver = Self::at("127.0.0.1:0").await;
        receiver.inbox.answers.lock().unwrap().extend(statuses);
        receiver
    }

    /// One at an address of its own.
    pub(crate) async fn at(address: &str) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (inbox, router) = Self::router();
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { inbox, url }
    }

    /// One that speaks TLS, with a certificate that it made itself.
    pub(crate) async fn with_tls() -> Self {
        let file = |name: &str| format!("{}/tests/fixtures/{name}", env!("CARGO_MANIFEST_DIR"));
        let (certificate, key) = (file("receiver.pem"), file("receiver.key"));
        let tls = axum_server::tls_rustls::RustlsConfig::from_pem_file(certificate, key);
        let tls = tls.await.unwrap();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let url = format!("https://{}", listener.local_addr().unwrap());
        let (inbox, router) = Self::router();
        let server = axum_server::from_tcp_rustls(listener, tls).unwrap();
        tokio::spawn(async move { server.serve(router.into_make_service()).await });
        Self { inbox, url }
    }

    fn router() -> (Inbox, Router) {
        let inbox = Inbox::default();
        (inbox.clone(), Router::new().fallback(receive).with_state(inbox))
    }

    pub(crate) fn all(&self) -> Vec<Received> {
        self.inbox.received.lock().unwrap().clone()
    }

    pub(crate) fn count(&self) -> usize {
        self.all().len()
    }
}

async fn receive(
    State(inbox): State<Inbox>,
    uri: Uri,
    method: Method,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    let body = String::from_utf8(body.to_vec()).unwrap();
    let uri = uri.to_string();
    inbox.received.lock().unwrap().push(Received { method, uri, headers, body });
    let status = inbox.answers.lock().unwrap().pop_front();
    status.map_or(StatusCode::OK, |status| StatusCode::from_u16(status).unwrap())
}

/// An address where connections are taken and nothing is ever answered.
pub(crate) async fn silent() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/silent", listener.local_addr().unwrap());
    (listener, url)
}
