//! The connections that read, beside the one that writes.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::Semaphore;

use super::blocking::blocking;
use super::error::driver;
use super::open::{self, BUSY_TIMEOUT};
use crate::error::LedgerError;

/// How many read at once. More only wait for the same processor.
pub(super) const READERS_MAX: usize = 8;

/// The connections of all who read. Each is opened when it is first needed.
#[derive(Debug)]
pub(super) struct Readers {
    /// How long one waits for a turn.
    patience: Duration,
    turns: Arc<Semaphore>,
    idle: Arc<Idle>,
}

/// Connections that nobody reads from.
#[derive(Debug)]
struct Idle {
    path: PathBuf,
    connections: Mutex<Vec<Connection>>,
}

impl Readers {
    /// Of this file, which is not touched yet.
    pub(super) fn of(path: PathBuf) -> Self {
        let connections = Mutex::new(Vec::with_capacity(READERS_MAX));
        Self {
            patience: BUSY_TIMEOUT,
            turns: Arc::new(Semaphore::new(READERS_MAX)),
            idle: Arc::new(Idle { path, connections }),
        }
    }

    /// Reads, all of it in one go on another thread: no statement waits for its own turn. Where
    /// nobody waits for the answer any more, the connection comes back all the same.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, LedgerError> + Send + 'static,
    ) -> Result<T, LedgerError> {
        let turn = tokio::time::timeout(self.patience, Arc::clone(&self.turns).acquire_owned());
        let Ok(Ok(turn)) = turn.await else {
            let what = "no connection to its file became free in time".to_owned();
            return Err(LedgerError::Unavailable { what });
        };
        let idle = Arc::clone(&self.idle);
        blocking(move || {
            let db = idle.take()?;
            let done = read(&db);
            if leaves_it_sound(&done) {
                idle.put(db);
            } else {
                drop(db);
            }
            // Only now, so that there are never more connections than turns.
            drop(turn);
            done
        })
        .await
    }

    #[cfg(test)]
    pub(super) fn idle(&self) -> usize {
        self.idle.connections.lock().unwrap().len()
    }
}

impl Idle {
    /// The one that was used last, or a new one.
    fn take(&self) -> Result<Connection, LedgerError> {
        let known = self.connections.lock().unwrap_or_else(PoisonError::into_inner).pop();
        known.map_or_else(|| open::connect_reader(&self.path).map_err(driver), Ok)
    }

    fn put(&self, db: Connection) {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner).push(db);
    }
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
