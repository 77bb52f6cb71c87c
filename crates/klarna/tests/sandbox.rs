//! The client against Klarna offline: every operation of both APIs, and the refusals that matter.
#![expect(clippy::unwrap_used, reason = "a helper that fails is a failing test")]

mod common;

use common::{american, key, swedish};
use klarna::customer_tokens::{self, TokenStatus};
use klarna::orders::{
    AuthorizationUpdate, DueDateExtension, MerchantReferences, NewCapture, NewRefund, OrderStatus,
    ShippingInfo, ShippingMethod,
};
use klarna::payments::{
    Intent, NewCustomerToken, NewOrder, NewSession, SessionStatus, SessionUpdate,
};
use klarna::read::FraudStatus;
use klarna::{
    Address, AuthorizationToken, BaseUrl, CaptureId, Client, Credentials, CustomerToken, Error,
    ErrorCode, IdempotencyKey, Method, OrderId, Outcome, RefundId, Request, SessionId,
};
use klarna_sandbox::{Config, Running, Sandbox};
use kvitt_money::Cart;
use serde_json::{Value, json};

struct Klarna {
    _running: Running,
    client: Client,
    keys: std::cell::Cell<u32>,
}

impl Klarna {
    async fn start() -> Self {
        let running = Sandbox::start(Config::default()).await.unwrap();
        let client = client(&running, "sandbox");
        Self { _running: running, client, keys: std::cell::Cell::new(0) }
    }

    /// A new key for each act.
    fn key(&self) -> IdempotencyKey {
        self.keys.set(self.keys.get() + 1);
        IdempotencyKey::new(format!("act-{}", self.keys.get())).unwrap()
    }

    /// The shopper's step, which is not Klarna's REST API.
    async fn authorize(&self, session_id: &SessionId, outcome: Value) -> AuthorizationToken {
        let path = format!("/sandbox/v1/sessions/{session_id}/authorize");
        let request = Request::raw(Method::Post, &path, Some(&outcome), None).unwrap();
        let answer = self.client.send::<Value>(&request).await.unwrap().value;
        AuthorizationToken::new(answer["authorization_token"].as_str().unwrap()).unwrap()
    }

    async fn place(&self, session: &NewSession) -> OrderId {
        let created = self.client.payments().create_session(session).await.unwrap().value;
        let token = self.authorize(&created.session_id, json!({"outcome": "approved"})).await;
        let order = NewOrder::of(session);
        let placed = self.client.payments().place_order(&token, &order).await.unwrap().value;
        assert_eq!(placed.fraud_status, Some(FraudStatus::Accepted));
        placed.order_id
    }

    async fn order(&self, order_id: &OrderId) -> klarna::orders::Order {
        self.client.orders().get(order_id).await.unwrap().value
    }

    async fn swedish_order(&self) -> OrderId {
        self.place(&NewSession::builder(swedish()).build().unwrap()).await
    }
}

fn client(running: &Running, password: &str) -> Client {
    Client::builder()
        .base_url(BaseUrl::custom(&running.url()).unwrap())
        .credentials(Credentials::username_password("PK00000_sandbox", password))
        .build()
        .unwrap()
}

fn amounts(order: &klarna::orders::Order) -> (i64, i64, i64, i64) {
    (
        order.order_amount,
        order.captured_amount,
        order.refunded_amount,
        order.remaining_authorized_amount,
    )
}

#[tokio::test]
async fn a_session_is_created_changed_read_and_cancelled() {
    let klarna = Klarna::start().await;
    let payments = klarna.client.payments();
    let session = NewSession::builder(swedish()).merchant_reference1("17").build().unwrap();
    let created = payments.create_session(&session).await.unwrap();
    assert!(created.correlation_id.is_some());
    assert!(!created.value.client_token.expose().is_empty());
    assert!(!created.value.payment_method_categories.is_empty());
    let id = created.value.session_id;

    let update = SessionUpdate::builder().merchant_reference1("18").build().unwrap();
    payments.update_session(&id, &update).await.unwrap();
    let read = payments.read_session(&id).await.unwrap().value;
    assert_eq!(read.status, Some(SessionStatus::Incomplete));
    assert_eq!(read.order_amount, Some(29_800));
    assert_eq!(read.merchant_reference1.as_deref(), Some("18"));
    assert_eq!(read.order_lines.len(), 2);
    assert_eq!(read.authorization_token, None);

    let token = klarna.authorize(&id, json!({"outcome": "approved"})).await;
    let read = payments.read_session(&id).await.unwrap().value;
    assert_eq!(read.authorization_token, Some(token.clone()));
    payments.cancel_authorization(&token).await.unwrap();
    let error = payments.place_order(&token, &NewOrder::of(&session)).await.unwrap_err();
    assert_eq!(error.error_code(), Some(&ErrorCode::NotFound));
    assert_eq!(error.outcome(), Outcome::Refused);
    assert_eq!(error.status(), Some(404));
    assert!(error.correlation_id().is_some());
}

#[tokio::test]
async fn two_captures_a_refund_and_every_amount() {
    let klarna = Klarna::start().await;
    let orders = klarna.client.orders();
    let session = NewSession::builder(swedish()).build().unwrap();
    let id = klarna.place(&session).await;
    let order = klarna.order(&id).await;
    assert_eq!(order.status, OrderStatus::Authorized);
    assert_eq!(amounts(&order), (29_800, 0, 0, 29_800));
    orders.acknowledge(&id, &klarna.key()).await.unwrap();

    let lines = session.purchase().cart().order_lines();
    let jumper = lines[0].portion(0, 1).unwrap();
    let parcel = ShippingInfo::builder()
        .shipping_company("Bring")
        .shipping_method(ShippingMethod::Home)
        .build();
    let capture = NewCapture::builder(24_900)
        .order_lines(vec![jumper.clone()])
        .reference("c-1")
        .description("Jumper")
        .shipping_info(vec![parcel.clone()])
        .build()
        .unwrap();
    let one_key = klarna.key();
    let first = orders.capture(&id, &capture, &one_key).await.unwrap().value;
    let again = orders.capture(&id, &capture, &one_key).await.unwrap().value;
    assert_eq!(first, again, "one key, one capture");
    let order = klarna.order(&id).await;
    assert_eq!(order.status, OrderStatus::PartCaptured);
    assert_eq!(amounts(&order), (29_800, 24_900, 0, 4_900));

    let freight = NewCapture::builder(4_900).build().unwrap();
    let second = orders.capture(&id, &freight, &klarna.key()).await.unwrap().value;
    assert_ne!(first, second);
    let refund = NewRefund::builder(24_900).order_lines(vec![jumper]).build().unwrap();
    let refund_id = orders.refund(&id, &refund, &klarna.key()).await.unwrap().value;
    let order = klarna.order(&id).await;
    assert_eq!(order.status, OrderStatus::Captured);
    assert_eq!(amounts(&order), (29_800, 29_800, 24_900, 0));

    let captures = orders.captures(&id).await.unwrap().value;
    assert_eq!(captures.len(), 2);
    let read = orders.capture_by_id(&id, &first).await.unwrap().value;
    assert_eq!(read.captured_amount, 24_900);
    assert_eq!(read.shipping_info[0].shipping_company.as_deref(), Some("Bring"));
    let read = orders.refund_by_id(&id, &refund_id).await.unwrap().value;
    assert_eq!(read.refunded_amount, 24_900);

    orders.add_capture_shipping_info(&id, &second, &[parcel], &klarna.key()).await.unwrap();
    orders.trigger_send_out(&id, &second, &klarna.key()).await.unwrap();
    let over = NewRefund::builder(4_901).build().unwrap();
    let error = orders.refund(&id, &over, &klarna.key()).await.unwrap_err();
    assert_eq!(error.error_code(), Some(&ErrorCode::RefundNotAllowed));
}

#[tokio::test]
async fn a_due_date_moves_by_what_is_offered() {
    let klarna = Klarna::start().await;
    let orders = klarna.client.orders();
    let id = klarna.swedish_order().await;
    let capture = NewCapture::builder(29_800).build().unwrap();
    let capture = orders.capture(&id, &capture, &klarna.key()).await.unwrap().value;
    let offered = orders.extend_due_date_options(&id, &capture).await.unwrap().value;
    let days = offered.options[0].number_of_days.unwrap();
    let extension = DueDateExtension::days(days).unwrap();
    orders.extend_due_date(&id, &capture, extension, &klarna.key()).await.unwrap();
}

#[tokio::test]
async fn an_order_is_changed_released_and_cancelled() {
    let klarna = Klarna::start().await;
    let orders = klarna.client.orders();
    let id = klarna.swedish_order().await;

    let parcel = ShippingInfo::builder().shipping_company("Bring").build();
    orders.add_shipping_info(&id, &[parcel], &klarna.key()).await.unwrap();
    let references = MerchantReferences::builder().merchant_reference1("19").build();
    orders.update_merchant_references(&id, &references, &klarna.key()).await.unwrap();
    let address = Address::builder()
        .given_name("Alice")
        .family_name("Test")
        .city("Lund")
        .street_address("Torget 1")
        .postal_code("22350")
        .country("SE")
        .build();
    orders.update_customer_details(&id, &address, &klarna.key()).await.unwrap();
    orders.extend_authorization_time(&id, &klarna.key()).await.unwrap();
    let jumper = swedish().cart().order_lines()[0].clone();
    let smaller = Cart::sum(kvitt_money::Country::SE, vec![jumper]).unwrap();
    let update = AuthorizationUpdate::to_cart(smaller).description("No freight").unwrap();
    orders.update_authorization(&id, &update, &klarna.key()).await.unwrap();
    let order = klarna.order(&id).await;
    assert_eq!(amounts(&order), (24_900, 0, 0, 24_900));
    assert_eq!(order.merchant_reference1.as_deref(), Some("19"));
    assert_eq!(order.order_lines.len(), 1);
    assert_eq!(order.shipping_address.unwrap().city.as_deref(), Some("Lund"));

    let error = orders.release_remaining_authorization(&id, &klarna.key()).await.unwrap_err();
    assert_eq!(error.error_code(), Some(&ErrorCode::NotAllowed));
    let half = NewCapture::builder(10_000).build().unwrap();
    orders.capture(&id, &half, &klarna.key()).await.unwrap();
    let error = orders.cancel(&id, &klarna.key()).await.unwrap_err();
    assert_eq!(error.error_code(), Some(&ErrorCode::CancelNotAllowed));
    let over = NewCapture::builder(14_901).build().unwrap();
    let error = orders.capture(&id, &over, &klarna.key()).await.unwrap_err();
    assert_eq!(error.error_code(), Some(&ErrorCode::CaptureNotAllowed));
    assert_eq!(error.outcome(), Outcome::Refused);
    orders.release_remaining_authorization(&id, &klarna.key()).await.unwrap();
    assert_eq!(klarna.order(&id).await.remaining_authorized_amount, 0);

    let other = klarna.swedish_order().await;
    orders.cancel(&other, &klarna.key()).await.unwrap();
    assert_eq!(klarna.order(&other).await.status, OrderStatus::Cancelled);
}

#[tokio::test]
async fn an_american_cart_is_accepted() {
    let klarna = Klarna::start().await;
    let id = klarna.place(&NewSession::builder(american()).build().unwrap()).await;
    assert_eq!(amounts(&klarna.order(&id).await), (2_165, 0, 0, 2_165));
    let mugs = american().cart().order_lines()[0].portion(0, 2).unwrap();
    let capture = NewCapture::builder(2_000).order_lines(vec![mugs]).build().unwrap();
    klarna.client.orders().capture(&id, &capture, &klarna.key()).await.unwrap();
}

#[tokio::test]
async fn an_order_may_be_captured_at_once() {
    let klarna = Klarna::start().await;
    let session = NewSession::builder(swedish()).build().unwrap();
    let created = klarna.client.payments().create_session(&session).await.unwrap().value;
    let token = klarna.authorize(&created.session_id, json!({"outcome": "approved"})).await;
    let order = NewOrder::of(&session).auto_capture(true);
    let placed = klarna.client.payments().place_order(&token, &order).await.unwrap().value;
    let order = klarna.order(&placed.order_id).await;
    assert_eq!(order.status, OrderStatus::Captured);
}

#[tokio::test]
async fn another_cart_than_the_authorized_one_is_a_mismatch() {
    let klarna = Klarna::start().await;
    let payments = klarna.client.payments();
    let session = NewSession::builder(swedish()).build().unwrap();
    let created = payments.create_session(&session).await.unwrap().value;
    let token = klarna.authorize(&created.session_id, json!({"outcome": "approved"})).await;
    let jumper = swedish().cart().order_lines()[0].clone();
    let smaller = Cart::sum(kvitt_money::Country::SE, vec![jumper]).unwrap();
    let purchase = klarna::payments::Purchase::new(swedish().market(), smaller).unwrap();
    let order = NewOrder::builder(purchase).build().unwrap();
    let error = payments.place_order(&token, &order).await.unwrap_err();
    let refusal = error.refusal().unwrap();
    assert_eq!((refusal.status, &refusal.error_code), (409, &Some(ErrorCode::BadValue)));
    assert!(!refusal.order_may_exist());
}

#[tokio::test]
async fn a_completed_session_says_that_an_order_exists() {
    let klarna = Klarna::start().await;
    let payments = klarna.client.payments();
    let session = NewSession::builder(swedish()).build().unwrap();
    let created = payments.create_session(&session).await.unwrap().value;
    let token = klarna.authorize(&created.session_id, json!({"outcome": "approved"})).await;
    payments.place_order(&token, &NewOrder::of(&session)).await.unwrap();
    let update = SessionUpdate::builder().merchant_reference1("x").build().unwrap();
    let error = payments.update_session(&created.session_id, &update).await.unwrap_err();
    assert_eq!(error.error_code(), Some(&ErrorCode::SessionCompleted));
    assert!(error.refusal().unwrap().order_may_exist());
}

#[tokio::test]
async fn a_customer_token_is_for_sessions_that_ask_for_one() {
    let klarna = Klarna::start().await;
    let payments = klarna.client.payments();
    let token = NewCustomerToken::builder(swedish().market(), "Wool a month").build().unwrap();
    for (intent, allowed) in [(Intent::BuyAndTokenize, true), (Intent::Buy, false)] {
        let session = NewSession::builder(swedish()).intent(intent).build().unwrap();
        let created = payments.create_session(&session).await.unwrap().value;
        let leave = klarna.authorize(&created.session_id, json!({"outcome": "approved"})).await;
        match payments.create_customer_token(&leave, &token).await {
            Ok(created) if allowed => assert!(!created.value.token_id.expose().is_empty()),
            Err(error) if !allowed => {
                assert_eq!(error.error_code(), Some(&ErrorCode::InvalidOperation));
            }
            other => panic!("{intent:?}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn what_does_not_exist_is_refused() {
    let klarna = Klarna::start().await;
    let orders = klarna.client.orders();
    let nobody = OrderId::new("00000000-0000-4000-8000-000000000000").unwrap();
    let error = orders.get(&nobody).await.unwrap_err();
    assert_eq!(error.error_code(), Some(&ErrorCode::NoSuchOrder));
    let odd = OrderId::new("../sessions").unwrap();
    let error = orders.get(&odd).await.unwrap_err();
    assert_eq!(error.outcome(), Outcome::Refused, "{error:?}");
    let id = klarna.swedish_order().await;
    let capture = CaptureId::new(nobody.as_str()).unwrap();
    assert_eq!(orders.capture_by_id(&id, &capture).await.unwrap_err().status(), Some(404));
    let refund = RefundId::new(nobody.as_str()).unwrap();
    assert_eq!(orders.refund_by_id(&id, &refund).await.unwrap_err().status(), Some(404));
}

#[tokio::test]
async fn wrong_credentials_are_said_to_be_wrong() {
    let running = Sandbox::start(Config::default()).await.unwrap();
    let session = NewSession::builder(swedish()).build().unwrap();
    let error = client(&running, "wrong").payments().create_session(&session).await.unwrap_err();
    assert!(matches!(error, Error::Unauthorized { .. }), "{error:?}");
    let order = OrderId::new(common::ORDER).unwrap();
    let error = client(&running, "wrong").orders().cancel(&order, &key()).await.unwrap_err();
    assert_eq!(error.outcome(), Outcome::NotSent);
}

#[tokio::test]
async fn a_subscription_is_charged_by_its_token_until_it_is_cancelled() {
    let klarna = Klarna::start().await;
    let tokenize = NewSession::builder(swedish()).intent(Intent::Tokenize).build().unwrap();
    let created = klarna.client.payments().create_session(&tokenize).await.unwrap().value;
    let authorization = klarna.authorize(&created.session_id, json!({"outcome": "approved"})).await;
    let wish = NewCustomerToken::builder(swedish().market(), "Wool a month").build().unwrap();
    let payments = klarna.client.payments();
    let made = payments.create_customer_token(&authorization, &wish).await.unwrap().value;
    let (tokens, token) = (klarna.client.customer_tokens(), made.token_id);

    let details = tokens.read(&token).await.unwrap().value;
    assert_eq!(details.status, TokenStatus::Active);
    let order = customer_tokens::NewOrder::builder(swedish().cart().clone()).build().unwrap();
    let first_month = klarna.key();
    let first = tokens.place_order(&token, &order, &first_month).await.unwrap().value;
    let again = tokens.place_order(&token, &order, &first_month).await.unwrap().value;
    let second = tokens.place_order(&token, &order, &klarna.key()).await.unwrap().value;
    assert_eq!(first.order_id, again.order_id);
    assert_ne!(first.order_id, second.order_id);
    assert_eq!(amounts(&klarna.order(&first.order_id).await), (29_800, 0, 0, 29_800));

    let path = format!("/sandbox/v1/customer-tokens/{}", token.expose());
    let declines = Request::raw(Method::Patch, &path, Some(&json!({"declines": true})), None);
    klarna.client.send::<Value>(&declines.unwrap()).await.unwrap();
    let declined = tokens.place_order(&token, &order, &klarna.key()).await.unwrap_err();
    assert_eq!(declined.error_code(), Some(&ErrorCode::PaymentMethodFailed));
    let Error::Refused(refusal) = &declined else { panic!("{declined}") };
    assert_eq!(refusal.fraud_status, Some(FraudStatus::Rejected));

    tokens.cancel(&token).await.unwrap();
    assert_eq!(tokens.read(&token).await.unwrap().value.status, TokenStatus::Cancelled);
    let cancelled = tokens.place_order(&token, &order, &klarna.key()).await.unwrap_err();
    assert_eq!(cancelled.outcome(), Outcome::Refused);
    let unknown = CustomerToken::new("none").unwrap();
    let error = tokens.read(&unknown).await.unwrap_err();
    assert_eq!(error.error_code(), Some(&ErrorCode::TokenNotFound));
}
