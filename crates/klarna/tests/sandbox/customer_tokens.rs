//! Customer Token: charges without the customer's doing.

use klarna::customer_tokens::{self, TokenStatus};
use klarna::payments::{Intent, NewCustomerToken, NewSession};
use klarna::read::FraudStatus;
use klarna::{CustomerToken, Error, ErrorCode, Method, Outcome, Request};
use serde_json::{Value, json};

use crate::common::swedish;
use crate::support::{Klarna, amounts};

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
    let decline_next = Request::raw(Method::Patch, &path, Some(&json!({"declines": true})), None);
    klarna.client.send::<Value>(&decline_next.unwrap()).await.unwrap();
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
