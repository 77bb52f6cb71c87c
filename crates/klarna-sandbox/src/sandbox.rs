//! The sandbox as a value: its router, and serving it.

use std::{
    convert::Infallible,
    fmt, io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::Duration,
};

use axum::{Router, extract::Request};
use jiff::Timestamp;
use tokio::{
    net::TcpListener,
    sync::{oneshot, watch},
};

use crate::{
    callback,
    config::Config,
    exchanges::{Exchange, Exchanges, Limits},
    http::{self, Call},
    recorder::Recorder,
    source::{Clock, IdSource, RandomIds, SystemClock},
    state::{Moment, State, callbacks::Kind},
};

/// How often a served sandbox looks for what became due without a request.
const SETTLE_EVERY: Duration = Duration::from_secs(1);

/// What all requests share.
pub(crate) struct Shared {
    pub(crate) config: Config,
    clock: Box<dyn Clock>,
    pub(crate) ids: Box<dyn IdSource>,
    state: Mutex<State>,
    exchanges: Mutex<Exchanges>,
    /// Every exchange's number, for those who watch.
    pub(crate) newest_exchange: watch::Sender<u64>,
    recorder: Option<Recorder>,
    /// Sends callbacks, from the first one on; `None` if TLS could not be set up.
    client: OnceLock<Option<reqwest::Client>>,
    /// Sends status updates, whose time limit is another.
    status_update_client: OnceLock<Option<reqwest::Client>>,
}

impl Shared {
    /// The store. A panic elsewhere leaves it usable: transitions do not stop half way.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The client that sends callbacks. Reading the machine's root certificates takes a moment, and
    /// most sandboxes never call anyone.
    pub(crate) fn client(&self, kind: Kind) -> Option<&reqwest::Client> {
        let client = match kind {
            Kind::Authorization | Kind::Notification => &self.client,
            Kind::StatusUpdate => &self.status_update_client,
        };
        client.get_or_init(|| callback::client(kind)).as_ref()
    }

    /// The time on which the sandbox's own is based.
    pub(crate) fn base_time(&self) -> Timestamp {
        self.clock.now()
    }

    /// The sandbox's time.
    pub(crate) fn now(&self, state: &State) -> Timestamp {
        state.clock.now(self.clock.now())
    }

    /// What a transition needs to know for a call.
    pub(crate) fn moment<'a>(&'a self, state: &State, call: &'a Call) -> Moment<'a> {
        let (now, settings) = (self.now(state), Arc::clone(&state.settings));
        Moment { now, ids: &*self.ids, settings, base_url: &call.base_url }
    }

    /// The exchanges that are kept.
    pub(crate) fn exchanges(&self) -> MutexGuard<'_, Exchanges> {
        self.exchanges.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps an exchange, and tells those who watch.
    pub(crate) fn remember(&self, exchange: Exchange) {
        if let Some(recorder) = &self.recorder {
            recorder.write(&exchange);
        }
        let limits =
            Limits { exchanges: self.config.exchanges_max, bytes: self.config.exchange_bytes_max };
        let mut exchanges = self.exchanges();
        exchanges.remember(exchange, limits);
        self.newest_exchange.send_replace(exchanges.total());
    }

    /// Forgets everything.
    pub(crate) fn reset(&self) {
        *self.state() = State::new(self.config.settings.clone());
        let mut exchanges = self.exchanges();
        *exchanges = Exchanges::default();
        self.newest_exchange.send_replace(0);
    }
}

/// Klarna, offline. A cheap handle: clones share one store.
#[derive(Clone)]
pub struct Sandbox(Arc<Shared>);

impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sandbox").field("config", &self.0.config).finish_non_exhaustive()
    }
}

impl Sandbox {
    /// A sandbox on the machine's clock and randomness.
    pub fn new(config: Config) -> Self {
        Self::with_sources(config, SystemClock, RandomIds)
    }

    /// A sandbox whose time and ids come from elsewhere.
    pub fn with_sources(
        config: Config,
        clock: impl Clock + 'static,
        ids: impl IdSource + 'static,
    ) -> Self {
        callback::install_tls_provider();
        Self(Arc::new(Shared {
            recorder: config.record_folder.as_deref().and_then(Recorder::in_folder),
            state: Mutex::new(State::new(config.settings.clone())),
            config,
            clock: Box::new(clock),
            ids: Box::new(ids),
            exchanges: Mutex::default(),
            newest_exchange: watch::Sender::new(0),
            client: OnceLock::new(),
            status_update_client: OnceLock::new(),
        }))
    }

    /// All of the sandbox's paths.
    pub fn router(&self) -> Router {
        let shared = Arc::clone(&self.0);
        Router::new().fallback(move |request: Request| {
            let shared = Arc::clone(&shared);
            async move { http::handle(shared, request).await }
        })
    }

    /// Serves until an error ends it.
    ///
    /// # Errors
    /// What the listener reports.
    pub async fn serve(self, listener: TcpListener) -> io::Result<()> {
        self.serve_until(listener, std::future::pending()).await
    }

    /// Serves in the background on a free port of 127.0.0.1 until the answer is dropped.
    ///
    /// # Errors
    /// No port could be bound.
    pub async fn start(config: Config) -> io::Result<Running> {
        Self::new(config).start_here().await
    }

    /// Like [`Sandbox::start`], for a sandbox that exists.
    ///
    /// # Errors
    /// No port could be bound.
    pub async fn start_here(self) -> io::Result<Running> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel::<Infallible>();
        let serving = self.clone().serve_until(listener, async {
            // Resolves, with an error, when the sender is dropped.
            drop(stopped.await);
        });
        tokio::spawn(async move {
            if let Err(error) = serving.await {
                tracing::error!(%error, "the sandbox stopped serving");
            }
        });
        Ok(Running { address, sandbox: self, _stop: stop })
    }

    /// The sandbox's time.
    pub fn now(&self) -> Timestamp {
        self.0.now(&self.0.state())
    }

    async fn serve_until(
        self,
        listener: TcpListener,
        stopped: impl Future<Output = ()> + Send + 'static,
    ) -> io::Result<()> {
        let serving = axum::serve(listener, self.router()).with_graceful_shutdown(stopped);
        tokio::select! {
            served = serving => served,
            never = self.settle_forever() => match never {},
        }
    }

    /// Lets time do its work even when nobody asks anything.
    async fn settle_forever(&self) -> Infallible {
        loop {
            tokio::time::sleep(SETTLE_EVERY).await;
            let due = {
                let mut state = self.0.state();
                let now = self.0.now(&state);
                state.settle(now, &*self.0.ids, self.0.config.sessions_max);
                std::mem::take(&mut state.outbox)
            };
            callback::send_in_background(&self.0, due);
        }
    }
}

/// A sandbox that serves until this is dropped.
#[derive(Debug)]
pub struct Running {
    address: SocketAddr,
    sandbox: Sandbox,
    _stop: oneshot::Sender<Infallible>,
}

impl Running {
    /// Where it serves, like `http://127.0.0.1:40123`, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The sandbox that is served.
    pub fn sandbox(&self) -> &Sandbox {
        &self.sandbox
    }
}
