//! Customer Token: what goes out, what is refused before, and what comes back.
#![expect(clippy::unwrap_used, reason = "a helper that fails is a failing test")]

mod common;

use common::{american, key, raw, read, swedish};
use klarna::customer_tokens::{self, MerchantUrls, NewOrder, TokenDetails, TokenStatus};
use klarna::payments::{Attachment, PlacedOrder};
use klarna::read::{FraudStatus, PaymentMethodType};
use klarna::{
    Address, BaseUrl, Client, Credentials, CustomerToken, Error, ErrorCode, Operation, Outcome,
    Request,
};
use kvitt_money::{Cart, Country, OrderLine, Subscription, SubscriptionInterval, TaxRate};
use serde_json::{Value, json};
use wiremock::matchers::{body_json, header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

const READ: &str = include_str!("fixtures/customer_token_read.json");
const DECLINED: &str = include_str!("fixtures/customer_token_order_declined.json");

fn token() -> CustomerToken {
    CustomerToken::new("tok/../en").unwrap()
}

fn body(request: &Request) -> Value {
    serde_json::from_str(request.body().unwrap()).unwrap()
}

fn sent(request: &Request) -> (Operation, &str, &str) {
    (request.operation(), request.method().as_str(), request.path())
}

fn order(cart: &Cart) -> NewOrder {
    NewOrder::builder(cart.clone()).build().unwrap()
}

fn placed(new_order: &NewOrder) -> Value {
    body(&customer_tokens::place_order(&token(), new_order, &key()).unwrap())
}

#[test]
fn an_order_holds_the_cart_and_nothing_that_was_not_said() {
    let new_order = order(swedish().cart());
    let request = customer_tokens::place_order(&token(), &new_order, &key()).unwrap();
    let path = "/customer-token/v1/tokens/tok%2F..%2Fen/order";
    assert_eq!(sent(&request), (Operation::PlaceCustomerTokenOrder, "POST", path));
    assert_eq!(request.idempotency_key(), Some(&key()));
    assert_eq!(
        body(&request),
        json!({
            "purchase_currency": "SEK", "order_amount": 29_800, "order_tax_amount": 5_960,
            "order_lines": [
                {"type": "physical", "name": "Jumper", "quantity": 1, "unit_price": 24_900,
                 "tax_rate": 2500, "total_amount": 24_900, "total_tax_amount": 4_980},
                {"type": "shipping_fee", "name": "Freight", "quantity": 1, "unit_price": 4_900,
                 "tax_rate": 2500, "total_amount": 4_900, "total_tax_amount": 980},
            ],
        })
    );
    let sent = placed(&order(american().cart()));
    assert_eq!(
        (&sent["purchase_currency"], &sent["order_tax_amount"]),
        (&json!("USD"), &json!(165))
    );
    assert_eq!(sent["order_lines"][0].get("tax_rate"), None);
}

#[test]
fn everything_that_can_be_said_is_sent() {
    let coffee = line(11_900)
        .with(|line| {
            line.subscription = Some(Subscription {
                name: "Monthly".to_owned(),
                interval: SubscriptionInterval::Month,
                interval_count: 2,
            });
        })
        .unwrap();
    let urls = MerchantUrls::builder("https://s.example/c").push("https://s.example/p");
    let new_order = NewOrder::builder(Cart::sum(Country::SE, vec![coffee]).unwrap())
        .shipping_address(Address::builder().city("Lund").phone("+4670").build())
        .merchant_reference1("17")
        .merchant_reference2("18")
        .merchant_data("{}")
        .merchant_urls(urls.build().unwrap())
        .attachment(Attachment { body: "{}".into(), content_type: "application/json".to_owned() })
        .auto_capture(true)
        .build()
        .unwrap();
    assert_eq!(new_order.cart().totals().order_amount, 11_900);
    let sent = placed(&new_order);
    for (member, value) in [
        ("shipping_address", json!({"city": "Lund", "phone": "+4670"})),
        ("merchant_reference1", json!("17")),
        ("merchant_reference2", json!("18")),
        ("merchant_data", json!("{}")),
        (
            "merchant_urls",
            json!({"confirmation": "https://s.example/c", "push": "https://s.example/p"}),
        ),
        ("attachment", json!({"body": "{}", "content_type": "application/json"})),
        ("auto_capture", json!(true)),
    ] {
        assert_eq!(sent[member], value, "{member}");
    }
    assert_eq!(
        sent["order_lines"][0]["subscription"],
        json!({"name": "Monthly", "interval": "MONTH", "interval_count": 2})
    );
}

#[test]
fn the_other_two_requests() {
    let read = customer_tokens::read(&token()).unwrap();
    let path = "/customer-token/v1/tokens/tok%2F..%2Fen";
    assert_eq!(sent(&read), (Operation::ReadCustomerToken, "GET", path));
    assert_eq!(read.body(), None);
    let cancel = customer_tokens::cancel(&token()).unwrap();
    let path = "/customer-token/v1/tokens/tok%2F..%2Fen/status";
    assert_eq!(sent(&cancel), (Operation::CancelCustomerToken, "PATCH", path));
    assert_eq!(body(&cancel), json!({"status": "CANCELLED"}));
    assert_eq!(cancel.idempotency_key(), None);
}

fn line(unit_price: i64) -> OrderLine {
    OrderLine::tax_inclusive("Coffee", unit_price, TaxRate::new(1200).unwrap(), 1).unwrap()
}

fn cart(lines: Vec<OrderLine>) -> Cart {
    Cart::sum(Country::SE, lines).unwrap()
}

fn discount(amount: i64) -> OrderLine {
    line(-amount).with(|line| line.line_type = kvitt_money::LineType::Discount).unwrap()
}

fn assert_refused(built: Result<NewOrder, Error>, start: &str) {
    let error = built.unwrap_err();
    assert_eq!(error.outcome(), Outcome::NotSent);
    assert!(error.to_string().starts_with(start), "{error} does not begin with {start}");
}

#[test]
fn a_charge_is_of_something() {
    let nothing = cart(vec![line(100), discount(100)]);
    assert_refused(NewOrder::builder(nothing).build(), "order_amount is 0, expected 1 to");
    let least = cart(vec![line(100), discount(99)]);
    assert!(NewOrder::builder(least).build().is_ok());
}

#[test]
fn a_line_takes_half_of_what_payments_takes() {
    let most = cart(vec![line(100_000_000)]);
    assert!(NewOrder::builder(most).build().is_ok());
    let dear = cart(vec![line(1), line(100_000_001)]);
    assert_refused(
        NewOrder::builder(dear).build(),
        "order_lines[1].unit_price is 100000001, expected 100000000 or less",
    );
    let many = line(50_000_001).with(|line| {
        line.quantity = 2;
        line.total_amount = 100_000_002;
        line.total_tax_amount = line.tax_rate.tax_in(100_000_002);
    });
    let many = cart(vec![many.unwrap()]);
    assert_refused(NewOrder::builder(many).build(), "order_lines[0].total_amount is 100000002");
    let data = |length: usize| {
        cart(vec![line(100).with(|line| line.merchant_data = Some("x".repeat(length))).unwrap()])
    };
    assert!(NewOrder::builder(data(255)).build().is_ok());
    assert_refused(NewOrder::builder(data(256)).build(), "order_lines[0].merchant_data is 256");
}

#[test]
fn limits_are_kept() {
    let builder = || NewOrder::builder(swedish().cart().clone());
    let long = |length: usize| "å".repeat(length);
    assert!(builder().merchant_reference1(long(255)).build().is_ok());
    assert_refused(builder().merchant_reference1(long(256)).build(), "merchant_reference1");
    assert_refused(builder().merchant_reference2(long(256)).build(), "merchant_reference2");
    assert!(builder().merchant_data(long(6000)).build().is_ok());
    assert_refused(builder().merchant_data(long(6001)).build(), "merchant_data");
    let address = Address::builder().postal_code(long(11)).build();
    assert_refused(builder().shipping_address(address).build(), "shipping_address.postal_code");
    let address = Address::builder().phone("+467").build();
    assert_refused(builder().shipping_address(address).build(), "shipping_address.phone is 4");
}

#[test]
fn a_token_is_read() {
    let details = read::<TokenDetails>(Operation::ReadCustomerToken, READ).value;
    assert_eq!(
        serde_json::to_value(&details).unwrap(),
        serde_json::from_str::<Value>(READ).unwrap()
    );
    assert_eq!(details.status, TokenStatus::Active);
    let card = details.card.unwrap();
    assert_eq!(card.brand.as_deref(), Some("VISA"));
    assert_eq!(card.expiry_date.unwrap().expose(), "Hemligt 12/2027");
    assert_eq!(card.extra["funding"], "debit");

    for (status, expected) in [
        ("active", TokenStatus::Active),
        ("Cancelled", TokenStatus::Cancelled),
        ("suspended", TokenStatus::Suspended),
        ("RESTING", TokenStatus::Other("RESTING".to_owned())),
    ] {
        let body = json!({ "status": status }).to_string();
        let details = read::<TokenDetails>(Operation::ReadCustomerToken, &body).value;
        assert_eq!(details.status, expected);
    }
    let error = raw(200, &[], "{}").read::<TokenDetails>(Operation::ReadCustomerToken).unwrap_err();
    assert!(matches!(error, Error::Unreadable { .. }), "{error:?}");
}

#[test]
fn a_placed_order_needs_no_redirect() {
    let body = r#"{"order_id":"o-1","fraud_status":"ACCEPTED",
        "authorized_payment_method":{"type":"invoice"}}"#;
    let placed = read::<PlacedOrder>(Operation::PlaceCustomerTokenOrder, body).value;
    assert_eq!(placed.redirect_url, None);
    assert_eq!(placed.fraud_status, Some(FraudStatus::Accepted));
    let method = placed.authorized_payment_method.unwrap().r#type;
    assert_eq!(method, Some(PaymentMethodType::Invoice));
}

fn refused(status: u16, body: &str) -> Error {
    raw(status, &[], body).read::<PlacedOrder>(Operation::PlaceCustomerTokenOrder).unwrap_err()
}

#[test]
fn a_declined_charge_says_why() {
    let error = refused(403, DECLINED);
    assert_eq!(error.outcome(), Outcome::Refused);
    assert_eq!(error.error_code(), Some(&ErrorCode::PaymentMethodFailed));
    let refusal = error.refusal().unwrap();
    assert_eq!(refusal.fraud_status, Some(FraudStatus::Rejected));
    assert_eq!(refusal.reason.as_deref(), Some("rejected"));
    let method = refusal.authorized_payment_method.as_ref().unwrap();
    assert_eq!(method.r#type, Some(PaymentMethodType::Invoice));
    assert_eq!(method.number_of_days, Some(14));
    assert_eq!(
        error.to_string(),
        "place_customer_token_order: Klarna refused it with PAYMENT_METHOD_FAILED (403, \
         correlation id e1a7c0de-0000-4000-8000-000000000017): the charge was declined: try again \
         later with a new key, or let the customer choose another way to pay"
    );
}

#[test]
fn a_payment_method_of_any_shape_costs_nothing_else() {
    for (shape, expected) in [
        (json!("invoice"), Some(PaymentMethodType::Invoice)),
        (json!({"type": "MOON"}), Some(PaymentMethodType::Other("MOON".to_owned()))),
        (json!(null), None),
        (json!(17), None),
        (json!(["invoice"]), None),
    ] {
        let body = json!({"error_code": "PAYMENT_METHOD_FAILED", "error_messages": ["x"],
                          "authorized_payment_method": shape});
        let error = refused(403, &body.to_string());
        let refusal = error.refusal().unwrap();
        assert_eq!(refusal.error_code, Some(ErrorCode::PaymentMethodFailed), "{body}");
        assert_eq!(refusal.error_messages, ["x"]);
        let method = refusal.authorized_payment_method.clone().and_then(|method| method.r#type);
        assert_eq!(method, expected, "{body}");
    }
}

#[test]
fn codes_say_what_to_do() {
    let unknown = "check the token";
    let dead = "this token cannot be charged";
    for (status, code, expected) in [
        (400, "BAD_REQUEST", "correct the members"),
        (404, "TOKEN_NOT_FOUND", unknown),
        (404, "NOT_FOUND", unknown),
        (403, "TOKEN_SUSPENDED", dead),
        (403, "TOKEN_CANCELED", dead),
        (403, "TOKEN_CANCELLED", dead),
        (403, "UNAVAILABLE_PAYMENT_METHOD", dead),
        (403, "PAYMENT_METHOD_CURRENCY_MISMATCH", dead),
        (403, "PAYMENT_METHOD_FAILED", "the charge was declined"),
        (403, "TOKEN_FORBIDDEN", "the authorization was used, or the account may not"),
    ] {
        let error = refused(status, &json!({ "error_code": code }).to_string());
        assert_eq!(error.outcome(), Outcome::Refused, "{code}");
        let refusal = error.refusal().unwrap();
        assert!(!matches!(refusal.error_code, Some(ErrorCode::Other(_))), "{code}");
        assert_eq!(refusal.error_code.as_ref().unwrap().as_str(), code);
        assert!(refusal.advice().starts_with(expected), "{code}: {}", refusal.advice());
    }
}

#[test]
fn what_may_be_a_running_attempt_is_an_unknown_outcome() {
    for body in [r#"{"error_code":"CONFLICT"}"#, ""] {
        assert_eq!(refused(409, body).outcome(), Outcome::Unknown, "{body:?}");
    }
    let differs = r#"{"error_code":"BAD_VALUE"}"#;
    assert_eq!(refused(409, differs).outcome(), Outcome::Refused);
    let error = refused(503, r#"{"error_code":"SERVICE_UNAVAILABLE"}"#);
    assert_eq!(error.outcome(), Outcome::Unknown);
    assert!(error.to_string().ends_with("repeat it with the same idempotency key"), "{error}");
    let cancel = raw(502, &[], "").read::<()>(Operation::CancelCustomerToken).unwrap_err();
    assert!(cancel.to_string().ends_with("the outcome is unknown; repeat it"), "{cancel}");
}

#[tokio::test]
async fn the_three_go_out_as_klarna_wants_them() {
    let server = MockServer::start().await;
    let json_body = |status: u16, body: &str| {
        ResponseTemplate::new(status).set_body_raw(body, "application/json")
    };
    Mock::given(method("GET"))
        .and(path("/customer-token/v1/tokens/t-1"))
        .respond_with(json_body(200, READ))
        .mount(&server)
        .await;
    Mock::given(method("POST"))
        .and(path("/customer-token/v1/tokens/t-1/order"))
        .and(header("klarna-idempotency-key", key().as_str()))
        .and(header("content-type", "application/json"))
        .respond_with(json_body(200, r#"{"order_id":"o-1","fraud_status":"PENDING"}"#))
        .mount(&server)
        .await;
    Mock::given(method("PATCH"))
        .and(path("/customer-token/v1/tokens/t-1/status"))
        .and(body_json(json!({"status": "CANCELLED"})))
        .respond_with(ResponseTemplate::new(202))
        .mount(&server)
        .await;
    let client = Client::builder()
        .base_url(BaseUrl::custom(&server.uri()).unwrap())
        .credentials(Credentials::username_password("user", "pass"))
        .build()
        .unwrap();
    let (tokens, token) = (client.customer_tokens(), CustomerToken::new("t-1").unwrap());
    assert_eq!(tokens.read(&token).await.unwrap().value.status, TokenStatus::Active);
    let new_order = order(swedish().cart());
    let placed = tokens.place_order(&token, &new_order, &key()).await.unwrap().value;
    assert_eq!(placed.order_id.as_str(), "o-1");
    assert_eq!(placed.fraud_status, Some(FraudStatus::Pending));
    assert_eq!(tokens.cancel(&token).await.unwrap().status, 202);
}
