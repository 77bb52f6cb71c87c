//! Bytes on a socket that are no request, or nearly one.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use klarna_sandbox::{Config, Sandbox};
use proptest::{collection::vec, prelude::*};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    runtime::{Builder, Runtime},
};

use crate::{
    mutation::{Cut, cut, cuts},
    subject::runner,
    valid,
};

/// Panics of the threads that serve, which a client sees as a lost connection only.
static PANICS: AtomicUsize = AtomicUsize::new(0);
const SERVING: &str = "serving";

fn count_panics() {
    let told = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if std::thread::current().name() == Some(SERVING) {
            PANICS.fetch_add(1, Ordering::Relaxed);
        }
        told(panic);
    }));
}

/// Requests as clients send them, good ones and odd ones.
fn requests() -> Vec<Vec<u8>> {
    let cart = valid::cart().to_string();
    let length = cart.len();
    let credentials = "authorization: Basic c2hvcDpzZWNyZXQ=\r\nhost: localhost\r\n";
    let json = "content-type: application/json\r\n";
    let sessions = "POST /payments/v1/sessions HTTP/1.1\r\n";
    let read = format!("GET /ordermanagement/v1/orders/x HTTP/1.1\r\n{credentials}\r\n");
    [
        format!("{sessions}{credentials}{json}content-length: {length}\r\n\r\n{cart}"),
        format!("{sessions}{credentials}{json}connection: close\r\ncontent-length: {length}\r\n\r\n{cart}"),
        format!("{sessions}{credentials}{json}transfer-encoding: chunked\r\n\r\n{length:x}\r\n{cart}\r\n0\r\n\r\n"),
        format!("{sessions}{credentials}{json}transfer-encoding: chunked\r\n\r\nfffffffffffffffff\r\n{cart}"),
        format!("{sessions}{credentials}{json}content-length: 5\r\ncontent-length: 7\r\n\r\n{cart}"),
        format!("{sessions}{credentials}{json}content-length: -1\r\n\r\n{cart}"),
        format!("{sessions}{credentials}expect: 100-continue\r\ncontent-length: 2\r\n\r\n{{}}"),
        format!("{sessions}{credentials}content-length: 99999999999\r\n\r\n{cart}"),
        read.repeat(5),
        format!("GET http://other.example/sandbox/v1/clock HTTP/1.1\r\n{credentials}\r\n"),
        "GET / HTTP/1.0\r\n\r\n".to_owned(),
        "GET / HTTP/3.7\r\n\r\n".to_owned(),
        "GET /\r\n\r\n".to_owned(),
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\u{4}\0\0\0\0\0".to_owned(),
        format!("GET / HTTP/1.1\r\n{credentials}upgrade: h2c\r\nconnection: upgrade\r\n\r\n"),
        format!("GET / HTTP/1.1\r\nx: {}\r\n\r\n", "y".repeat(500_000)),
        format!("GET / HTTP/1.1\r\n{}\r\n", "x: y\r\n".repeat(2000)),
        format!("GET /{} HTTP/1.1\r\n{credentials}\r\n", "x".repeat(70_000)),
        "CONNECT localhost:1 HTTP/1.1\r\nhost: localhost\r\n\r\n".to_owned(),
        "OPTIONS * HTTP/1.1\r\nhost: localhost\r\n\r\n".to_owned(),
        "\r\n\r\n\r\n".to_owned(),
        "\u{16}\u{3}\u{1}\u{2}\0\u{1}\0".to_owned(),
    ]
    .map(String::into_bytes)
    .into()
}

/// What comes back, until the connection ends; and it has to, once this side has nothing more to
/// say.
async fn answered(address: &str, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let mut received = Vec::new();
    // It may have ended the connection before all was sent.
    let _ = stream.write_all(bytes).await;
    let first = stream.read_to_end(&mut received);
    if tokio::time::timeout(Duration::from_millis(20), first).await.is_err() {
        let _ = stream.shutdown().await;
        let rest = stream.read_to_end(&mut received);
        let ended = tokio::time::timeout(Duration::from_secs(10), rest).await;
        assert!(ended.is_ok(), "the connection is still open");
    }
    received
}

fn serving() -> Runtime {
    Builder::new_multi_thread().worker_threads(1).thread_name(SERVING).enable_all().build().unwrap()
}

#[test]
fn bytes_that_are_no_request_harm_nobody() {
    count_panics();
    let runtime = serving();
    let running = runtime.block_on(Sandbox::start(Config::default())).unwrap();
    let url = running.url();
    let address = url.strip_prefix("http://").unwrap();
    let wanted = prop_oneof![1 => Just(Vec::<Cut>::new()), 3 => cuts(4)];
    let bytes = (prop::sample::select(requests()), wanted, vec(any::<u8>(), 0..4));
    let checked = runner(600).run(&bytes, |(mut bytes, cuts, more)| {
        cut(&mut bytes, &cuts);
        bytes.extend(more);
        let received = runtime.block_on(answered(address, &bytes));
        let text = String::from_utf8_lossy(&received);
        prop_assert!(!text.contains("HTTP/1.1 5"), "{}", text);
        prop_assert_eq!(PANICS.load(Ordering::Relaxed), 0);
        Ok(())
    });
    checked.unwrap();
    let alive = b"GET /sandbox/v1/clock HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    let received = runtime.block_on(answered(address, alive));
    assert!(received.starts_with(b"HTTP/1.1 200"));
}
