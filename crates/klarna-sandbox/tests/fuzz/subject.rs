//! The sandbox under test, called in-process.

use std::sync::atomic::{AtomicU64, Ordering};

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, HeaderValue, Method, Request, header},
};
use klarna_sandbox::{AuthorizationCallback, Clock, Config, IdSource, Sandbox, Settings};
use proptest::test_runner::{Config as Proptest, RngSeed, TestRunner};
use tokio::runtime::Runtime;
use tower::ServiceExt as _;

/// Stands still; only the sandbox's own clock moves.
struct Still;

impl Clock for Still {
    fn now(&self) -> jiff::Timestamp {
        "2026-03-01T12:00:00Z".parse().unwrap()
    }
}

/// Counts up, so that a case is the same in every run.
#[derive(Default)]
struct Counting(AtomicU64);

impl IdSource for Counting {
    fn bytes(&self) -> [u8; 16] {
        let number = self.0.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&number.to_be_bytes());
        bytes[8..].copy_from_slice(&number.to_le_bytes());
        bytes
    }
}

/// A sandbox, and what drives it.
pub(crate) struct Subject {
    runtime: Runtime,
    router: Router,
}

/// A request.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Asked {
    /// With credentials, as JSON.
    pub(crate) fn json(method: &str, path: impl Into<String>, body: impl Into<Vec<u8>>) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, HeaderValue::from_static("Basic c2hvcDpzZWNyZXQ="));
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Self { method: method.parse().unwrap(), path: path.into(), headers, body: body.into() }
    }
}

/// Its answer. A body that broke on the way, as a fault makes it, is `None`.
#[derive(Debug)]
pub(crate) struct Got {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Option<Vec<u8>>,
}

impl Got {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(self.body.as_deref().unwrap()).unwrap()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(self.text()).unwrap()
    }
}

impl Subject {
    pub(crate) fn new() -> Self {
        Self::with(Config::default())
    }

    pub(crate) fn with(config: Config) -> Self {
        let settings = Settings {
            callback_pause_milliseconds: 0,
            // Reading the machine's root certificates would take longer than all the rest.
            callback_certificates_are_checked: false,
            authorization_callback: AuthorizationCallback::Never,
            ..config.settings.clone()
        };
        let config = Config { settings, record_folder: None, ..config };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let router = Sandbox::with_sources(config, Still, Counting::default()).router();
        Self { runtime, router }
    }

    /// The answer, or `None` if the request is none that HTTP can carry.
    pub(crate) fn ask(&self, asked: &Asked) -> Option<Got> {
        let mut request = Request::builder().method(asked.method.clone()).uri(&asked.path);
        request.headers_mut()?.extend(asked.headers.clone());
        let request = request.body(Body::from(asked.body.clone())).ok()?;
        self.runtime.block_on(async {
            let (head, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
            let body = axum::body::to_bytes(body, usize::MAX).await.ok().map(Vec::from);
            Some(Got { status: head.status.as_u16(), headers: head.headers, body })
        })
    }

    /// An answer to something that HTTP can carry.
    pub(crate) fn got(&self, asked: &Asked) -> Got {
        self.ask(asked).unwrap()
    }

    pub(crate) fn post(&self, path: &str, body: &serde_json::Value) -> Got {
        self.got(&Asked::json("POST", path, body.to_string()))
    }

    pub(crate) fn get(&self, path: &str) -> Got {
        self.got(&Asked::json("GET", path, ""))
    }
}

/// Draws `cases` inputs, or as many as `PROPTEST_CASES` says, always the same unless
/// `PROPTEST_RNG_SEED` says otherwise.
pub(crate) fn runner(cases: u32) -> TestRunner {
    let mut config = Proptest { failure_persistence: None, ..Proptest::default() };
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = cases;
    }
    if std::env::var_os("PROPTEST_RNG_SEED").is_none() {
        config.rng_seed = RngSeed::Fixed(4);
    }
    TestRunner::new(config)
}
