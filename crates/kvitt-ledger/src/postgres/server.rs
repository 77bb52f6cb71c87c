//! The way to the server: connections, and which of several servers can be written to.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions};
use sqlx::{ConnectOptions as _, Connection as _, Executor as _};

use super::connections::{BrokenAt, Connections};
use super::error::{Failed, Way};
use super::open::opening;
use super::url::{PostgresUrl, name};
use crate::error::LedgerError;

/// How long a connection is waited for, whether one becomes free or the server starts.
const CONNECTION_MAX: Duration = Duration::from_secs(5);

/// How long one of several servers may take to tell whether it can be written to.
const PROBE_MAX: Duration = Duration::from_secs(2);

/// The pause before servers of which none could be written to are asked again.
const PROBE_PAUSE: Duration = Duration::from_millis(100);

/// How long an answer is waited for. What is asked takes milliseconds.
const ANSWER_MAX_S: u64 = 30;

/// What each connection begins with. A server that does not wait for its disk is told to: what is
/// answered for must be there after a power cut. Isolation is what the statements are made for. All
/// that is asked is short: workers beside it, and compiling it, would take longer than the answer.
pub(super) const SESSION: &str = "
    SET default_transaction_isolation = 'read committed';
    SET max_parallel_workers_per_gather = 0;
    SET jit = off;
    SELECT set_config('synchronous_commit', 'on', false)
    WHERE current_setting('synchronous_commit') = 'off'";

/// The server that can be written to, one of those that were named.
pub(super) struct Server {
    connections: Connections,
    servers: Vec<PgConnectOptions>,
    /// The place of the one in use. It is locked while another is looked for.
    current: tokio::sync::Mutex<usize>,
    broken: Arc<BrokenAt>,
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The driver would print passwords.
        f.debug_list().entries(self.servers.iter().map(name)).finish()
    }
}

impl Server {
    /// Finds the server that can be written to.
    pub(super) async fn find(url: PostgresUrl) -> Result<Self, LedgerError> {
        let PostgresUrl { servers, connections_max } = url;
        let current = first_writable(&servers).await?;
        let broken = Arc::new(BrokenAt::default());
        let seen = Arc::clone(&broken);
        let pool = PgPoolOptions::new()
            .max_connections(connections_max)
            .acquire_timeout(CONNECTION_MAX)
            // Asking each time would double the round trips.
            .test_before_acquire(false)
            .before_acquire(move |_, connection| {
                let is_suspect = seen.is_suspect(connection.age);
                Box::pin(async move { Ok(!is_suspect) })
            })
            .after_connect(|connection, _| {
                Box::pin(async move { connection.execute(SESSION).await.map(|_| ()) })
            })
            .connect_lazy_with(servers.get(current).cloned().unwrap_or_default());
        let current = tokio::sync::Mutex::new(current);
        let connections = Connections::of(pool, Arc::clone(&broken));
        Ok(Self { connections, servers, current, broken })
    }

    /// The connections.
    pub(super) fn connections(&self) -> &Connections {
        &self.connections
    }

    /// A connection of its own to the server in use, and where that is.
    pub(super) async fn connect(&self) -> Result<(String, PgConnection), LedgerError> {
        let current = *self.current.lock().await;
        let server = self.servers.get(current).cloned().unwrap_or_default();
        let at = name(&server);
        let connection = server.connect().await.map_err(|error| opening(&at, error))?;
        Ok((at, connection))
    }

    /// Carries out a call. Where it shows that the way to the server is gone, the next ones take
    /// another; whether this one is tried again is for its caller to decide.
    pub(super) async fn call<T>(
        &self,
        call: impl Future<Output = Result<T, Failed>>,
    ) -> Result<T, LedgerError> {
        let in_time = tokio::time::timeout(Duration::from_secs(ANSWER_MAX_S), call);
        let failed = match in_time.await.unwrap_or_else(|_| Err(Failed::silence(ANSWER_MAX_S))) {
            Ok(answer) => return Ok(answer),
            Err(failed) => failed,
        };
        if failed.way == Way::Broken {
            self.broken.now();
        }
        if failed.way != Way::Works {
            self.look_around().await;
        }
        Err(failed.error)
    }

    /// Turns to another server, if the one in use cannot be written to and another can. One caller
    /// at a time looks; the others do not wait for it.
    async fn look_around(&self) {
        let Ok(mut current) = self.current.try_lock() else { return };
        if self.servers.len() == 1 {
            return;
        }
        let in_turn = (*current..self.servers.len()).chain(0..*current);
        for candidate in in_turn {
            let Some(server) = self.servers.get(candidate) else { continue };
            match probe(server).await {
                Ok(()) if candidate == *current => return,
                Ok(()) => {
                    *current = candidate;
                    self.connections.pool().set_connect_options(server.clone());
                    self.broken.now();
                    tracing::warn!(server = name(server), "another database server took over");
                    return;
                }
                Err(error) => {
                    tracing::warn!(server = name(server), %error, "it cannot be written to");
                }
            }
        }
    }
}

/// The first server that can be written to. A while is waited for one, since kvitt may be started
/// together with its database. A standby may refuse what its primary takes, when it lags behind.
async fn first_writable(servers: &[PgConnectOptions]) -> Result<usize, LedgerError> {
    let started = Instant::now();
    loop {
        let (mut away, mut refused) = (Vec::new(), None);
        for (place, server) in servers.iter().enumerate() {
            match probe(server).await {
                Ok(()) => return Ok(place),
                Err(LedgerError::Unavailable { what }) => away.push(what),
                Err(error) => refused = refused.or(Some(error)),
            }
        }
        if away.is_empty() || started.elapsed() > CONNECTION_MAX {
            return Err(refused.unwrap_or(LedgerError::Unavailable { what: away.join("; ") }));
        }
        tokio::time::sleep(PROBE_PAUSE).await;
    }
}

/// Whether this server can be written to.
async fn probe(server: &PgConnectOptions) -> Result<(), LedgerError> {
    let asked = async {
        let mut connection = server.connect().await?;
        let row = sqlx::query(
            "SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::boolean
                 AS is_read_only",
        )
        .fetch_one(&mut connection)
        .await?;
        let is_read_only: bool = sqlx::Row::try_get(&row, "is_read_only")?;
        connection.close().await?;
        Ok(is_read_only)
    };
    let unavailable =
        |why: &str| LedgerError::Unavailable { what: format!("{} {why}", name(server)) };
    match tokio::time::timeout(PROBE_MAX, asked).await {
        Ok(Ok(false)) => Ok(()),
        Ok(Ok(true)) => Err(unavailable("is a standby, or read-only")),
        Ok(Err(error)) => Err(opening(&name(server), error)),
        Err(_) => Err(unavailable("does not answer")),
    }
}
