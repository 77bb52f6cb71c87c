//! The threads that read, each with its own connection, beside the one that writes.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::{Semaphore, oneshot};

use super::error::driver;
use super::open::{self, BUSY_TIMEOUT};
use crate::error::LedgerError;

/// How many read at once. More only wait for the same processor.
pub(super) const READERS_MAX: usize = 8;

/// All who read. Each thread is started, and its connection opened, when it is first needed.
///
/// They are threads of their own, since the runtime's pool for what blocks starts another one
/// whenever none of its own is idle at that moment: it came to a hundred for these eight.
#[derive(Debug)]
pub(super) struct Readers {
    /// How long one waits for a turn.
    patience: Duration,
    turns: Arc<Semaphore>,
    idle: Arc<Idle>,
    /// Connections for who reads by a key, which never wait.
    at_hand: Mutex<Vec<Connection>>,
}

/// One read, with the thread's connection where it has one.
type Job = Box<dyn FnOnce(&mut Option<Connection>) + Send>;

/// The way to a thread, which ends when this is dropped.
type Thread = mpsc::Sender<Job>;

/// Threads that nobody reads on.
#[derive(Debug)]
struct Idle {
    path: PathBuf,
    threads: Mutex<Vec<Thread>>,
}

impl Readers {
    /// Of this file, which is not touched yet.
    pub(super) fn of(path: PathBuf) -> Self {
        let threads = Mutex::new(Vec::with_capacity(READERS_MAX));
        Self {
            patience: BUSY_TIMEOUT,
            turns: Arc::new(Semaphore::new(READERS_MAX)),
            idle: Arc::new(Idle { path, threads }),
            at_hand: Mutex::default(),
        }
    }

    /// Reads the few pages that a key leads to: over sooner than another thread would be awake, so
    /// it is done right here. Where something is in the way, such as a lock, a thread that can wait
    /// reads it and tells.
    pub(super) async fn read_by_key<T: Send + 'static>(
        &self,
        read: impl Fn(&Connection) -> Result<T, LedgerError> + Send + 'static,
    ) -> Result<T, LedgerError> {
        match self.read_at_once(&read) {
            Some(found) => Ok(found),
            None => self.read(read).await,
        }
    }

    fn read_at_once<T>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, LedgerError>,
    ) -> Option<T> {
        let at_hand = self.at_hand().pop();
        let db = at_hand.or_else(|| open::connect_impatient_reader(&self.idle.path).ok())?;
        let found = read(&db).ok()?;
        self.at_hand().push(db);
        Some(found)
    }

    fn at_hand(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.at_hand.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads, all of it in one go on another thread: no statement waits for its own turn. Where
    /// nobody waits for the answer any more, the thread is there for the next one all the same.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, LedgerError> + Send + 'static,
    ) -> Result<T, LedgerError> {
        let turn = tokio::time::timeout(self.patience, Arc::clone(&self.turns).acquire_owned());
        let Ok(Ok(turn)) = turn.await else {
            return Err(unavailable("no connection to its file became free in time"));
        };
        let (answer, answered) = oneshot::channel();
        let thread = self.idle.take()?;
        let (idle, same) = (Arc::clone(&self.idle), thread.clone());
        let job: Job = Box::new(move |db| {
            let done = idle.read(db, read);
            idle.threads().push(same);
            // Only now, so that there are never more threads than turns.
            drop(turn);
            // Nobody waits any more: nothing is lost.
            let _ = answer.send(done);
        });
        // A read that panics ends its thread, and the next one starts another.
        let stopped = || unavailable("the reading of its file stopped");
        thread.send(job).map_err(|_| stopped())?;
        drop(thread);
        answered.await.map_err(|_| stopped())?
    }
}

fn unavailable(what: &str) -> LedgerError {
    LedgerError::Unavailable { what: what.to_owned() }
}

impl Idle {
    fn threads(&self) -> MutexGuard<'_, Vec<Thread>> {
        self.threads.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The one that was used last, or a new one.
    fn take(&self) -> Result<Thread, LedgerError> {
        let known = self.threads().pop();
        known.map_or_else(start, Ok)
    }

    /// Reads with the thread's connection, which is opened where there is none.
    fn read<T>(
        &self,
        kept: &mut Option<Connection>,
        read: impl FnOnce(&Connection) -> Result<T, LedgerError>,
    ) -> Result<T, LedgerError> {
        let db = match kept.take() {
            Some(db) => db,
            None => open::connect_reader(&self.path).map_err(driver)?,
        };
        let done = read(&db);
        if leaves_it_sound(&done) {
            *kept = Some(db);
        }
        done
    }
}

/// Starts a thread, which ends once nobody can send to it any more.
fn start() -> Result<Thread, LedgerError> {
    let (thread, jobs) = mpsc::channel::<Job>();
    std::thread::Builder::new()
        .name("ledger-reader".to_owned())
        .spawn(move || {
            let mut db = None;
            for job in jobs {
                job(&mut db);
            }
        })
        .map_err(|error| unavailable(&format!("no thread can be started to read it ({error})")))?;
    Ok(thread)
}

/// Whether the connection can go on after a read that ended so. What SQLite itself complains of may
/// be gone on another one.
fn leaves_it_sound<T>(done: &Result<T, LedgerError>) -> bool {
    !matches!(
        done,
        Err(LedgerError::Driver(_)
            | LedgerError::Inconsistent { .. }
            | LedgerError::Unavailable { .. }
            | LedgerError::Full
            | LedgerError::ReadOnly)
    )
}

#[cfg(test)]
mod tests;
