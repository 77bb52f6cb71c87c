//! The client repeats what may be repeated, each time byte for byte the same.
#![expect(clippy::unwrap_used, reason = "a helper that fails is a failing test")]

mod common;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use common::{key, order_id, raw, swedish};
use klarna::customer_tokens;
use klarna::hpp::Distribution;
use klarna::orders::{self, NewCapture};
use klarna::payments::{NewOrder, NewSession};
use klarna::retry::{Jitter, Policy};
use klarna::{
    AuthorizationToken, CaptureId, Client, CustomerToken, Error, Exchange, Failure, HppSessionId,
    Outcome, Pacing, Phase, RawAnswer, Request, RequestParts, Transport,
};

/// Gives its answers one after the other and remembers what was sent and how long was waited.
#[derive(Clone, Default)]
struct Double {
    answers: Arc<Mutex<Vec<Result<RawAnswer, Failure>>>>,
    sent: Arc<Mutex<Vec<RequestParts>>>,
    waits: Arc<Mutex<Vec<Duration>>>,
}

impl Double {
    fn answering(answers: impl IntoIterator<Item = Result<RawAnswer, Failure>>) -> Self {
        let mut answers: Vec<_> = answers.into_iter().collect();
        answers.reverse();
        Self { answers: Arc::new(Mutex::new(answers)), ..Self::default() }
    }

    fn client(&self) -> Client {
        self.client_with(Policy::default())
    }

    fn client_with(&self, policy: Policy) -> Client {
        let builder = Client::builder().transport(self.clone()).pacing(self.clone());
        builder.retry(policy).build().unwrap()
    }

    fn sent(&self) -> Vec<RequestParts> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn waits(&self) -> Vec<Duration> {
        self.waits.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[async_trait]
impl Transport for Double {
    async fn exchange(&self, request: &Request) -> Exchange {
        self.sent.lock().unwrap().push(request.clone().into_parts());
        let answer = self.answers.lock().unwrap().pop().expect("no answer is left");
        Exchange { answer, duration: Duration::from_millis(7) }
    }
}

#[async_trait]
impl Pacing for Double {
    async fn pause(&self, wait: Duration) {
        self.waits.lock().unwrap().push(wait);
    }

    fn jitter(&self) -> Jitter {
        Jitter(1000)
    }
}

fn captured() -> RawAnswer {
    raw(201, &[("Capture-Id", "c-1")], "")
}

fn unavailable() -> RawAnswer {
    raw(503, &[], "<html>")
}

#[tokio::test]
async fn a_capture_is_repeated_with_its_one_key_and_body() {
    let double =
        Double::answering([Err(Failure::AnswerTimedOut), Ok(unavailable()), Ok(captured())]);
    let capture = NewCapture::builder(100).build().unwrap();
    let answer = double.client().orders().capture(&order_id(), &capture, &key()).await.unwrap();
    assert_eq!(answer.value.as_str(), "c-1");
    let sent = double.sent();
    assert_eq!(sent.len(), 3);
    assert!(sent.iter().all(|request| *request == sent[0]));
    assert_eq!(sent[0].idempotency_key.as_ref(), Some(&key()));
    assert_eq!(double.waits(), [Duration::from_millis(300), Duration::from_millis(600)]);
}

#[tokio::test]
async fn a_stored_request_is_replayed_as_it_was_stored() {
    let capture = NewCapture::builder(100).build().unwrap();
    let request = orders::capture(&order_id(), &capture, &key()).unwrap();
    let stored = serde_json::to_string(&request).unwrap();
    let double = Double::answering([Ok(captured())]);
    let replayed: Request = serde_json::from_str(&stored).unwrap();
    double.client().send::<CaptureId>(&replayed).await.unwrap();
    assert_eq!(double.sent(), [request.into_parts()]);
}

#[tokio::test]
async fn placing_an_order_is_tried_once_where_it_may_have_worked() {
    let token = AuthorizationToken::new("t-1").unwrap();
    let order = NewOrder::of(&NewSession::builder(swedish()).build().unwrap());
    for (answer, phase) in [
        (Err(Failure::AnswerTimedOut), Some(Phase::Answer)),
        (Err(Failure::Lost { status: None }), None),
        (Ok(unavailable()), None),
        (Ok(raw(200, &[], "{")), None),
    ] {
        let double = Double::answering([answer]);
        let error = double.client().payments().place_order(&token, &order).await.unwrap_err();
        assert_eq!(error.outcome(), Outcome::Unknown, "{error}");
        if let Some(expected) = phase {
            assert!(matches!(error, Error::TimedOut { phase, .. } if phase == expected));
        }
        assert_eq!(double.sent().len(), 1);
    }
    let placed = raw(200, &[], r#"{"order_id":"o-1"}"#);
    let limited = raw(429, &[("x-ratelimit-reset", "2")], "");
    let double = Double::answering([Err(Failure::ConnectTimedOut), Ok(limited), Ok(placed)]);
    let answer = double.client().payments().place_order(&token, &order).await.unwrap();
    assert_eq!(answer.value.order_id.as_str(), "o-1");
    assert_eq!(double.waits(), [Duration::from_millis(300), Duration::from_millis(2300)]);
}

#[tokio::test]
async fn a_recurring_charge_is_repeated_with_its_one_key_and_body() {
    let placed = raw(200, &[], r#"{"order_id":"o-1","fraud_status":"ACCEPTED"}"#);
    let double = Double::answering([Err(Failure::AnswerTimedOut), Ok(unavailable()), Ok(placed)]);
    let token = CustomerToken::new("t-1").unwrap();
    let order = customer_tokens::NewOrder::builder(swedish().cart().clone()).build().unwrap();
    let client = double.client();
    let answer = client.customer_tokens().place_order(&token, &order, &key()).await.unwrap();
    assert_eq!(answer.value.order_id.as_str(), "o-1");
    let sent = double.sent();
    assert_eq!(sent.len(), 3);
    assert!(sent.iter().all(|request| *request == sent[0]));
    assert_eq!(sent[0].idempotency_key.as_ref(), Some(&key()));
}

#[tokio::test]
async fn a_link_is_not_sent_to_a_shopper_twice() {
    let session_id = HppSessionId::new("h-1").unwrap();
    let link = Distribution::by_email("greta.lind@mail.example").unwrap();
    let double = Double::answering([Ok(unavailable())]);
    let client = double.client();
    let pages = client.hosted_payment_pages();
    let error = pages.distribute_session(&session_id, &link).await.unwrap_err();
    assert_eq!(error.outcome(), Outcome::Unknown);
    assert_eq!(double.sent().len(), 1);

    let double = Double::answering([Err(Failure::ConnectTimedOut), Ok(raw(204, &[], ""))]);
    let client = double.client();
    client.hosted_payment_pages().distribute_session(&session_id, &link).await.unwrap();
    assert_eq!(double.sent().len(), 2);
}

#[tokio::test]
async fn the_last_ending_is_the_calls() {
    let double = Double::answering([
        Err(Failure::AnswerTimedOut),
        Err(Failure::Connect("refused".to_owned())),
        Ok(unavailable()),
    ]);
    let error = double.client().orders().get(&order_id()).await.unwrap_err();
    assert!(matches!(error, Error::Unavailable { status: 503, .. }), "{error}");
    assert_eq!(double.sent().len(), 3);
}

#[tokio::test]
async fn an_unknown_attempt_is_not_forgotten_when_the_last_one_was_not_sent() {
    let double = Double::answering([
        Err(Failure::AnswerTimedOut),
        Err(Failure::Connect("refused".to_owned())),
        Err(Failure::Connect("refused".to_owned())),
    ]);
    let capture = NewCapture::builder(100).build().unwrap();
    let error = double.client().orders().capture(&order_id(), &capture, &key()).await.unwrap_err();
    assert_eq!(error.outcome(), Outcome::Unknown, "{error}");
}

#[tokio::test]
async fn a_refusal_says_nothing_of_an_attempt_before_it_whose_end_nobody_saw() {
    let refused = || Ok(raw(403, &[], r#"{"error_code":"REFUND_NOT_ALLOWED"}"#));
    for ending in [Ok(unavailable()), Err(Failure::AnswerTimedOut)] {
        let double = Double::answering([ending, refused()]);
        let capture = NewCapture::builder(100).build().unwrap();
        let client = double.client();
        let error = client.orders().capture(&order_id(), &capture, &key()).await.unwrap_err();
        assert_eq!(error.outcome(), Outcome::Unknown, "{error}");
    }
    // A read takes no effect, and one without effect leaves nothing open.
    let double = Double::answering([Ok(unavailable()), refused()]);
    let error = double.client().orders().get(&order_id()).await.unwrap_err();
    assert_eq!(error.outcome(), Outcome::Refused, "{error}");
    let double = Double::answering([Ok(raw(429, &[], "")), refused()]);
    let capture = NewCapture::builder(100).build().unwrap();
    let error = double.client().orders().capture(&order_id(), &capture, &key()).await.unwrap_err();
    assert_eq!(error.outcome(), Outcome::Refused, "{error}");
}

#[tokio::test]
async fn repeating_can_be_switched_off() {
    let double = Double::answering([Ok(unavailable())]);
    let client = double.client_with(Policy::OFF);
    let error = client.orders().get(&order_id()).await.unwrap_err();
    assert!(matches!(error, Error::Unavailable { status: 503, .. }), "{error}");
    assert_eq!(double.sent().len(), 1);
}

#[tokio::test]
async fn a_refusal_is_not_repeated() {
    let body =
        r#"{"error_code":"CAPTURE_NOT_ALLOWED","error_messages":["x"],"correlation_id":"c"}"#;
    let double = Double::answering([Ok(raw(403, &[], body))]);
    let capture = NewCapture::builder(100).build().unwrap();
    let error = double.client().orders().capture(&order_id(), &capture, &key()).await.unwrap_err();
    assert_eq!(error.outcome(), Outcome::Refused);
    assert_eq!(error.refusal().unwrap().error_messages, ["x"]);
    assert_eq!(double.sent().len(), 1);
}
