//! The cheapest client there is: fixed bytes out, one answer in, over one kept connection. What
//! it costs itself is the same for both sides.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// One kept connection.
pub(crate) struct Wire {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Wire {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, buffer: Vec::with_capacity(16 * 1024) }
    }

    /// Sends a request, and gives back status and body of the answer.
    pub(crate) async fn ask(&mut self, request: &[u8]) -> (u16, Vec<u8>) {
        self.stream.write_all(request).await.unwrap();
        self.buffer.clear();
        let head_end = loop {
            self.read_more().await;
            if let Some(at) = self.buffer.windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
        };
        let head = String::from_utf8_lossy(&self.buffer[..head_end]).into_owned();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let length = content_length(&head);
        while self.buffer.len() < head_end + length {
            self.read_more().await;
        }
        (status, self.buffer[head_end..head_end + length].to_vec())
    }

    async fn read_more(&mut self) {
        let read = self.stream.read_buf(&mut self.buffer).await.unwrap();
        assert!(read > 0, "the connection was closed");
    }
}

fn content_length(head: &str) -> usize {
    head.lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .map_or(0, |(_, value)| value.trim().parse().unwrap())
}

/// A request with a JSON body, as bytes.
pub(crate) fn post(address: SocketAddr, path: &str, body: &str) -> Vec<u8> {
    // "PK1:secret", which the sandbox accepts and the bare server does not look at.
    format!(
        "POST {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Basic UEsxOnNlY3JldA==\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}
