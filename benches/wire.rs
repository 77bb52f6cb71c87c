//! The cheapest client there is: fixed bytes out, one answer in, over one kept connection. What
//! it costs itself is the same for all sides.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// One kept connection.
pub(crate) struct Wire {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// An answer, as long as the connection is not asked again.
pub(crate) struct Answer<'a> {
    pub(crate) status: u16,
    /// Status line and headers, without the empty line.
    pub(crate) head: &'a [u8],
    pub(crate) body: &'a [u8],
}

impl Wire {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, buffer: Vec::with_capacity(16 * 1024) }
    }

    /// Sends a request and reads its answer to the end.
    pub(crate) async fn ask(&mut self, request: &[u8]) -> Answer<'_> {
        self.stream.write_all(request).await.unwrap();
        self.buffer.clear();
        let mut searched = 0;
        let head_length = loop {
            self.read_more().await;
            let end = self.buffer[searched..].windows(4).position(|four| four == b"\r\n\r\n");
            if let Some(at) = end {
                break searched + at;
            }
            searched = self.buffer.len().saturating_sub(3);
        };
        let length = head_length + 4 + content_length(&self.buffer[..head_length]);
        while self.buffer.len() < length {
            self.read_more().await;
        }
        let (head, rest) = self.buffer[..length].split_at(head_length);
        // "HTTP/1.1 200 OK"
        let status = head.get(9..12).and_then(|digits| std::str::from_utf8(digits).ok());
        Answer { status: status.unwrap().parse().unwrap(), head, body: &rest[4..] }
    }

    async fn read_more(&mut self) {
        let read = self.stream.read_buf(&mut self.buffer).await.unwrap();
        assert!(read > 0, "the connection was closed");
    }
}

/// The header that every server here sends; without it nobody could tell where an answer ends.
fn content_length(head: &[u8]) -> usize {
    let value = head.split(|byte| *byte == b'\n').find_map(|line| {
        let (name, value) = line.split_at_checked("content-length:".len())?;
        name.eq_ignore_ascii_case(b"content-length:").then_some(value)
    });
    let text = value.and_then(|value| std::str::from_utf8(value.trim_ascii()).ok());
    text.expect("an answer without Content-Length").parse().unwrap()
}

// "PK1:secret", which the sandbox accepts and the others do not look at.
const AUTHORIZATION: &str = "Authorization: Basic UEsxOnNlY3JldA==";

/// A request as bytes. One without a body is sent as JSON of no bytes.
pub(crate) fn request(address: SocketAddr, method: &str, path: &str, body: &str) -> Vec<u8> {
    format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\n{AUTHORIZATION}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}
