//! HTTP as bytes: fixed ones out, one answer in, over one kept connection. What that costs itself
//! is little, and the same for all sides.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// One kept connection.
pub(crate) struct Wire {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// An answer in the buffer that it was read into.
pub(crate) struct Answer<'a> {
    pub(crate) status: u16,
    /// Status line and headers, without the empty line.
    pub(crate) head: &'a [u8],
    pub(crate) body: &'a [u8],
}

impl<'a> Answer<'a> {
    /// Reads an answer from its first byte. `None`: it goes on.
    pub(crate) fn read(bytes: &'a [u8]) -> Option<Self> {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
        let (head, rest) = bytes.split_at(end);
        let body = rest[4..].get(..content_length(head))?;
        // "HTTP/1.1 200 OK"
        let status = head.get(9..12).and_then(|digits| str::from_utf8(digits).ok());
        Some(Self { status: status.unwrap().parse().unwrap(), head, body })
    }
}

/// Without this header nobody could tell where an answer ends. Every server here sends it.
fn content_length(head: &[u8]) -> usize {
    let value = head.split(|byte| *byte == b'\n').find_map(|line| {
        let (name, value) = line.split_at_checked("content-length:".len())?;
        name.eq_ignore_ascii_case(b"content-length:").then_some(value)
    });
    let text = value.and_then(|value| str::from_utf8(value.trim_ascii()).ok());
    text.expect("an answer without Content-Length").parse().unwrap()
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
        while Answer::read(&self.buffer).is_none() {
            let read = self.stream.read_buf(&mut self.buffer).await.unwrap();
            assert!(read > 0, "the connection was closed");
        }
        Answer::read(&self.buffer).unwrap()
    }
}

// "PK1:secret", which the sandbox accepts and the others do not look at.
pub(crate) const AUTHORIZATION: &str = "Authorization: Basic UEsxOnNlY3JldA==";

/// A request as bytes. One without a body is sent as JSON of no bytes.
pub(crate) fn request(address: SocketAddr, method: &str, path: &str, body: &str) -> Vec<u8> {
    request_with(address, method, path, AUTHORIZATION, body)
}

/// The same with other headers in place of the credential, with line ends between them.
pub(crate) fn request_with(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &str,
    body: &str,
) -> Vec<u8> {
    format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\n{headers}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}
