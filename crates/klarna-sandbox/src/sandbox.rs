//! The sandbox as a value: its router, and serving it.

use std::{
    convert::Infallible,
    fmt, io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{Router, extract::Request};
use jiff::Timestamp;
use tokio::{
    net::TcpListener,
    sync::{oneshot, watch},
    task::JoinHandle,
};

use crate::{
    callback,
    config::Config,
    error::Error,
    exchanges::{Exchange, Exchanges, Limits},
    http::{self, Call},
    keep::state_file::StateFile,
    recorder::Recorder,
    source::{Clock, IdSource, RandomIds, SystemClock},
    state::{Moment, State, limits::StoreLimits},
    wire::{self, Listening},
};

/// How often a served sandbox looks for what became due without a request.
const SETTLE_EVERY: Duration = Duration::from_secs(1);

/// How long open requests may take once the sandbox is to stop.
const ANSWERS_WITHIN: Duration = Duration::from_secs(1);

/// What all requests share.
pub(crate) struct Shared {
    pub(crate) config: Config,
    clock: Box<dyn Clock>,
    pub(crate) ids: Box<dyn IdSource>,
    state: Arc<Mutex<State>>,
    /// Where the state is kept, if anywhere.
    pub(crate) state_file: Mutex<Option<StateFile>>,
    exchanges: Mutex<Exchanges>,
    /// Every exchange's number, for those who watch.
    pub(crate) newest_exchange: watch::Sender<u64>,
    /// Changes when serving is to end, for answers that would go on for ever.
    pub(crate) stopping: watch::Sender<()>,
    recorder: Option<Recorder>,
    pub(crate) sender: callback::Sender,
}

impl Shared {
    /// The store. A panic elsewhere leaves it usable: transitions do not stop half way.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
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
        let gone = exchanges.remember(exchange, limits);
        self.newest_exchange.send_replace(exchanges.total());
        drop(exchanges);
        drop(gone);
    }

    /// The store as something that others can hold.
    pub(crate) fn store(&self) -> &Arc<Mutex<State>> {
        &self.state
    }

    /// Forgets everything.
    pub(crate) fn reset(&self) {
        let newer = empty(&self.config, self.base_time());
        let older = self.state().replace(newer);
        let forgotten = self.exchanges().clear();
        // Large ones take a moment to be freed, for which nobody should wait.
        drop((older, forgotten));
    }
}

/// The store of a sandbox that starts.
fn empty(config: &Config, base: Timestamp) -> State {
    let mut state = State::new(config.settings.clone());
    state.clock.set_pace(base, config.pace);
    state
}

/// Klarna, offline. A cheap handle: clones share one store.
#[derive(Clone)]
pub struct Sandbox(pub(crate) Arc<Shared>);

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
            state: Arc::new(Mutex::new(empty(&config, clock.now()))),
            state_file: Mutex::default(),
            config,
            clock: Box::new(clock),
            ids: Box::new(ids),
            exchanges: Mutex::default(),
            newest_exchange: watch::Sender::new(0),
            stopping: watch::Sender::new(()),
            sender: callback::Sender::default(),
        }))
    }

    /// What its requests share.
    #[cfg(test)]
    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.0
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
        let serving = tokio::spawn(async move {
            if let Err(error) = serving.await {
                tracing::error!(%error, "the sandbox stopped serving");
            }
        });
        Ok(Running { address, sandbox: self, stop, serving })
    }

    /// Serves until this resolves. What was asked is then still answered, within a second;
    /// connections on which nobody asks are closed at once.
    ///
    /// # Errors
    /// What the listener reports.
    pub async fn serve_until(
        self,
        listener: TcpListener,
        stopped: impl Future<Output = ()> + Send + 'static,
    ) -> io::Result<()> {
        let (stopping, noticed) = oneshot::channel::<Infallible>();
        let shared = Arc::clone(&self.0);
        let router = self.router().into_make_service_with_connect_info::<wire::Reset>();
        let serving = axum::serve(Listening(listener), router).with_graceful_shutdown(async move {
            stopped.await;
            shared.stopping.send_replace(());
            drop(stopping);
        });
        let out_of_time = async {
            // Resolves, with an error, when the sender is dropped.
            drop(noticed.await);
            tokio::time::sleep(ANSWERS_WITHIN).await;
        };
        tokio::select! {
            served = serving => served,
            () = out_of_time => Ok(()),
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
                state.settle(now, &*self.0.ids, StoreLimits::of(&self.0.config));
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
    stop: oneshot::Sender<Infallible>,
    serving: JoinHandle<()>,
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

    /// Stops serving: answers what was asked, closes the connections, and lets the state file go,
    /// if there is one. Dropping does the same without waiting for it.
    ///
    /// # Errors
    /// The state file cannot be written.
    pub async fn stop(self) -> Result<(), Error> {
        drop(self.stop);
        // Its panic was told when it happened.
        let _ = self.serving.await;
        self.sandbox.stop_keeping()
    }
}
