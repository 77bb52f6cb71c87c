//! Credentials, tokens and personal data reach no log, no error and no debug output.
#![expect(clippy::unwrap_used, reason = "a helper that fails is a failing test")]

mod common;

use std::fmt::Debug;
use std::io::Write;
use std::sync::{Arc, Mutex};

use common::{raw, read, swedish};
use klarna::orders::Order;
use klarna::payments::{
    self, CreatedCustomerToken, CreatedSession, MerchantUrls, NewOrder, NewSession, PlacedOrder,
    Session,
};
use klarna::retry::Policy;
use klarna::{
    Address, AuthorizationToken, BaseUrl, Client, Credentials, CustomerToken, HppSessionId,
    Operation, Organization, Person, SessionId, customer_tokens, hpp,
};
use wiremock::{Mock, MockServer, ResponseTemplate};

const PASSWORD: &str = "pass-Hemligt77";
const USERNAME: &str = "PK77_user-Hemligt";
const API_KEY: &str = "klarna_test_api_Hemligt77";
const TOKEN: &str = "token-Hemligt77";

/// Everything in here that must not be seen, in the requests and in the fixtures.
const SECRETS: &[&str] = &[
    "Hemligt",
    "UEs3N191c2VyLUhlbWxpZ3",
    "Greta",
    "Lind",
    "Storgatan",
    "117 33",
    "Stockholm",
    "greta.lind",
    "+46700000017",
    "1979-05-14",
    "14.05.1979",
    "Svensson",
    "\"basket\"",
    "s3cret-of-this-checkout",
    "d3adbeef",
    "70c3a9e1",
    "eyJhbGciOiJSUzI1NiJ9",
    "556000-0001",
];

fn assert_silent(what: &str, text: &str) {
    for secret in SECRETS {
        assert!(!text.contains(secret), "{what} shows {secret}: {text}");
    }
}

fn assert_debug_silent(value: &impl Debug) {
    assert_silent("Debug", &format!("{value:?} {value:#?}"));
}

fn session() -> NewSession {
    let address = Address::builder()
        .given_name("Greta")
        .family_name("Lind")
        .street_address("Storgatan 8")
        .postal_code("117 33")
        .city("Stockholm")
        .country("SE")
        .email("greta.lind@mail.example")
        .phone("+46700000017")
        .build();
    let person = Person::builder().date_of_birth(jiff::civil::date(1979, 5, 14)).build();
    assert_debug_silent(&person);
    assert_debug_silent(&Organization::builder().vat_id("Hemligt").build());
    let urls = MerchantUrls::builder()
        .authorization("https://shop.example/s3cret-of-this-checkout")
        .build()
        .unwrap();
    NewSession::builder(swedish())
        .billing_address(address.clone())
        .shipping_address(address)
        .customer(person)
        .merchant_data("{\"basket\":17}")
        .merchant_urls(urls)
        .build()
        .unwrap()
}

#[test]
fn what_is_sent_does_not_print() {
    let session = session();
    assert_debug_silent(&session);
    let order = NewOrder::of(&session);
    assert_debug_silent(&order);
    let token = AuthorizationToken::new(TOKEN).unwrap();
    assert_debug_silent(&token);
    let request = payments::place_order(&token, &order).unwrap();
    assert!(request.path().contains(TOKEN), "the test would prove nothing");
    assert!(request.body().unwrap().contains("Greta"), "the test would prove nothing");
    assert_debug_silent(&request);
    assert_debug_silent(&request.into_parts());
    assert_debug_silent(&Credentials::username_password(USERNAME, PASSWORD));
    assert_debug_silent(&Credentials::api_key(API_KEY));
}

#[test]
fn what_is_sent_by_link_does_not_print() {
    for link in [
        hpp::Distribution::by_email("greta.lind@mail.example"),
        hpp::Distribution::by_sms("+46700000017", "SE"),
        hpp::Distribution::by_token("access-Hemligt77"),
    ] {
        let link = link.unwrap();
        assert_debug_silent(&link);
        let page = HppSessionId::new("h-1").unwrap();
        let request = hpp::distribute_session(&page, &link).unwrap();
        assert!(
            SECRETS.iter().any(|secret| request.body().unwrap().contains(secret)),
            "the test would prove nothing"
        );
        assert_debug_silent(&request);
    }
    let secret = "https://shop.example/s3cret-of-this-checkout";
    let urls = hpp::MerchantUrls::builder()
        .success(secret)
        .cancel(secret)
        .back(secret)
        .failure(secret)
        .error(secret)
        .status_update(secret)
        .build()
        .unwrap();
    assert_debug_silent(&urls);
    let payment = SessionId::new("kp-1").unwrap();
    assert_debug_silent(&hpp::NewSession::builder(payment).merchant_urls(urls).build().unwrap());
}

#[test]
fn what_is_charged_does_not_print() {
    let token = CustomerToken::new(TOKEN).unwrap();
    assert_debug_silent(&token);
    let secret = "https://shop.example/s3cret-of-this-checkout";
    let urls = customer_tokens::MerchantUrls::builder(secret).push(secret).build().unwrap();
    let order = customer_tokens::NewOrder::builder(swedish().cart().clone())
        .shipping_address(Address::builder().given_name("Greta").city("Stockholm").build())
        .merchant_data("{\"basket\":17}")
        .merchant_urls(urls)
        .build()
        .unwrap();
    assert_debug_silent(&order);
    let key = common::key();
    for request in [
        customer_tokens::place_order(&token, &order, &key).unwrap(),
        customer_tokens::read(&token).unwrap(),
        customer_tokens::cancel(&token).unwrap(),
    ] {
        assert!(request.path().contains(TOKEN), "the test would prove nothing");
        assert_debug_silent(&request);
        assert_debug_silent(&request.into_parts());
    }
}

#[test]
fn what_is_read_does_not_print() {
    let order = include_str!("fixtures/order_part_captured.json");
    let order = read::<Order>(Operation::GetOrder, order);
    assert_eq!(order.value.billing_address.as_ref().unwrap().given_name.as_deref(), Some("Greta"));
    assert_debug_silent(&order);
    let created = include_str!("fixtures/session_created.json");
    assert_debug_silent(&read::<CreatedSession>(Operation::CreateSession, created));
    let session = include_str!("fixtures/session_read.json");
    assert_debug_silent(&read::<Session>(Operation::ReadSession, session));
    let token = include_str!("fixtures/customer_token_created.json");
    assert_debug_silent(&read::<CreatedCustomerToken>(Operation::CreateCustomerToken, token));
    let placed = r#"{"order_id":"o","redirect_url":"https://k.example/token-Hemligt77"}"#;
    assert_debug_silent(&read::<PlacedOrder>(Operation::PlaceOrder, placed));
    assert_debug_silent(&raw(200, &[("location", "Hemligt")], "Hemligt"));

    let created = include_str!("fixtures/hpp_session_created.json");
    assert_debug_silent(&read::<hpp::CreatedSession>(Operation::CreateHppSession, created));
    let session = include_str!("fixtures/hpp_session_read.json");
    assert_debug_silent(&read::<hpp::Session>(Operation::ReadHppSession, session));
    let update = include_str!("fixtures/hpp_status_update.json");
    assert_debug_silent(&hpp::StatusUpdate::parse(update.as_bytes()).unwrap());
    let token = include_str!("fixtures/customer_token_read.json");
    let details = read::<customer_tokens::TokenDetails>(Operation::ReadCustomerToken, token);
    assert_debug_silent(&details);
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Everything down to `TRACE`, of every crate below us too.
#[tokio::test]
async fn no_call_logs_or_reports_a_secret() {
    let log = Log::default();
    let writer = log.clone();
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .without_time()
        .with_writer(move || writer.clone())
        .try_init()
        .unwrap();

    let echo = serde_json::json!({
        "error_code": "greta.lind@mail.example",
        "error_messages": ["Bad value: greta.lind@mail.example", TOKEN],
        "reason": "Greta",
        "authorized_payment_method": {"type": "Greta Lind"},
        "correlation_id": "corr-16",
    });
    let token = AuthorizationToken::new(TOKEN).unwrap();
    let order = NewOrder::of(&session());
    let saved = CustomerToken::new(TOKEN).unwrap();
    let charge = customer_tokens::NewOrder::builder(swedish().cart().clone()).build().unwrap();
    let page = HppSessionId::new("h-1").unwrap();
    let link = hpp::Distribution::by_email("greta.lind@mail.example").unwrap();
    let templates = [
        ResponseTemplate::new(200).set_body_json(serde_json::json!({"order_id": "o-1"})),
        ResponseTemplate::new(200).set_body_json(serde_json::json!({"order_id": ["Greta"]})),
        ResponseTemplate::new(200).set_body_raw("Greta", "text/plain"),
        ResponseTemplate::new(400).set_body_json(&echo),
        ResponseTemplate::new(401).set_body_json(&echo),
        ResponseTemplate::new(409).set_body_json(&echo),
        ResponseTemplate::new(429).set_body_json(&echo),
        ResponseTemplate::new(500).set_body_json(&echo),
    ];
    for template in templates {
        let server = MockServer::start().await;
        let template = template.insert_header("Klarna-Correlation-Id", "corr-17");
        Mock::given(wiremock::matchers::any()).respond_with(template).mount(&server).await;
        for credentials in
            [Credentials::username_password(USERNAME, PASSWORD), Credentials::api_key(API_KEY)]
        {
            let client = Client::builder()
                .base_url(BaseUrl::custom(&server.uri()).unwrap())
                .credentials(credentials)
                .retry(Policy::OFF)
                .build()
                .unwrap();
            assert_debug_silent(&client);
            let errors = [
                client.payments().place_order(&token, &order).await.err(),
                client.customer_tokens().place_order(&saved, &charge, &common::key()).await.err(),
                client.customer_tokens().cancel(&saved).await.err(),
                client.hosted_payment_pages().distribute_session(&page, &link).await.err(),
            ];
            for error in errors.into_iter().flatten() {
                assert_silent("Display", &error.to_string());
                assert_debug_silent(&error);
            }
        }
    }
    let nowhere = Client::builder()
        .base_url(BaseUrl::custom("http://127.0.0.1:1").unwrap())
        .credentials(Credentials::username_password(USERNAME, PASSWORD))
        .retry(Policy::OFF)
        .build()
        .unwrap();
    let error = nowhere.payments().place_order(&token, &order).await.unwrap_err();
    assert_silent("Display", &error.to_string());
    assert_debug_silent(&error);

    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("called Klarna"), "nothing was logged: the test would prove nothing");
    assert!(log.contains("operation=\"place_order\""), "{log}");
    assert!(log.contains("correlation_id=\"corr-17\""), "{log}");
    assert_silent("the log", &log);
}
