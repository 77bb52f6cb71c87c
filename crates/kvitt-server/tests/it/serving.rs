//! Serving: with a certificate, until it is told to stop, and when a handler fails.

use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use kvitt_engine::{Accounts, Clock, Engine, Parts, RandomIds, Settings};
use kvitt_ledger::Ledger;
use kvitt_server::{ServeError, ServerConfig, TlsFiles};
use reqwest::Method;
use secrecy::ExposeSecret;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::oneshot;

use crate::shop::{Shop, client, send};

struct Panics;

#[async_trait]
impl Clock for Panics {
    async fn now(&self) -> Timestamp {
        panic!("the inside of the server")
    }
}

struct Stands;

#[async_trait]
impl Clock for Stands {
    async fn now(&self) -> Timestamp {
        std::future::pending().await
    }
}

/// A server over the same ledger whose clock is broken.
fn broken(ledger: &Arc<dyn Ledger>, clock: impl Clock, request_timeout: Duration) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let engine = Engine::new(Parts {
        ledger: Arc::clone(ledger),
        accounts: Accounts::default(),
        clock: Arc::new(clock),
        ids: Arc::new(RandomIds),
        settings: Settings::new(url.parse().unwrap()),
    });
    let mut config = ServerConfig::new(engine, Arc::new(RandomIds));
    config.request_timeout = request_timeout;
    let router = kvitt_server::router(config);
    tokio::spawn(kvitt_server::serve(listener, router, None, std::future::pending()));
    url
}

#[tokio::test]
async fn a_panic_is_answered_without_its_text() {
    let shop = Shop::open().await;
    let url = broken(&shop.ledger, Panics, Duration::from_mins(1));
    let request =
        || shop.client.get(format!("{url}/v1/orders")).bearer_auth(shop.key.expose_secret());
    let answer = send(request()).await;
    assert!(!answer.text.contains("inside of the server"), "{}", answer.text);
    answer.refused(500, "internal");
    // It still serves.
    send(request()).await.refused(500, "internal");
    send(shop.client.get(format!("{url}/healthz"))).await.expect(200);
}

#[tokio::test]
async fn a_handler_that_stands_still_is_answered_for() {
    let shop = Shop::open().await;
    let url = broken(&shop.ledger, Stands, Duration::from_millis(50));
    let request = shop.client.get(format!("{url}/v1/orders")).bearer_auth(shop.key.expose_secret());
    send(request).await.refused(503, "timeout");
}

#[tokio::test]
async fn a_server_that_is_full_says_so_at_once_and_takes_others_later() {
    let shop = Shop::with(|config| config.max_requests = 1).await;
    let address = shop.url.trim_start_matches("http://").to_owned();
    // A request whose body never ends holds the only place.
    let mut slow = tokio::net::TcpStream::connect(&address).await.unwrap();
    let head = format!(
        "POST /v1/checkouts HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n\
         Content-Length: 100\r\nExpect: 100-continue\r\n\r\n"
    );
    slow.write_all(head.as_bytes()).await.unwrap();
    // It is asked to go on once somebody reads its body, which is inside.
    let mut asked = [0; 25];
    slow.read_exact(&mut asked).await.unwrap();
    assert!(asked.starts_with(b"HTTP/1.1 100 Continue"), "{asked:?}");

    let answer = send(shop.request(Method::GET, "/v1/orders")).await;
    assert_eq!(answer.headers["retry-after"], "1");
    let problem = answer.refused(503, "overloaded");
    assert!(problem["detail"].as_str().unwrap().contains("max_requests"), "{problem}");
    for watched in ["/healthz", "/readyz"] {
        send(shop.bare(Method::GET, watched)).await.expect(200);
    }
    // A body takes a place, whatever it is sent to.
    send(shop.bare(Method::GET, "/healthz").body("{}")).await.refused(503, "overloaded");

    // Its end makes room, whatever came of it.
    slow.write_all(&[b' '; 100]).await.unwrap();
    let mut answer = [0; 12];
    slow.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 401");
    send(shop.request(Method::GET, "/v1/orders")).await.expect(200);
}

#[tokio::test]
async fn a_request_id_is_taken_over_if_it_is_sane() {
    let shop = Shop::open().await;
    let sent = |id: &str| shop.bare(Method::GET, "/healthz").header("X-Request-Id", id);
    for sane in ["a", "01J-x_y.z:1", &"r".repeat(128)] {
        assert_eq!(send(sent(sane)).await.headers["x-request-id"], sane);
    }
    for odd in ["", "two words", "<script>", &"r".repeat(129)] {
        let answer = send(sent(odd)).await;
        let id = answer.headers["x-request-id"].to_str().unwrap();
        assert!(id.starts_with("req_") && id.len() == 36, "{id}");
    }
}

fn fixture(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests", "fixtures", name].iter().collect()
}

#[tokio::test]
async fn it_serves_with_a_certificate_and_stops_when_told() {
    let shop = Shop::open().await;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let router = kvitt_server::router(ServerConfig::new(shop.engine.clone(), Arc::new(RandomIds)));
    let tls = TlsFiles { certificate: fixture("localhost.pem"), key: fixture("localhost.key") };
    let (sender, told) = oneshot::channel::<()>();
    let serving = tokio::spawn(kvitt_server::serve(listener, router, Some(tls), async {
        let _: Result<(), _> = told.await;
    }));
    drop(client()); // sets the process's provider
    let certificate = std::fs::read(fixture("localhost.pem")).unwrap();
    let client = reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only([reqwest::Certificate::from_pem(&certificate).unwrap()])
        .build()
        .unwrap();
    let answer = send(client.get(format!("https://localhost:{port}/healthz"))).await;
    assert_eq!(answer.status, 200);
    drop(client);
    sender.send(()).unwrap();
    serving.await.unwrap().unwrap();
}

#[tokio::test]
async fn tls_files_that_cannot_be_used_are_named() {
    let shop = Shop::open().await;
    let attempt = async |certificate: &str, key: &str| {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let config = ServerConfig::new(shop.engine.clone(), Arc::new(RandomIds));
        let tls = TlsFiles { certificate: fixture(certificate), key: fixture(key) };
        let router = kvitt_server::router(config);
        kvitt_server::serve(listener, router, Some(tls), std::future::pending()).await.unwrap_err()
    };
    for (certificate, key, named) in [
        ("missing.pem", "localhost.key", "missing.pem"),
        ("localhost.pem", "missing.key", "missing.key"),
        ("localhost.key", "localhost.key", "localhost.key"),
        ("localhost.pem", "localhost.pem", "localhost.pem"),
    ] {
        let error = attempt(certificate, key).await;
        assert!(matches!(error, ServeError::Pem { .. }), "{error}");
        assert!(error.to_string().contains(named), "{error}");
    }
}
