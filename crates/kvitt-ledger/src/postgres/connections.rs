//! Connections at hand. The driver's pool asks the server after each use whether the connection
//! still works, which doubles the round trips; so a connection stays here between two uses, and
//! goes back to that pool where its last use did not come to a clean end, or where it is old.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream, StreamExt as _, TryStreamExt as _};
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnection, PgQueryResult, PgRow, PgStatement, PgTypeInfo};
use sqlx::{
    Connection as _, Either, Error, Execute, Executor, PgPool, PgTransaction, Postgres, SqlStr,
};
use tokio::sync::{Semaphore, SemaphorePermit};

/// How long a connection stays here, used or not: the driver's pool closes what is older than half
/// an hour.
const AGE_MAX: Duration = Duration::from_mins(30);
/// How long a connection waits for its next use.
const IDLE_MAX: Duration = Duration::from_mins(10);

/// When a connection last broke. Those made before are suspect, and are not used again.
#[derive(Debug, Default)]
pub(super) struct BrokenAt(Mutex<Option<Instant>>);

impl BrokenAt {
    pub(super) fn now(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    pub(super) fn is_suspect(&self, age: Duration) -> bool {
        let at = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        at.is_some_and(|at| age >= at.elapsed())
    }
}

/// The connections to one server.
pub(super) struct Connections {
    pool: PgPool,
    idle: Mutex<Vec<Idle>>,
    /// As many as there may be connections: who holds one finds a connection, here or in the pool.
    places: Semaphore,
    place_within: Duration,
    broken: Arc<BrokenAt>,
}

struct Idle {
    connection: PoolConnection<Postgres>,
    made: Instant,
    since: Instant,
}

impl fmt::Debug for Connections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The driver's pool would print passwords.
        f.debug_struct("Connections").finish_non_exhaustive()
    }
}

impl Connections {
    pub(super) fn of(pool: PgPool, broken: Arc<BrokenAt>) -> Self {
        let options = pool.options();
        let places = usize::try_from(options.get_max_connections()).unwrap_or(usize::MAX);
        let place_within = options.get_acquire_timeout();
        let places = Semaphore::new(places.min(Semaphore::MAX_PERMITS));
        Self { pool, idle: Mutex::default(), places, place_within, broken }
    }

    /// The driver's pool, which makes the connections.
    pub(super) fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// A connection, once one is free. [`Held::give_back`] keeps it for the next.
    pub(super) async fn acquire(&self) -> Result<Held<'_>, Error> {
        let place = tokio::time::timeout(self.place_within, self.places.acquire());
        let place = place.await.map_err(|_| Error::PoolTimedOut)?.map_err(|_| Error::PoolClosed)?;
        if let Some(Idle { connection, made, .. }) = self.take_idle() {
            return Ok(Held { connections: self, connection, made, _place: place });
        }
        let made = Instant::now();
        let connection = self.pool.acquire().await?;
        Ok(Held { connections: self, connection, made, _place: place })
    }

    /// The connection that was used last, so that those which are not needed grow old.
    fn take_idle(&self) -> Option<Idle> {
        let mut idle = self.idle();
        // What is not taken goes back to the driver's pool, which closes it for the same reasons.
        idle.retain(|it| it.since.elapsed() < IDLE_MAX && self.is_good(it.made));
        idle.pop()
    }

    fn is_good(&self, made: Instant) -> bool {
        made.elapsed() < AGE_MAX && !self.broken.is_suspect(made.elapsed())
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Idle>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection in use. Dropped, it goes to the driver's pool, which looks whether it still works.
pub(super) struct Held<'a> {
    connections: &'a Connections,
    connection: PoolConnection<Postgres>,
    made: Instant,
    _place: SemaphorePermit<'a>,
}

impl Held<'_> {
    /// Begins a transaction on it.
    pub(super) async fn begin(&mut self) -> Result<PgTransaction<'_>, Error> {
        self.connection.begin().await
    }

    /// Keeps it for the next: all that was asked through it was answered.
    pub(super) fn give_back(self) {
        let Self { connections, connection, made, .. } = self;
        if connections.is_good(made) {
            connections.idle().push(Idle { connection, made, since: Instant::now() });
        }
    }

    /// The same, if it was.
    fn give_back_after<T>(self, answer: Result<T, Error>) -> Result<T, Error> {
        if answer.is_ok() {
            self.give_back();
        }
        answer
    }
}

impl Deref for Held<'_> {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.connection
    }
}

impl DerefMut for Held<'_> {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.connection
    }
}

impl<'c> Executor<'c> for &'c Connections {
    type Database = Postgres;

    /// All rows are read before the first is handed on: no answer of a ledger is large.
    fn fetch_many<'e, 'q: 'e, E>(
        self,
        query: E,
    ) -> BoxStream<'e, Result<Either<PgQueryResult, PgRow>, Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        let steps = async move {
            let mut held = self.acquire().await?;
            let steps: Result<Vec<_>, _> = held.fetch_many(query).try_collect().await;
            held.give_back_after(steps).map(|steps| stream::iter(steps.into_iter().map(Ok)))
        };
        stream::once(steps).try_flatten().boxed()
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<Option<PgRow>, Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        Box::pin(async move {
            let mut held = self.acquire().await?;
            let row = held.fetch_optional(query).await;
            held.give_back_after(row)
        })
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [PgTypeInfo],
    ) -> BoxFuture<'e, Result<PgStatement, Error>>
    where
        'c: 'e,
    {
        Box::pin(async move {
            let mut held = self.acquire().await?;
            let statement = held.prepare_with(sql, parameters).await;
            held.give_back_after(statement)
        })
    }
}
