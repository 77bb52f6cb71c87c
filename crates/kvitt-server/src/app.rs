//! What every handler shares.

use std::sync::Arc;
use std::time::Duration;

use kvitt_engine::{Engine, IdSource};
use tokio::sync::Semaphore;

use crate::api_keys::KnownKeys;
use crate::dashboard::Attempts;
use crate::metrics::Metrics;

/// What the server is built from.
pub struct ServerConfig {
    /// The engine behind it.
    pub engine: Engine,
    /// Where request ids come from.
    pub ids: Arc<dyn IdSource>,
    /// Whether `/metrics` is open to everybody who reaches it; otherwise it needs an API key.
    pub open_metrics: bool,
    /// How long a request may take before it is answered with 503. Longer than
    /// [`Settings::answer_within`](kvitt_engine::Settings::answer_within), after which an act is
    /// answered as not known yet.
    pub request_timeout: Duration,
    /// How many requests may be under way at a time, each with up to 1 MB of body; any more are
    /// answered with 503 at once.
    pub max_requests: usize,
}

impl ServerConfig {
    /// How many requests may be under way at a time, unless told.
    pub const MAX_REQUESTS: usize = 1_024;

    /// A server over this engine with sensible behaviour.
    pub fn new(engine: Engine, ids: Arc<dyn IdSource>) -> Self {
        let request_timeout = engine.settings().answer_within + Duration::from_secs(15);
        let max_requests = Self::MAX_REQUESTS;
        Self { engine, ids, open_metrics: false, request_timeout, max_requests }
    }
}

/// What every handler shares. Cheap to clone.
#[derive(Clone)]
pub(crate) struct App(Arc<Shared>);

pub(crate) struct Shared {
    pub config: ServerConfig,
    pub metrics: Metrics,
    pub attempts: Attempts,
    pub known_keys: KnownKeys,
    /// Free places for requests.
    pub places: Semaphore,
}

impl App {
    pub(crate) fn new(config: ServerConfig) -> Self {
        let places = Semaphore::new(config.max_requests.min(Semaphore::MAX_PERMITS));
        Self(Arc::new(Shared {
            config,
            metrics: Metrics::new(),
            attempts: Attempts::default(),
            known_keys: KnownKeys::default(),
            places,
        }))
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.0.config.engine
    }

    pub(crate) fn config(&self) -> &ServerConfig {
        &self.0.config
    }

    pub(crate) fn attempts(&self) -> &Attempts {
        &self.0.attempts
    }

    pub(crate) fn known_keys(&self) -> &KnownKeys {
        &self.0.known_keys
    }

    pub(crate) fn places(&self) -> &Semaphore {
        &self.0.places
    }

    pub(crate) fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }
}
