//! Payments, up to the order.

use klarna::orders::{NewCapture, OrderStatus};
use klarna::payments::{
    Intent, NewCustomerToken, NewOrder, NewSession, SessionStatus, SessionUpdate,
};
use klarna::{Error, ErrorCode, OrderId, Outcome};
use klarna_sandbox::{Config, Sandbox};
use kvitt_money::Cart;
use serde_json::json;

use crate::common::{self, american, key, swedish};
use crate::support::{Klarna, amounts, client};

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
async fn wrong_credentials_are_said_to_be_wrong() {
    let running = Sandbox::start(Config::default()).await.unwrap();
    let session = NewSession::builder(swedish()).build().unwrap();
    let error = client(&running, "wrong").payments().create_session(&session).await.unwrap_err();
    assert!(matches!(error, Error::Unauthorized { .. }), "{error:?}");
    let order = OrderId::new(common::ORDER).unwrap();
    let error = client(&running, "wrong").orders().cancel(&order, &key()).await.unwrap_err();
    assert_eq!(error.outcome(), Outcome::NotSent);
}
