//! The real transport against servers that misbehave.
#![expect(clippy::unwrap_used, reason = "a helper that fails is a failing test")]

mod common;

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::time::Duration;

use common::{CORRELATION, key, order_id, swedish};
use klarna::orders::NewCapture;
use klarna::payments::NewSession;
use klarna::retry::Policy;
use klarna::{BaseUrl, Client, Credentials, Error, Method, Outcome, Phase, Request};
use wiremock::matchers::{body_json, header, header_exists, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

fn client(url: &str) -> Client {
    Client::builder()
        .base_url(BaseUrl::custom(url).unwrap())
        .credentials(Credentials::username_password("user", "pass"))
        .connect_timeout(Duration::from_millis(300))
        .answer_timeout(Duration::from_millis(300))
        .user_agent("test-shop/7")
        .retry(Policy::OFF)
        .build()
        .unwrap()
}

/// Answers every connection by what `serve` does with it.
fn server(serve: fn(TcpStream)) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            serve(stream.unwrap());
        }
    });
    format!("http://{address}")
}

/// Reads the head of a request and as much of its body as came with it.
fn read_request(stream: &mut TcpStream) {
    let mut buffer = [0; 16 * 1024];
    let _ = stream.read(&mut buffer);
}

async fn capture(client: &Client) -> Result<klarna::Answer<klarna::CaptureId>, Error> {
    let capture = NewCapture::builder(100).build().unwrap();
    client.orders().capture(&order_id(), &capture, &key()).await
}

async fn answering(template: ResponseTemplate) -> (MockServer, Client) {
    let server = MockServer::start().await;
    Mock::given(wiremock::matchers::any()).respond_with(template).mount(&server).await;
    let client = client(&server.uri());
    (server, client)
}

#[tokio::test]
async fn a_request_goes_out_as_klarna_wants_it() {
    let server = MockServer::start().await;
    let product = concat!("klarna-rust/", env!("CARGO_PKG_VERSION"), " test-shop/7");
    Mock::given(method("POST"))
        .and(path(format!("/base/ordermanagement/v1/orders/{}/captures", order_id())))
        .and(header("authorization", "Basic dXNlcjpwYXNz"))
        .and(header("user-agent", product))
        .and(header("content-type", "application/json"))
        .and(header("klarna-idempotency-key", key().as_str()))
        .and(header_exists("accept-encoding"))
        .and(body_json(serde_json::json!({"captured_amount": 100})))
        .respond_with(
            ResponseTemplate::new(201)
                .insert_header(
                    "Location",
                    "https://k.example/ordermanagement/v1/orders/1/captures/c-9",
                )
                .insert_header("Klarna-Correlation-Id", CORRELATION)
                .insert_header("X-Ratelimit-Remaining", "3"),
        )
        .expect(1)
        .mount(&server)
        .await;
    let answer = capture(&client(&format!("{}/base/", server.uri()))).await.unwrap();
    assert_eq!(answer.value.as_str(), "c-9");
    assert_eq!(answer.status, 201);
    assert_eq!(answer.correlation_id.unwrap().as_str(), CORRELATION);
    assert_eq!(answer.rate_limit.unwrap().remaining, Some(3));
}

#[tokio::test]
async fn an_act_without_a_body_sends_none() {
    let server = MockServer::start().await;
    Mock::given(method("POST")).respond_with(ResponseTemplate::new(204)).mount(&server).await;
    client(&server.uri()).orders().cancel(&order_id(), &key()).await.unwrap();
    let received = server.received_requests().await.unwrap();
    assert!(received[0].body.is_empty());
    assert!(!received[0].headers.contains_key("content-type"));
}

#[tokio::test]
async fn a_401_page_is_no_json() {
    let page = "<html><head><title>401</title></head><body>no</body></html>";
    let template = ResponseTemplate::new(401)
        .insert_header("WWW-Authenticate", "Basic realm=\"closed\"")
        .set_body_raw(page, "text/html");
    let (_server, client) = answering(template).await;
    let error = capture(&client).await.unwrap_err();
    assert!(matches!(error, Error::Unauthorized { correlation_id: None, .. }), "{error:?}");
    assert_eq!(error.outcome(), Outcome::NotSent);
}

#[tokio::test]
async fn a_429_may_be_empty_or_not() {
    let empty = ResponseTemplate::new(429)
        .insert_header("x-ratelimit-limit", "5, 5;w=1")
        .insert_header("x-ratelimit-remaining", "0")
        .insert_header("x-ratelimit-reset", "1");
    let (_server, client) = answering(empty).await;
    let error = capture(&client).await.unwrap_err();
    let Error::TooManyRequests { rate_limit: Some(limit), .. } = &error else { panic!("{error}") };
    assert_eq!((limit.limit, limit.reset_seconds), (Some(5), Some(1)));
    assert_eq!(error.outcome(), Outcome::NotSent);

    let body = serde_json::json!({"error_code": "TOO_MANY_REQUESTS", "error_messages": ["slow"],
        "correlation_id": CORRELATION});
    let (_server, client) = answering(ResponseTemplate::new(429).set_body_json(body)).await;
    let error = capture(&client).await.unwrap_err();
    assert!(matches!(error, Error::TooManyRequests { rate_limit: None, .. }), "{error:?}");
    assert_eq!(error.correlation_id().unwrap().as_str(), CORRELATION);
}

#[tokio::test]
async fn a_502_page_leaves_the_outcome_unknown() {
    let page = ResponseTemplate::new(502).set_body_raw("<html>502</html>", "text/html");
    let (_server, client) = answering(page).await;
    let error = capture(&client).await.unwrap_err();
    assert!(matches!(error, Error::Unavailable { status: 502, .. }), "{error:?}");
    assert_eq!(error.outcome(), Outcome::Unknown);
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = MockServer::start().await;
    let away = ResponseTemplate::new(307).insert_header("Location", elsewhere.uri());
    let (_server, client) = answering(away).await;
    let error = capture(&client).await.unwrap_err();
    assert_eq!(error.outcome(), Outcome::Unknown);
    assert_eq!(elsewhere.received_requests().await.unwrap().len(), 0);
}

#[tokio::test]
async fn a_body_that_ends_too_early_is_a_lost_connection() {
    let url = server(|mut stream| {
        read_request(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"session_id\":");
        let _ = stream.shutdown(Shutdown::Both);
    });
    let session = NewSession::builder(swedish()).build().unwrap();
    let error = client(&url).payments().create_session(&session).await.unwrap_err();
    assert!(matches!(error, Error::ConnectionLost { status: Some(200), .. }), "{error:?}");
    assert_eq!(error.outcome(), Outcome::Unknown);
}

#[tokio::test]
async fn a_connection_dropped_after_the_request_is_lost() {
    let url = server(|mut stream| {
        read_request(&mut stream);
        let _ = stream.shutdown(Shutdown::Both);
    });
    let error = capture(&client(&url)).await.unwrap_err();
    assert!(matches!(error, Error::ConnectionLost { status: None, .. }), "{error:?}");
    assert_eq!(error.outcome(), Outcome::Unknown);
}

#[tokio::test]
async fn an_answer_with_an_empty_reason_is_read() {
    let url = server(|mut stream| {
        read_request(&mut stream);
        let _ = stream.write_all(
            b"HTTP/1.1 201 \r\nCAPTURE-ID: c-3\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
        );
    });
    assert_eq!(capture(&client(&url)).await.unwrap().value.as_str(), "c-3");
}

#[tokio::test]
async fn a_slow_answer_times_out_with_an_unknown_outcome() {
    let url = server(|mut stream| {
        read_request(&mut stream);
        std::mem::forget(stream);
    });
    let error = capture(&client(&url)).await.unwrap_err();
    assert!(matches!(error, Error::TimedOut { phase: Phase::Answer, .. }), "{error:?}");
    assert_eq!(error.outcome(), Outcome::Unknown);
}

#[tokio::test]
async fn a_slow_connection_times_out_and_nothing_was_sent() {
    // TLS is part of connecting; this server never takes part in it.
    let url = server(std::mem::forget).replace("http://", "https://");
    let error = capture(&client(&url)).await.unwrap_err();
    assert!(matches!(error, Error::TimedOut { phase: Phase::Connect, .. }), "{error:?}");
    assert_eq!(error.outcome(), Outcome::NotSent);
}

#[tokio::test]
async fn nobody_at_the_address_is_no_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = capture(&client(&url)).await.unwrap_err();
    assert!(matches!(error, Error::Connect { .. }), "{error:?}");
    assert_eq!(error.outcome(), Outcome::NotSent);
}

#[tokio::test]
async fn a_server_without_tls_is_no_https() {
    let url = server(|mut stream| {
        read_request(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
    });
    let error = capture(&client(&url.replace("http://", "https://"))).await.unwrap_err();
    let Error::Connect { reason, .. } = &error else { panic!("{error:?}") };
    assert!(!reason.is_empty());
    assert_eq!(error.outcome(), Outcome::NotSent);
}

#[tokio::test]
async fn any_path_can_be_called() {
    let body = serde_json::json!({"payouts": []});
    let (_server, client) = answering(ResponseTemplate::new(200).set_body_json(&body)).await;
    let request = Request::raw(Method::Get, "/settlements/v1/payouts?size=1", None, None).unwrap();
    assert_eq!(client.send::<serde_json::Value>(&request).await.unwrap().value, body);
    let (_server, client) = answering(ResponseTemplate::new(202)).await;
    let cancelled = serde_json::json!({"status": "CANCELLED"});
    let token = "/customer-token/v1/tokens/x/status";
    let request = Request::raw(Method::Patch, token, Some(&cancelled), None).unwrap();
    assert!(client.send::<serde_json::Value>(&request).await.unwrap().value.is_null());
}

#[test]
fn a_client_that_cannot_work_is_not_built() {
    let base_url = || BaseUrl::custom("http://127.0.0.1:1").unwrap();
    let credentials = || Credentials::username_password("user", "pass");
    for (builder, setting) in [
        (Client::builder().credentials(credentials()), "base_url"),
        (Client::builder().base_url(base_url()), "credentials"),
        (
            Client::builder().base_url(base_url()).credentials(Credentials::api_key("a b")),
            "credentials",
        ),
        (
            Client::builder().base_url(base_url()).credentials(credentials()).user_agent("a\nb"),
            "user_agent",
        ),
    ] {
        let error = builder.build().unwrap_err();
        assert!(matches!(error, Error::Configuration { setting: named, .. } if named == setting));
    }
}
