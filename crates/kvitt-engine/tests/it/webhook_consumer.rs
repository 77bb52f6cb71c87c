//! A shop's server that takes webhooks, as a test wants it to.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use kvitt_engine::webhooks::WebhookSecret;
use secrecy::SecretString;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

/// A message as it came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Received {
    pub(crate) id: String,
    pub(crate) timestamp: i64,
    pub(crate) signatures: Vec<String>,
    pub(crate) body: String,
    /// What it was answered.
    pub(crate) status: u16,
}

impl Received {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    pub(crate) fn kind(&self) -> String {
        self.json()["type"].as_str().unwrap().to_owned()
    }

    pub(crate) fn checkout(&self) -> String {
        self.json()["data"]["checkout"]["id"].as_str().unwrap().to_owned()
    }

    /// Whether one of its signatures is this secret's.
    pub(crate) fn is_signed_with(&self, secret: &SecretString) -> bool {
        let secret = WebhookSecret::parse(secret).unwrap();
        self.signatures.contains(&secret.sign(&self.id, self.timestamp, &self.body))
    }
}

type Answers = dyn Fn(&Received) -> u16 + Send + Sync;

#[derive(Clone)]
pub(crate) struct Consumer {
    pub(crate) url: String,
    shared: Arc<Shared>,
}

struct Shared {
    received: Mutex<Vec<Received>>,
    answers: Mutex<Box<Answers>>,
    /// How many answers may leave.
    gate: Semaphore,
}

impl Consumer {
    /// One that takes everything.
    pub(crate) async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/webhooks?token=of-the-shop", listener.local_addr().unwrap());
        let shared = Arc::new(Shared {
            received: Mutex::default(),
            answers: Mutex::new(Box::new(|_| 204)),
            gate: Semaphore::new(Semaphore::MAX_PERMITS),
        });
        let router = Router::new().fallback(take).with_state(Arc::clone(&shared));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, shared }
    }

    /// From now on it answers like this. A redirect leads back to itself.
    pub(crate) fn answer(&self, answers: impl Fn(&Received) -> u16 + Send + Sync + 'static) {
        *self.shared.answers.lock().unwrap() = Box::new(answers);
    }

    /// From now on it answers nothing until `open_gate`.
    pub(crate) fn close_gate(&self) {
        self.shared.gate.forget_permits(Semaphore::MAX_PERMITS);
    }

    pub(crate) fn open_gate(&self) {
        self.shared.gate.add_permits(1_000_000);
    }

    /// Everything that came in, oldest first.
    pub(crate) fn received(&self) -> Vec<Received> {
        self.shared.received.lock().unwrap().clone()
    }

    /// The types of what came in and was taken, oldest first.
    pub(crate) fn taken(&self) -> Vec<String> {
        let received = self.received();
        received.iter().filter(|it| it.status < 300).map(Received::kind).collect()
    }

    /// Until so many messages have come in.
    pub(crate) async fn until_received(&self, count: usize) {
        for _ in 0..1_000_000 {
            if self.received().len() >= count {
                return;
            }
            tokio::task::yield_now().await;
        }
        panic!("{:?}", self.received());
    }
}

async fn take(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    assert_eq!(headers["content-type"], "application/json");
    let text = |name: &str| headers[name].to_str().unwrap().to_owned();
    let mut received = Received {
        id: text("webhook-id"),
        timestamp: text("webhook-timestamp").parse().unwrap(),
        signatures: text("webhook-signature").split(' ').map(str::to_owned).collect(),
        body: String::from_utf8(body.to_vec()).unwrap(),
        status: 0,
    };
    received.status = (shared.answers.lock().unwrap())(&received);
    let status = StatusCode::from_u16(received.status).unwrap();
    shared.received.lock().unwrap().push(received);
    shared.gate.acquire().await.unwrap().forget();
    (status, [(header::LOCATION, "/elsewhere")], "thank you").into_response()
}
