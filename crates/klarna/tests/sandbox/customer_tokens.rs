//! Customer Token: charges without the customer's doing.

use klarna::customer_tokens::{self, MerchantUrls, TokenStatus};
use klarna::orders::{NewCapture, OrderStatus};
use klarna::payments::{Attachment, Intent, NewCustomerToken, NewSession};
use klarna::read::{FraudStatus, PaymentMethodType};
use klarna::{
    Address, CustomerToken, Error, ErrorCode, IdempotencyKey, Method, OrderId, Outcome, Private,
    Request,
};
use kvitt_money::{Cart, Country, OrderLine, Subscription, SubscriptionInterval, TaxRate};
use serde_json::{Value, json};

use crate::common::{american, swedish};
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

/// A token of a shopper who agreed, and how they pay.
async fn token(klarna: &Klarna, email: &str, payment_method: &str) -> CustomerToken {
    let address = Address::builder()
        .given_name("Alice")
        .family_name("Test")
        .email(email)
        .street_address("Torget 1")
        .postal_code("22350")
        .city("Lund")
        .country("SE")
        .build();
    let session = NewSession::builder(swedish()).intent(Intent::Tokenize).billing_address(address);
    let payments = klarna.client.payments();
    let created = payments.create_session(&session.build().unwrap()).await.unwrap().value;
    let outcome = json!({"outcome": "approved", "payment_method": payment_method});
    let leave = klarna.authorize(&created.session_id, outcome).await;
    let wish = NewCustomerToken::builder(swedish().market(), "Wool a month").build().unwrap();
    payments.create_customer_token(&leave, &wish).await.unwrap().value.token_id
}

async fn changed(klarna: &Klarna, token: &CustomerToken, change: Value) {
    let path = format!("customer-tokens/{}", token.expose());
    klarna.control(Method::Patch, &path, Some(&change)).await;
}

async fn charge(
    klarna: &Klarna,
    token: &CustomerToken,
    key: &IdempotencyKey,
) -> Result<OrderId, Error> {
    let order = customer_tokens::NewOrder::builder(swedish().cart().clone()).build().unwrap();
    let placed = klarna.client.customer_tokens().place_order(token, &order, key).await?.value;
    Ok(placed.order_id)
}

#[tokio::test]
async fn a_charge_keeps_what_was_said_and_is_captured_in_parts() {
    let klarna = Klarna::start().await;
    let token = token(&klarna, "customer@email.se", "invoice").await;
    let wool = OrderLine::tax_inclusive("Wool, May", 11_900, TaxRate::new(2500).unwrap(), 2)
        .unwrap()
        .with(|line| {
            line.subscription = Some(Subscription {
                name: "Wool a month".to_owned(),
                interval: SubscriptionInterval::Month,
                interval_count: 1,
            });
        })
        .unwrap();
    let urls = MerchantUrls::builder("https://shop.example/thanks").build().unwrap();
    let order = customer_tokens::NewOrder::builder(Cart::sum(Country::SE, vec![wool]).unwrap())
        .shipping_address(Address::builder().city("Malmö").country("SE").build())
        .merchant_reference1("subscription 17, May")
        .merchant_reference2("17")
        .merchant_data("{\"round\":5}")
        .merchant_urls(urls)
        .attachment(Attachment { body: "{}".into(), content_type: "application/json".to_owned() })
        .build()
        .unwrap();
    let tokens = klarna.client.customer_tokens();
    let placed = tokens.place_order(&token, &order, &klarna.key()).await.unwrap().value;
    assert_eq!(placed.fraud_status, Some(FraudStatus::Accepted));
    let method = placed.authorized_payment_method.unwrap().r#type;
    assert_eq!(method, Some(PaymentMethodType::Invoice));
    assert!(placed.redirect_url.is_some(), "there is a confirmation to come back to");

    let id = placed.order_id;
    let read = klarna.order(&id).await;
    assert_eq!((read.country(), read.locale.as_deref()), (Some(Country::SE), Some("sv-SE")));
    assert_eq!(read.merchant_reference1.as_deref(), Some("subscription 17, May"));
    assert_eq!(read.merchant_reference2.as_deref(), Some("17"));
    assert_eq!(read.merchant_data.as_ref().unwrap().expose(), "{\"round\":5}");
    // The billing address is the token's.
    assert_eq!(read.billing_address.as_ref().unwrap().city.as_deref(), Some("Lund"));
    assert_eq!(read.shipping_address.as_ref().unwrap().city.as_deref(), Some("Malmö"));
    assert_eq!(read.order_lines[0].name.as_deref(), Some("Wool, May"));

    let orders = klarna.client.orders();
    let half = order.cart().order_lines()[0].portion(0, 1).unwrap();
    for captured in [11_900, 23_800] {
        let lines = vec![half.clone()];
        let capture = NewCapture::builder(11_900).order_lines(lines).build().unwrap();
        orders.capture(&id, &capture, &klarna.key()).await.unwrap();
        let left = 23_800 - captured;
        assert_eq!(amounts(&klarna.order(&id).await), (23_800, captured, 0, left));
    }
    assert_eq!(klarna.order(&id).await.status, OrderStatus::Captured);
}

#[tokio::test]
async fn a_charge_may_be_captured_at_once() {
    let klarna = Klarna::start().await;
    let token = token(&klarna, "customer@email.se", "invoice").await;
    let order = customer_tokens::NewOrder::builder(swedish().cart().clone())
        .auto_capture(true)
        .build()
        .unwrap();
    let key = klarna.key();
    let tokens = klarna.client.customer_tokens();
    let placed = tokens.place_order(&token, &order, &key).await.unwrap().value;
    assert_eq!(placed.redirect_url, None);
    let again = tokens.place_order(&token, &order, &key).await.unwrap().value;
    assert_eq!(placed.order_id, again.order_id);
    let read = klarna.order(&placed.order_id).await;
    assert_eq!((&read.status, read.captures.len()), (&OrderStatus::Captured, 1));
    assert_eq!(amounts(&read), (29_800, 29_800, 0, 0));
}

#[tokio::test]
async fn a_suspended_token_may_come_back_and_a_cancelled_one_does_not() {
    let klarna = Klarna::start().await;
    let token = token(&klarna, "customer@email.se", "invoice").await;
    let tokens = klarna.client.customer_tokens();
    let before = charge(&klarna, &token, &klarna.key()).await.unwrap();

    changed(&klarna, &token, json!({"status": "SUSPENDED"})).await;
    assert_eq!(tokens.read(&token).await.unwrap().value.status, TokenStatus::Suspended);
    let error = charge(&klarna, &token, &klarna.key()).await.unwrap_err();
    assert_eq!(error.error_code(), Some(&ErrorCode::TokenSuspended));
    assert_eq!((error.status(), error.outcome()), (Some(403), Outcome::Refused));
    assert!(error.to_string().ends_with("let the customer agree to a new one"), "{error}");
    changed(&klarna, &token, json!({"status": "ACTIVE"})).await;
    charge(&klarna, &token, &klarna.key()).await.unwrap();

    for _ in 0..2 {
        tokens.cancel(&token).await.unwrap();
        assert_eq!(tokens.read(&token).await.unwrap().value.status, TokenStatus::Cancelled);
    }
    let error = charge(&klarna, &token, &klarna.key()).await.unwrap_err();
    assert_eq!(error.error_code(), Some(&ErrorCode::TokenCanceled));
    assert_eq!((error.status(), error.outcome()), (Some(403), Outcome::Refused));
    let capture = NewCapture::builder(29_800).build().unwrap();
    klarna.client.orders().capture(&before, &capture, &klarna.key()).await.unwrap();
}

#[tokio::test]
async fn a_declined_charge_is_tried_again_with_a_new_key() {
    let klarna = Klarna::start().await;
    let token = token(&klarna, "customer@email.se", "direct_debit").await;
    changed(&klarna, &token, json!({"declines": true})).await;
    let key = klarna.key();
    let error = charge(&klarna, &token, &key).await.unwrap_err();
    let refusal = error.refusal().unwrap();
    assert_eq!(refusal.error_code, Some(ErrorCode::PaymentMethodFailed));
    assert_eq!(refusal.reason.as_deref(), Some("rejected"));
    let method = refusal.authorized_payment_method.as_ref().unwrap();
    assert_eq!(method.r#type, Some(PaymentMethodType::DirectDebit));

    changed(&klarna, &token, json!({"declines": false})).await;
    let again = charge(&klarna, &token, &key).await.unwrap_err();
    assert_eq!(again.refusal(), error.refusal(), "the old key has its answer");
    charge(&klarna, &token, &klarna.key()).await.unwrap();
}

#[tokio::test]
async fn a_test_person_declines_every_charge() {
    let klarna = Klarna::start().await;
    let token = token(&klarna, "customer+denied@email.se", "invoice").await;
    for _ in 0..2 {
        let error = charge(&klarna, &token, &klarna.key()).await.unwrap_err();
        assert_eq!(error.error_code(), Some(&ErrorCode::PaymentMethodFailed));
    }
    let details = klarna.client.customer_tokens().read(&token).await.unwrap().value;
    assert_eq!(details.status, TokenStatus::Active, "the token stays good");
}

#[tokio::test]
async fn a_token_says_how_it_is_paid_and_no_more() {
    let klarna = Klarna::start().await;
    for (payment_method, has_card, has_account) in
        [("invoice", false, false), ("card", true, false), ("direct_debit", false, true)]
    {
        let token = token(&klarna, "customer@email.se", payment_method).await;
        let details = klarna.client.customer_tokens().read(&token).await.unwrap().value;
        let expected = payment_method.to_uppercase();
        assert_eq!(details.payment_method_type.as_deref(), Some(&*expected));
        let masked = |number: Option<Private>| number.unwrap().expose().contains("****");
        assert_eq!(details.card.is_some(), has_card, "{payment_method}");
        assert_eq!(details.direct_debit.is_some(), has_account, "{payment_method}");
        if let Some(card) = details.card {
            assert!(card.brand.is_some() && card.expiry_date.is_some());
            assert!(masked(card.masked_number));
        }
        if let Some(account) = details.direct_debit {
            assert!(masked(account.masked_number));
        }
    }
}

#[tokio::test]
async fn what_the_token_does_not_fit_is_refused() {
    let klarna = Klarna::start().await;
    let tokens = klarna.client.customer_tokens();
    let unknown = CustomerToken::new("../tokens").unwrap();
    let not_found = Some(ErrorCode::TokenNotFound);
    for error in [
        tokens.read(&unknown).await.unwrap_err(),
        tokens.cancel(&unknown).await.unwrap_err(),
        charge(&klarna, &unknown, &klarna.key()).await.unwrap_err(),
    ] {
        assert_eq!((error.status(), error.error_code()), (Some(404), not_found.as_ref()));
    }
    let swedish = token(&klarna, "customer@email.se", "invoice").await;
    let dollars = customer_tokens::NewOrder::builder(american().cart().clone()).build().unwrap();
    let error = tokens.place_order(&swedish, &dollars, &klarna.key()).await.unwrap_err();
    let refusal = error.refusal().unwrap();
    assert_eq!((refusal.status, &refusal.error_code), (400, &Some(ErrorCode::BadRequest)));
    assert_eq!(refusal.error_messages, ["Bad value: purchase_currency"]);
}

#[tokio::test]
async fn the_most_that_may_be_said_of_a_line_is_accepted() {
    let klarna = Klarna::start().await;
    let token = token(&klarna, "customer@email.se", "invoice").await;
    let dearest = OrderLine::tax_inclusive("Wool", 100_000_000, TaxRate::new(2500).unwrap(), 1)
        .unwrap()
        .with(|line| line.merchant_data = Some("å".repeat(255)))
        .unwrap();
    // The whole order has no such limit.
    let cart = Cart::sum(Country::SE, vec![dearest.clone(), dearest]).unwrap();
    let order = customer_tokens::NewOrder::builder(cart).build().unwrap();
    let tokens = klarna.client.customer_tokens();
    let placed = tokens.place_order(&token, &order, &klarna.key()).await.unwrap().value;
    assert_eq!(klarna.order(&placed.order_id).await.order_amount, 200_000_000);
}
