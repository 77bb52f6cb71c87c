//! Hosted Payment Page: what goes out, what is refused before, and what comes back.
#![expect(clippy::unwrap_used, reason = "a helper that fails is a failing test")]

mod common;

use common::{raw, read};
use klarna::hpp::{
    self, BackgroundImage, CreatedSession, Distribution, MerchantUrls, NewSession, Options,
    PaymentMethodCategory, PlaceOrderMode, PurchaseType, Session, SessionStatus,
    ShowSubtotalDetail, StatusUpdate, placeholder,
};
use klarna::{
    BaseUrl, Client, Credentials, Error, ErrorCode, Exchange, HppSessionId, Operation, Outcome,
    Request, SessionId, Transport,
};
use serde_json::{Value, json};
use wiremock::matchers::{body_json, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

const CREATED: &str = include_str!("fixtures/hpp_session_created.json");
const READ: &str = include_str!("fixtures/hpp_session_read.json");
const UPDATE: &str = include_str!("fixtures/hpp_status_update.json");
const PAGE: &str = "2d9e6f81-4b03-5c17-9a6e-71f0c8d2b345";

fn base_url() -> BaseUrl {
    BaseUrl::custom("https://api.klarna.example/eu/").unwrap()
}

fn payment() -> SessionId {
    SessionId::new("kp-1").unwrap()
}

fn page() -> HppSessionId {
    HppSessionId::new("a/b").unwrap()
}

fn body(request: &Request) -> Value {
    serde_json::from_str(request.body().unwrap()).unwrap()
}

fn sent(request: &Request) -> (Operation, &str, &str) {
    (request.operation(), request.method().as_str(), request.path())
}

#[test]
fn a_session_names_its_payment_session_and_nothing_that_was_not_said() {
    let session = NewSession::builder(SessionId::new("kp/1").unwrap()).build().unwrap();
    let request = hpp::create_session(&base_url(), &session).unwrap();
    assert_eq!(sent(&request), (Operation::CreateHppSession, "POST", "/hpp/v1/sessions"));
    assert_eq!(request.idempotency_key(), None);
    assert_eq!(
        body(&request),
        json!({"payment_session_url": "https://api.klarna.example/eu/payments/v1/sessions/kp%2F1"})
    );
}

#[test]
fn everything_that_can_be_said_is_sent() {
    let url = |last: &str| format!("https://s.example/{last}?p={{{{session_id}}}}");
    let urls = MerchantUrls::builder()
        .success(format!("{}&o={}", url("success"), placeholder::ORDER_ID))
        .cancel(url("cancel"))
        .back(url("back"))
        .failure(url("failure"))
        .error(url("error"))
        .status_update(url("status"))
        .build()
        .unwrap();
    let picture = BackgroundImage::builder("https://s.example/sea.jpg");
    let options = Options::builder()
        .background_images(vec![picture.width(1920).build()])
        .logo_url("https://s.example/logo.png")
        .page_title("Pay")
        .payment_method_categories(vec![
            PaymentMethodCategory::DirectDebit,
            PaymentMethodCategory::DirectBankTransfer,
            PaymentMethodCategory::PayNow,
            PaymentMethodCategory::PayLater,
            PaymentMethodCategory::PayOverTime,
            PaymentMethodCategory::Klarna,
        ])
        .place_order_mode(PlaceOrderMode::CaptureOrder)
        .purchase_type(PurchaseType::Book)
        .show_subtotal_detail(ShowSubtotalDetail::Hide)
        .build()
        .unwrap();
    let session = NewSession::builder(payment())
        .merchant_urls(urls)
        .options(options)
        .profile_id("profile-1")
        .build()
        .unwrap();
    assert_eq!(
        body(&hpp::create_session(&base_url(), &session).unwrap()),
        json!({
            "payment_session_url": "https://api.klarna.example/eu/payments/v1/sessions/kp-1",
            "merchant_urls": {
                "success": "https://s.example/success?p={{session_id}}&o={{order_id}}",
                "cancel": "https://s.example/cancel?p={{session_id}}",
                "back": "https://s.example/back?p={{session_id}}",
                "failure": "https://s.example/failure?p={{session_id}}",
                "error": "https://s.example/error?p={{session_id}}",
                "status_update": "https://s.example/status?p={{session_id}}",
            },
            "options": {
                "background_images": [{"url": "https://s.example/sea.jpg", "width": 1920}],
                "logo_url": "https://s.example/logo.png",
                "page_title": "Pay",
                "payment_method_categories": ["DIRECT_DEBIT", "DIRECT_BANK_TRANSFER", "PAY_NOW",
                                              "PAY_LATER", "PAY_OVER_TIME", "KLARNA"],
                "place_order_mode": "CAPTURE_ORDER",
                "purchase_type": "BOOK",
                "show_subtotal_detail": "HIDE",
            },
            "profile_id": "profile-1",
        })
    );
    let one = PaymentMethodCategory::PayLater;
    let options = Options::builder().payment_method_category(one).build().unwrap();
    let session = NewSession::builder(payment()).options(options).build().unwrap();
    let sent = body(&hpp::create_session(&base_url(), &session).unwrap());
    assert_eq!(sent["options"], json!({"payment_method_category": "PAY_LATER"}));
}

#[test]
fn the_other_three_requests() {
    let read = hpp::read_session(&page()).unwrap();
    assert_eq!(sent(&read), (Operation::ReadHppSession, "GET", "/hpp/v1/sessions/a%2Fb"));
    let disable = hpp::disable_session(&page()).unwrap();
    assert_eq!(sent(&disable), (Operation::DisableHppSession, "DELETE", "/hpp/v1/sessions/a%2Fb"));
    assert_eq!((read.body(), disable.body()), (None, None));
    for (distribution, expected) in [
        (
            Distribution::by_email("greta.lind@mail.example"),
            json!({"method": "email",
                   "contact_information": {"email": "greta.lind@mail.example"}}),
        ),
        (
            Distribution::by_sms("070 000 00 17", "SE"),
            json!({"method": "sms",
                   "contact_information": {"phone": "070 000 00 17", "phone_country": "SE"}}),
        ),
        (
            Distribution::by_token("467521087419"),
            json!({"method": "token", "contact_information": {"access_id": "467521087419"}}),
        ),
    ] {
        let request = hpp::distribute_session(&page(), &distribution.unwrap()).unwrap();
        let path = "/hpp/v1/sessions/a%2Fb/distribution";
        assert_eq!(sent(&request), (Operation::DistributeHppSession, "POST", path));
        assert_eq!(body(&request), expected);
        assert_eq!(request.idempotency_key(), None);
    }
}

fn session_with(
    success: &str,
    mode: Option<PlaceOrderMode>,
    profile_id: Option<&str>,
) -> Result<NewSession, Error> {
    let urls = MerchantUrls::builder().success(format!("https://s.example/?x={success}")).build();
    let options = mode.map(|mode| Options::builder().place_order_mode(mode).build().unwrap());
    NewSession::builder(payment())
        .merchant_urls(urls.unwrap())
        .maybe_options(options)
        .maybe_profile_id(profile_id)
        .build()
}

#[test]
fn success_learns_what_its_mode_leaves() {
    let (token, order) = (placeholder::AUTHORIZATION_TOKEN, placeholder::ORDER_ID);
    let (places, captures) = (PlaceOrderMode::PlaceOrder, PlaceOrderMode::CaptureOrder);
    for (success, mode) in [
        (token, None),
        (token, Some(PlaceOrderMode::None)),
        (order, Some(places)),
        (order, Some(captures)),
        (placeholder::SESSION_ID, Some(captures)),
    ] {
        assert!(session_with(success, mode, None).is_ok(), "{success} {mode:?}");
    }
    for (success, mode) in [
        (order, None),
        (order, Some(PlaceOrderMode::None)),
        (token, Some(places)),
        (token, Some(captures)),
    ] {
        let refusal = session_with(success, mode, None).unwrap_err();
        assert_eq!(refusal.outcome(), Outcome::NotSent);
        let name = mode.unwrap_or_default().as_str();
        let start = format!(
            "merchant_urls.success is holding {success} with place_order_mode {name}, expected {}",
            if success == token { order } else { token }
        );
        assert!(refusal.to_string().starts_with(&start), "{refusal}");
    }
    // A profile kept at Klarna may say the mode, but not against the options.
    assert!(session_with(order, None, Some("profile-1")).is_ok());
    assert!(session_with(order, Some(PlaceOrderMode::None), Some("profile-1")).is_err());
}

#[test]
fn a_profile_has_a_name() {
    for bad in [String::new(), "x".repeat(256)] {
        let refusal = NewSession::builder(payment()).profile_id(bad).build().unwrap_err();
        assert!(refusal.to_string().starts_with("profile_id is "), "{refusal}");
    }
}

fn assert_lossless<T: serde::Serialize>(value: &T, body: &str) {
    let again = serde_json::to_value(value).unwrap();
    assert_eq!(again, serde_json::from_str::<Value>(body).unwrap());
}

#[test]
fn a_created_session_is_read() {
    let created = read::<CreatedSession>(Operation::CreateHppSession, CREATED).value;
    assert_lossless(&created, CREATED);
    assert_eq!(created.session_id.unwrap().as_str(), PAGE);
    let link = "https://pay.example/eu/hpp/payments/s3cret-of-this-checkout";
    assert_eq!(created.redirect_url.unwrap().expose(), link);
    let expires_at = created.expires_at.unwrap().timestamp().unwrap();
    assert_eq!(expires_at, "2026-03-04T08:14:27.318Z".parse().unwrap());
    assert_eq!(created.distribution_module.unwrap().extra["view"], "seller");
    assert_eq!(created.extra["short_code"], "K7");
}

#[test]
fn klarnas_oldest_answer_had_two_urls_only() {
    let body = r#"{"distribution_url":"https://k.example/d","redirect_url":"https://k.example/r"}"#;
    let created = read::<CreatedSession>(Operation::CreateHppSession, body).value;
    assert_eq!(created.session_id, None);
    assert_eq!(created.redirect_url.unwrap().expose(), "https://k.example/r");
}

#[test]
fn a_session_is_read() {
    let session = read::<Session>(Operation::ReadHppSession, READ).value;
    assert_lossless(&session, READ);
    assert_eq!(session.status, Some(SessionStatus::Completed));
    assert!(session.is_final());
    let token = session.authorization_token.unwrap();
    assert_eq!(token.expose(), "d3adbeef-0000-4000-8000-00000000c0de");
    assert_eq!(session.order_id, None);
    assert_eq!(session.customer.unwrap().family_name.as_deref(), Some("Lind"));
    assert_eq!(session.extra["channel"], "unknown to this version");

    let odd = READ.replace("COMPLETED", "HALF_EATEN");
    let session = read::<Session>(Operation::ReadHppSession, &odd).value;
    assert_eq!(session.status, Some(SessionStatus::Other("HALF_EATEN".to_owned())));
    assert!(!session.is_final());
}

#[test]
fn news_is_read() {
    let update = StatusUpdate::parse(UPDATE.as_bytes()).unwrap();
    assert_lossless(&update, UPDATE);
    assert_eq!(update.event_id.as_str(), "f00dcafe-0000-4000-8000-000000000001");
    let session = update.session;
    assert_eq!(session.order_id.unwrap().as_str(), common::ORDER);
    assert_eq!(session.klarna_reference.as_deref(), Some("Q7ZK2M9P"));
    assert_eq!(update.extra["attempt"], 2);
}

#[test]
fn news_that_cannot_be_read_names_its_path_but_not_its_value() {
    const MEMBER: &str = "a member is missing or of another type than documented";
    for (body, path, problem) in [
        (r#"{"event_id":"hidden","session":{"status":["hidden"]}}"#, "session", MEMBER),
        (r#"{"event_id":"hidden","session":"hidden"}"#, "session", MEMBER),
        (r#"{"event_id":"","session":{}}"#, "event_id", MEMBER),
        (r#"{"session":{"status":"hidden"}}"#, ".", MEMBER),
        (r#"{"event_id":"hidden"}"#, ".", MEMBER),
        ("hidden", ".", "the body is not JSON"),
        (r#"{"event_id":"hid"#, "event_id", "the body ends too early"),
    ] {
        let error = StatusUpdate::parse(body.as_bytes()).unwrap_err();
        let Error::UnreadableCallback { path: named, problem: said } = &error else {
            panic!("{error:?}")
        };
        assert!(named.starts_with(path), "{body}: {named}");
        assert_eq!(*said, problem, "{body}");
        assert!(!format!("{error} {error:?}").contains("hid"), "{error:?}");
        assert_eq!((error.outcome(), error.status()), (Outcome::NotSent, None));
    }
}

fn client(server: &MockServer) -> Client {
    Client::builder()
        .base_url(BaseUrl::custom(&server.uri()).unwrap())
        .credentials(Credentials::username_password("user", "pass"))
        .build()
        .unwrap()
}

#[tokio::test]
async fn the_client_writes_its_own_base_url() {
    let server = MockServer::start().await;
    let url = format!("{}/payments/v1/sessions/kp-1", server.uri());
    Mock::given(method("POST"))
        .and(path("/hpp/v1/sessions"))
        .and(body_json(json!({"payment_session_url": url})))
        .respond_with(ResponseTemplate::new(201).set_body_raw(CREATED, "application/json"))
        .expect(1)
        .mount(&server)
        .await;
    let session = NewSession::builder(payment()).build().unwrap();
    let created = client(&server).hosted_payment_pages().create_session(&session).await.unwrap();
    assert_eq!(created.status, 201);
    assert_eq!(created.value.session_id.unwrap().as_str(), PAGE);
}

struct Nowhere;

#[async_trait::async_trait]
impl Transport for Nowhere {
    async fn exchange(&self, _: &Request) -> Exchange {
        panic!("nothing may be sent")
    }
}

#[tokio::test]
async fn without_a_base_url_there_is_no_page() {
    let client = Client::builder().transport(Nowhere).build().unwrap();
    let session = NewSession::builder(payment()).build().unwrap();
    let error = client.hosted_payment_pages().create_session(&session).await.unwrap_err();
    assert!(matches!(error, Error::Configuration { setting: "base_url", .. }), "{error:?}");
}

#[tokio::test]
async fn a_session_is_read_and_disabled() {
    let server = MockServer::start().await;
    let at = format!("/hpp/v1/sessions/{PAGE}");
    Mock::given(method("GET"))
        .and(path(&at))
        .respond_with(ResponseTemplate::new(200).set_body_raw(READ, "application/json"))
        .mount(&server)
        .await;
    Mock::given(method("DELETE"))
        .and(path(&at))
        .respond_with(ResponseTemplate::new(204))
        .mount(&server)
        .await;
    let (client, page) = (client(&server), HppSessionId::new(PAGE).unwrap());
    let session = client.hosted_payment_pages().read_session(&page).await.unwrap().value;
    assert_eq!(session.status, Some(SessionStatus::Completed));
    client.hosted_payment_pages().disable_session(&page).await.unwrap();
}

#[tokio::test]
async fn a_link_is_distributed_with_201_or_204() {
    for status in [201, 204] {
        let server = MockServer::start().await;
        Mock::given(method("POST"))
            .and(path(format!("/hpp/v1/sessions/{PAGE}/distribution")))
            .respond_with(ResponseTemplate::new(status))
            .mount(&server)
            .await;
        let page = HppSessionId::new(PAGE).unwrap();
        let link = Distribution::by_email("greta.lind@mail.example").unwrap();
        let client = client(&server);
        let answer = client.hosted_payment_pages().distribute_session(&page, &link).await.unwrap();
        assert_eq!(answer.status, status);
    }
}

#[test]
fn a_refusal_needs_no_code_to_say_what_to_do() {
    let not_found = r#"{"error_code":"NOT_FOUND","error_messages":[],"correlation_id":"c"}"#;
    let advice = |operation, status, body: &str| {
        let error = raw(status, &[], body).read::<()>(operation).unwrap_err();
        assert_eq!(error.outcome(), Outcome::Refused, "{error}");
        error.refusal().unwrap().advice()
    };
    let gone = "the session or the authorization does not exist any more: start a new one";
    for operation in [Operation::CreateHppSession, Operation::ReadHppSession] {
        assert_eq!(advice(operation, 404, ""), gone);
        assert_eq!(advice(operation, 404, not_found), gone);
    }
    let paid = "the page was probably paid already: read the session";
    let bad = r#"{"error_code":"BAD_REQUEST","error_messages":["x"]}"#;
    assert_eq!(advice(Operation::DisableHppSession, 400, ""), paid);
    assert_eq!(advice(Operation::DisableHppSession, 400, bad), paid);
    assert!(advice(Operation::CreateHppSession, 400, bad).contains("error_messages"));
    let contact = "correct the contact data, or read the session: the page may be over";
    for (status, body) in [(400, ""), (400, bad), (404, ""), (404, not_found)] {
        assert_eq!(advice(Operation::DistributeHppSession, status, body), contact);
    }
    for (operation, status) in
        [(Operation::CreateHppSession, 400), (Operation::DistributeHppSession, 403)]
    {
        let advice = advice(operation, status, "");
        assert!(advice.contains("the account may use the Hosted Payment Page"), "{advice}");
    }
    let unavailable = r#"{"error_code":"SERVICE_UNAVAILABLE"}"#;
    let error = raw(503, &[], unavailable).read::<()>(Operation::DistributeHppSession).unwrap_err();
    assert_eq!(error.error_code(), Some(&ErrorCode::ServiceUnavailable));
    assert!(error.to_string().ends_with("read what became of it before doing it again"), "{error}");
}
