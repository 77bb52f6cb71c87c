//! Answers are read without loss, whatever Klarna adds or leaves out.
#![expect(clippy::unwrap_used, reason = "a helper that fails is a failing test")]

mod common;

use common::{CORRELATION, raw, read};
use klarna::customer_tokens::TokenDetails;
use klarna::hpp;
use klarna::orders::{Capture, DueDateOptions, Order, OrderStatus, ShippingMethod};
use klarna::payments::{CreatedCustomerToken, CreatedSession, PlacedOrder, Session, SessionStatus};
use klarna::read::{FraudStatus, InitialPaymentMethodType, PaymentMethodType};
use klarna::{Error, FromAnswer, Operation, Outcome};
use kvitt_money::{Country, Currency};
use proptest::prelude::*;
use serde::Serialize;
use serde_json::{Value, json};

const ORDER: &str = include_str!("fixtures/order_part_captured.json");
const CANCELLED: &str = include_str!("fixtures/order_cancelled.json");
const CREATED: &str = include_str!("fixtures/session_created.json");
const SESSION: &str = include_str!("fixtures/session_read.json");
const PLACED: &str = include_str!("fixtures/order_placed.json");
const TOKEN: &str = include_str!("fixtures/customer_token_created.json");
const PAGE_CREATED: &str = include_str!("fixtures/hpp_session_created.json");
const PAGE: &str = include_str!("fixtures/hpp_session_read.json");
const PAGE_UPDATE: &str = include_str!("fixtures/hpp_status_update.json");
const TOKEN_READ: &str = include_str!("fixtures/customer_token_read.json");
const OPTIONS: &str = include_str!("fixtures/due_date_options.json");

/// A list that is missing is read as empty; neither says anything.
fn without_empty_lists(value: Value) -> Value {
    match value {
        Value::Object(members) => members
            .into_iter()
            .filter(|(_, value)| *value != json!([]))
            .map(|(name, value)| (name, without_empty_lists(value)))
            .collect(),
        Value::Array(values) => values.into_iter().map(without_empty_lists).collect(),
        other => other,
    }
}

fn assert_lossless<T: FromAnswer + Serialize>(operation: Operation, body: &str) {
    let value: T = read(operation, body).value;
    let again = without_empty_lists(serde_json::to_value(&value).unwrap());
    assert_eq!(again, without_empty_lists(serde_json::from_str(body).unwrap()));
}

#[test]
fn nothing_of_an_answer_is_lost() {
    assert_lossless::<Order>(Operation::GetOrder, ORDER);
    assert_lossless::<CreatedSession>(Operation::CreateSession, CREATED);
    assert_lossless::<Session>(Operation::ReadSession, SESSION);
    assert_lossless::<PlacedOrder>(Operation::PlaceOrder, PLACED);
    assert_lossless::<CreatedCustomerToken>(Operation::CreateCustomerToken, TOKEN);
    assert_lossless::<DueDateOptions>(Operation::GetExtendDueDateOptions, OPTIONS);
}

#[test]
fn an_order_is_read() {
    let answer = read::<Order>(Operation::GetOrder, ORDER);
    assert_eq!(answer.correlation_id.unwrap().as_str(), CORRELATION);
    let order = answer.value;
    assert_eq!(order.status, OrderStatus::PartCaptured);
    assert_eq!(order.fraud_status, Some(FraudStatus::Accepted));
    assert_eq!(
        (order.order_amount, order.captured_amount, order.refunded_amount),
        (34_700, 24_900, 4_900)
    );
    assert_eq!(order.remaining_authorized_amount, 9_800);
    assert_eq!(order.country(), Some(Country::SE));
    assert_eq!(order.currency(), Some(Currency::SEK));
    let expires_at = order.expires_at.unwrap().timestamp().unwrap();
    assert_eq!(expires_at, "2026-03-30T00:00:00Z".parse().unwrap());

    let method = order.initial_payment_method.unwrap().r#type.unwrap();
    assert_eq!(method, InitialPaymentMethodType::Other("PAY_NEXT_YEAR".to_owned()));
    assert_eq!(order.extra["loyalty"]["points"], 12);
    assert_eq!(order.order_lines[0].extra["weight"], 310);
    assert_eq!(order.billing_address.unwrap().extra["care_of"], "Svensson");

    let capture = &order.captures[0];
    assert_eq!(capture.captured_amount, 24_900);
    let method = capture.shipping_info[0].shipping_method.clone().unwrap();
    assert_eq!(method, ShippingMethod::Other("Drone".to_owned()));
    assert_eq!(order.refunds[0].credit_invoice, Some(false));
}

#[test]
fn a_cancelled_order_keeps_its_remaining_amount_and_either_case_is_read() {
    let order = read::<Order>(Operation::GetOrder, CANCELLED).value;
    assert_eq!(order.status, OrderStatus::Cancelled);
    assert_eq!(order.remaining_authorized_amount, 5_000);
    assert_eq!(order.country(), Some(Country::DE));
    assert_eq!(order.currency(), Some(Currency::EUR));
}

#[test]
fn an_unknown_state_is_no_good_one() {
    let body = ORDER.replace("PART_CAPTURED", "HALF_EATEN").replace("ACCEPTED", "MAYBE");
    let order = read::<Order>(Operation::GetOrder, &body).value;
    assert_eq!(order.status, OrderStatus::Other("HALF_EATEN".to_owned()));
    assert_eq!(order.fraud_status, Some(FraudStatus::Other("MAYBE".to_owned())));
    let lower =
        read::<Order>(Operation::GetOrder, &ORDER.replace("PART_CAPTURED", "part_captured"));
    assert_eq!(lower.value.status, OrderStatus::PartCaptured);
}

#[test]
fn null_is_read_like_a_missing_member() {
    let body = CANCELLED
        .replace("\"captures\": []", "\"captures\": null")
        .replace("\"locale\": \"DE-DE\"", "\"locale\": null");
    let order = read::<Order>(Operation::GetOrder, &body).value;
    assert!(order.captures.is_empty());
    assert_eq!(order.locale, None);
}

#[test]
fn a_surprise_names_its_path_but_not_its_value() {
    for (from, to, path) in [
        (
            "\"captured_amount\": 24900,\n      \"captured_at\"",
            "\"captured_amount\": \"hidden\",\n      \"captured_at\"",
            "captures[0].captured_amount",
        ),
        (
            "\"refunded_amount\": 4900,\n  \"remaining",
            "\"refunded_amount\": 4900.5,\n  \"remaining",
            "refunded_amount",
        ),
        (
            "\"order_id\": \"7c1f0d52-9a3e-6b41-8d07-2f4e5a6b7c8d\"",
            "\"order_id\": \"\"",
            "order_id",
        ),
    ] {
        let body = ORDER.replacen(from, to, 1);
        assert_ne!(body, ORDER, "{path}: the fixture changed");
        let error = raw(200, &[], &body).read::<Order>(Operation::GetOrder).unwrap_err();
        let Error::Unreadable { path: named, .. } = &error else { panic!("{error}") };
        assert_eq!(named, path);
        assert_eq!(error.outcome(), Outcome::Unknown);
        assert!(!format!("{error} {error:?}").contains("hidden"), "{error:?}");
    }
}

#[test]
fn an_amount_that_is_missing_is_never_zero() {
    let body = ORDER.replacen("\"remaining_authorized_amount\": 9800,", "", 1);
    let error = raw(200, &[], &body).read::<Order>(Operation::GetOrder).unwrap_err();
    assert!(matches!(error, Error::Unreadable { status: 200, .. }), "{error:?}");
}

#[test]
fn what_is_no_json_is_unreadable() {
    for (body, problem) in [
        ("", "the body ends too early"),
        ("<html>", "the body is not JSON"),
        (&ORDER[..400], "the body ends too early"),
        ("[]", "a member is missing or of another type than documented"),
    ] {
        let error = raw(200, &[], body).read::<Order>(Operation::GetOrder).unwrap_err();
        let Error::Unreadable { problem: named, .. } = &error else { panic!("{error}") };
        assert_eq!(*named, problem, "{body:?}");
    }
}

#[test]
fn a_session_is_read() {
    let created = read::<CreatedSession>(Operation::CreateSession, CREATED).value;
    assert_eq!(created.session_id.as_str(), "5b0c2e9d-7f14-5a36-b8e2-94d1c0a7f653");
    let categories = created.payment_method_categories;
    assert_eq!(categories[1].identifier.as_deref(), Some("pay_in_moon_phases"));
    assert_eq!(created.extra["descriptor"]["tagline"], "Pay as you like");

    let session = read::<Session>(Operation::ReadSession, SESSION).value;
    assert_eq!(session.session_id, None);
    assert_eq!(session.status, Some(SessionStatus::Incomplete));
    let token = session.authorization_token.unwrap();
    assert_eq!(token.expose(), "d3adbeef-0000-4000-8000-00000000c0de");
    assert_eq!(session.order_lines[0].tax_rate, None);
    let urls = session.merchant_urls.unwrap();
    assert_eq!(urls["confirmation"].expose(), "https://shop.example/thanks");
}

#[test]
fn an_old_session_had_no_categories() {
    let body = r#"{"session_id":"a","client_token":"b"}"#;
    let created = read::<CreatedSession>(Operation::CreateSession, body).value;
    assert!(created.payment_method_categories.is_empty());
}

#[test]
fn a_payment_method_is_an_object_or_a_text() {
    let object = read::<PlacedOrder>(Operation::PlaceOrder, PLACED).value;
    let method = object.authorized_payment_method.unwrap();
    assert_eq!(method.r#type, Some(PaymentMethodType::Invoice));
    assert_eq!(method.number_of_days, Some(30));
    assert_eq!(method.extra["campaign"], "spring");

    let body = r#"{"order_id":"a","fraud_status":"pending","authorized_payment_method":"invoice"}"#;
    let text = read::<PlacedOrder>(Operation::PlaceOrder, body).value;
    assert_eq!(text.fraud_status, Some(FraudStatus::Pending));
    let method = text.authorized_payment_method.unwrap();
    assert_eq!(method.r#type, Some(PaymentMethodType::Invoice));

    let none = read::<PlacedOrder>(Operation::PlaceOrder, r#"{"order_id":"a"}"#).value;
    assert_eq!(none.authorized_payment_method, None);
}

#[test]
fn captures_are_a_list() {
    let order: Value = serde_json::from_str(ORDER).unwrap();
    let captures =
        read::<Vec<Capture>>(Operation::GetCaptures, &order["captures"].to_string()).value;
    assert_eq!(captures.len(), 1);
    assert_eq!(captures[0].klarna_reference.as_deref(), Some("Q7ZK2M9P-1"));
}

#[test]
fn an_address_can_be_sent_again() {
    let order = read::<Order>(Operation::GetOrder, ORDER).value;
    let address = klarna::Address::from(order.shipping_address.unwrap());
    assert_eq!(address.city.as_deref(), Some("Stockholm"));
    assert_eq!(address.region, None);
}

/// Reads a body as everything that can be read; only a panic fails.
fn read_as_everything(status: u16, headers: &[(&str, &str)], body: &str) {
    let answer = raw(status, headers, body);
    let operation = Operation::GetOrder;
    let errors = [
        answer.read::<Order>(operation).err(),
        answer.read::<Vec<Capture>>(operation).err(),
        answer.read::<CreatedSession>(operation).err(),
        answer.read::<Session>(operation).err(),
        answer.read::<PlacedOrder>(operation).err(),
        answer.read::<hpp::CreatedSession>(operation).err(),
        answer.read::<hpp::Session>(operation).err(),
        hpp::StatusUpdate::parse(body.as_bytes()).err(),
        answer.read::<TokenDetails>(operation).err(),
        answer.read::<klarna::CaptureId>(operation).err(),
        answer.read::<klarna::RefundId>(operation).err(),
        answer.read::<Value>(operation).err(),
    ];
    for error in errors.into_iter().flatten() {
        let _ = (error.to_string(), format!("{error:?}"), error.outcome());
    }
}

proptest! {
    #[test]
    fn no_answer_panics(status in 100_u16..600, body: String, header: String) {
        let headers = [
            ("location", header.as_str()),
            ("x-ratelimit-reset", &header),
            ("klarna-correlation-id", &header),
        ];
        read_as_everything(status, &headers, &body);
    }

    #[test]
    fn no_damage_to_a_real_answer_panics(
        fixture in proptest::sample::select(
            &[ORDER, CREATED, SESSION, PLACED, PAGE_CREATED, PAGE, PAGE_UPDATE, TOKEN_READ][..]
        ),
        at in any::<proptest::sample::Index>(),
        instead in "[\\[\\]{}\",:0-9a-z.-]{0,3}",
    ) {
        let mut characters: Vec<char> = fixture.chars().collect();
        let at = at.index(characters.len());
        characters.splice(at..=at, instead.chars());
        read_as_everything(200, &[], &characters.into_iter().collect::<String>());
    }
}
