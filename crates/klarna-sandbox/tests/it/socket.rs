//! What goes over the wire, byte by byte: for what an HTTP client hides.

use std::{io, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::support::Shop;

/// What came back until the connection ended, and how it ended.
pub(crate) struct Ended {
    pub(crate) bytes: Vec<u8>,
    pub(crate) error: Option<io::ErrorKind>,
}

impl Ended {
    /// The head, and what came of the body.
    pub(crate) fn parts(&self) -> (String, String) {
        let text = String::from_utf8_lossy(&self.bytes).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        (head.to_owned(), body.to_owned())
    }
}

/// A connection to a shop's sandbox.
pub(crate) async fn connect(shop: &Shop) -> TcpStream {
    let address = shop.running.url();
    TcpStream::connect(address.strip_prefix("http://").unwrap()).await.unwrap()
}

/// Sends these bytes, and reads until the connection ends; it has to within ten seconds.
pub(crate) async fn send(shop: &Shop, bytes: &[u8]) -> Ended {
    let mut stream = connect(shop).await;
    // The other side may have ended it already.
    let _ = stream.write_all(bytes).await;
    let mut received = Vec::new();
    let reading = stream.read_to_end(&mut received);
    let read = tokio::time::timeout(Duration::from_secs(10), reading).await.unwrap();
    Ended { bytes: received, error: read.err().map(|error| error.kind()) }
}

/// A request with credentials, after which the connection is closed.
pub(crate) fn request(method: &str, path: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "{method} {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Basic c2hvcDpzZWNyZXQ=\r\n\
         content-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n\
         {body}"
    )
    .into_bytes()
}
