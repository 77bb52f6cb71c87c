//! The real transport: HTTPS with reqwest. The one place that builds an HTTP client.

use std::error::Error as _;
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, USER_AGENT};
use secrecy::ExposeSecret;

use crate::retry::Jitter;
use crate::transport::{Exchange, Failure, Pacing, Transport};
use crate::{BaseUrl, Credentials, Error, Headers, Method, RawAnswer, Request};

/// Largest answer that is read, in bytes. Klarna's are a few thousand; an order with a thousand
/// lines and many captures is the reason for the room.
const ANSWER_BYTES_MAX: usize = 64 * 1024 * 1024;

/// How long an unused connection is kept: less than the 59 s after which Klarna closes it, since a
/// write that meets the closing would leave its outcome unknown.
const IDLE_MAX: Duration = Duration::from_secs(50);

/// How long to wait. A call lasts at most both together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// For name resolution, connection and TLS.
    pub connect: Duration,
    /// For the whole answer.
    pub answer: Duration,
}

impl Default for Timeouts {
    /// 5 s to connect; 65 s for the answer, a little longer than the 59 s after which Klarna
    /// closes a connection, so that its end is seen rather than guessed.
    fn default() -> Self {
        Self { connect: Duration::from_secs(5), answer: Duration::from_secs(65) }
    }
}

/// A connection pool to one base URL with one set of credentials.
#[derive(Clone)]
pub struct Http {
    base_url: BaseUrl,
    client: reqwest::Client,
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http").field("base_url", &self.base_url).finish_non_exhaustive()
    }
}

impl Http {
    /// A transport. `product` is added to the `User-Agent`, such as `my-shop/1.2`. Refused with
    /// [`Error::Configuration`] where a value cannot stand in a header, or where the machine has
    /// no certificates to trust.
    pub fn new(
        base_url: BaseUrl,
        credentials: &Credentials,
        timeouts: Timeouts,
        product: Option<&str>,
    ) -> Result<Self, Error> {
        let refuse =
            |setting, problem: &str| Error::Configuration { setting, problem: problem.to_owned() };
        let mut authorization = HeaderValue::from_str(credentials.authorization()?.expose_secret())
            .map_err(|_| refuse("credentials", "they cannot stand in a header"))?;
        authorization.set_sensitive(true);
        let user_agent = match product {
            None => own_product().to_owned(),
            Some(product) => format!("{} {product}", own_product()),
        };
        let user_agent = HeaderValue::from_str(&user_agent)
            .map_err(|_| refuse("user_agent", "it must be visible ASCII, such as my-shop/1.2"))?;
        let headers = HeaderMap::from_iter([
            (AUTHORIZATION, authorization),
            (USER_AGENT, user_agent),
            (ACCEPT, HeaderValue::from_static("application/json")),
        ]);

        // One provider for the whole program; a second installation fails, and that is fine.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = reqwest::Client::builder()
            .default_headers(headers)
            .redirect(reqwest::redirect::Policy::none())
            .pool_idle_timeout(IDLE_MAX)
            .connect_timeout(timeouts.connect)
            .timeout(timeouts.connect.saturating_add(timeouts.answer));
        if !base_url.is_encrypted() {
            // Without TLS there is nothing to trust, and a machine without certificates can
            // still reach a sandbox.
            builder = builder.tls_certs_only([]);
        }
        let client = builder.build().map_err(|error| {
            let problem = format!(
                "no HTTPS client can be built: {}; install the system's CA certificates",
                chain(&error)
            );
            Error::Configuration { setting: "base_url", problem }
        })?;
        Ok(Self { base_url, client })
    }

    async fn send(&self, request: &Request) -> Result<RawAnswer, Failure> {
        let url = format!("{}{}", self.base_url, request.path());
        let mut builder = self.client.request(method(request.method()), url);
        if let Some(key) = request.idempotency_key() {
            builder = builder.header("Klarna-Idempotency-Key", key.as_str());
        }
        if let Some(body) = request.body() {
            builder = builder.header(CONTENT_TYPE, "application/json").body(body.to_owned());
        }
        let mut response = builder.send().await.map_err(|error| failure(&error, None))?;
        let status = response.status().as_u16();
        let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let headers = response.headers().iter();
        let headers: Headers =
            headers.map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
        let mut body = Vec::new();
        while let Some(chunk) =
            response.chunk().await.map_err(|error| failure(&error, Some(status)))?
        {
            if body.len() + chunk.len() > ANSWER_BYTES_MAX {
                return Err(Failure::Lost { status: Some(status) });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(RawAnswer { status, headers, body })
    }
}

#[async_trait]
impl Transport for Http {
    async fn exchange(&self, request: &Request) -> Exchange {
        let begun = Instant::now();
        let answer = self.send(request).await;
        Exchange { answer, duration: begun.elapsed() }
    }
}

fn own_product() -> &'static str {
    concat!("klarna-rust/", env!("CARGO_PKG_VERSION"))
}

fn method(method: Method) -> reqwest::Method {
    match method {
        Method::Get => reqwest::Method::GET,
        Method::Post => reqwest::Method::POST,
        Method::Patch => reqwest::Method::PATCH,
        Method::Put => reqwest::Method::PUT,
        Method::Delete => reqwest::Method::DELETE,
    }
}

/// Only what surely happened before sending is called so; everything else may have been sent.
fn failure(error: &reqwest::Error, status: Option<u16>) -> Failure {
    if error.is_builder() || error.is_connect() {
        return if error.is_timeout() {
            Failure::ConnectTimedOut
        } else {
            Failure::Connect(chain(error))
        };
    }
    if error.is_timeout() { Failure::AnswerTimedOut } else { Failure::Lost { status } }
}

/// The causes below reqwest's own message, which holds the URL and with it, perhaps, a token.
fn chain(error: &reqwest::Error) -> String {
    let mut texts = Vec::new();
    let mut cause = error.source();
    while let Some(error) = cause {
        texts.push(error.to_string());
        cause = error.source();
    }
    texts.dedup();
    if texts.is_empty() { "of an unknown cause".to_owned() } else { texts.join(": ") }
}

/// Real time and real chance.
#[derive(Debug, Clone, Copy, Default)]
pub struct RealPacing;

#[async_trait]
impl Pacing for RealPacing {
    async fn pause(&self, wait: Duration) {
        tokio::time::sleep(wait).await;
    }

    fn jitter(&self) -> Jitter {
        // The standard library's hasher is seeded at random, which is chance enough to spread
        // waits.
        let random = RandomState::new().hash_one(0_u8) % 1001;
        Jitter(u16::try_from(random).unwrap_or_default())
    }
}
