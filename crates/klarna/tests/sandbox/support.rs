//! A running sandbox, a client of it, and the steps that are not Klarna's REST API.

use klarna::payments::{NewOrder, NewSession};
use klarna::read::FraudStatus;
use klarna::{
    AuthorizationToken, BaseUrl, Client, Credentials, IdempotencyKey, Method, OrderId, Request,
    SessionId,
};
use klarna_sandbox::{Config, Running, Sandbox};
use serde_json::{Value, json};

use crate::common::swedish;

pub(crate) struct Klarna {
    _running: Running,
    pub(crate) client: Client,
    keys: std::cell::Cell<u32>,
}

impl Klarna {
    pub(crate) async fn start() -> Self {
        let running = Sandbox::start(Config::default()).await.unwrap();
        let client = client(&running, "sandbox");
        Self { _running: running, client, keys: std::cell::Cell::new(0) }
    }

    /// A new key for each act.
    pub(crate) fn key(&self) -> IdempotencyKey {
        self.keys.set(self.keys.get() + 1);
        IdempotencyKey::new(format!("act-{}", self.keys.get())).unwrap()
    }

    /// A call of the control API, which Klarna does not have.
    pub(crate) async fn control(&self, method: Method, path: &str, body: Option<&Value>) -> Value {
        let path = format!("/sandbox/v1/{path}");
        let request = Request::raw(method, &path, body, None).unwrap();
        self.client.send(&request).await.unwrap().value
    }

    /// The shopper's step, which is not Klarna's REST API.
    pub(crate) async fn authorize(
        &self,
        session_id: &SessionId,
        outcome: Value,
    ) -> AuthorizationToken {
        let path = format!("sessions/{session_id}/authorize");
        let answer = self.control(Method::Post, &path, Some(&outcome)).await;
        AuthorizationToken::new(answer["authorization_token"].as_str().unwrap()).unwrap()
    }

    pub(crate) async fn place(&self, session: &NewSession) -> OrderId {
        let created = self.client.payments().create_session(session).await.unwrap().value;
        let token = self.authorize(&created.session_id, json!({"outcome": "approved"})).await;
        let order = NewOrder::of(session);
        let placed = self.client.payments().place_order(&token, &order).await.unwrap().value;
        assert_eq!(placed.fraud_status, Some(FraudStatus::Accepted));
        placed.order_id
    }

    pub(crate) async fn order(&self, order_id: &OrderId) -> klarna::orders::Order {
        self.client.orders().get(order_id).await.unwrap().value
    }

    pub(crate) async fn swedish_order(&self) -> OrderId {
        self.place(&NewSession::builder(swedish()).build().unwrap()).await
    }
}

pub(crate) fn client(running: &Running, password: &str) -> Client {
    Client::builder()
        .base_url(BaseUrl::custom(&running.url()).unwrap())
        .credentials(Credentials::username_password("PK00000_sandbox", password))
        .build()
        .unwrap()
}

pub(crate) fn amounts(order: &klarna::orders::Order) -> (i64, i64, i64, i64) {
    (
        order.order_amount,
        order.captured_amount,
        order.refunded_amount,
        order.remaining_authorized_amount,
    )
}
