//! What SQLite's errors mean to a ledger.

use std::sync::Arc;

use sqlx::error::DatabaseError;

use crate::error::LedgerError;

/// SQLite's primary result codes, the low byte of the extended ones.
mod code {
    pub(super) const BUSY: i32 = 5;
    pub(super) const LOCKED: i32 = 6;
    pub(super) const READONLY: i32 = 8;
    pub(super) const IOERR: i32 = 10;
    pub(super) const CORRUPT: i32 = 11;
    pub(super) const FULL: i32 = 13;
    pub(super) const CANTOPEN: i32 = 14;
    pub(super) const NOTADB: i32 = 26;

    /// Extended codes of a disk that takes nothing. SQLite says FULL for one error of the operating
    /// system alone (ENOSPC): a quota or a limit on a file's size ends a write like this, and so
    /// does a full disk that has no room for the index of the log.
    pub(super) const IOERR_WRITE: i32 = 778;
    pub(super) const IOERR_SHMSIZE: i32 = 4_874;
}

/// An error of the driver, as the ledger says it. SQLite's messages name columns, never values.
pub(super) fn driver(error: sqlx::Error) -> LedgerError {
    use sqlx::Error;
    match &error {
        Error::Database(database) if takes_nothing(&**database) => LedgerError::Full,
        Error::Database(database) => match primary_code(&**database) {
            code::READONLY => LedgerError::ReadOnly,
            code::BUSY | code::LOCKED => LedgerError::Unavailable {
                what: "another process holds the lock on its file".to_owned(),
            },
            code::IOERR | code::CANTOPEN => LedgerError::Unavailable { what: database.to_string() },
            code::CORRUPT | code::NOTADB => {
                LedgerError::Inconsistent { what: database.to_string() }
            }
            _ => LedgerError::Driver(Arc::new(error)),
        },
        Error::ColumnDecode { .. } | Error::Decode(_) | Error::ColumnNotFound(_) => {
            LedgerError::Inconsistent { what: error.to_string() }
        }
        Error::Io(_) | Error::PoolTimedOut | Error::PoolClosed | Error::WorkerCrashed => {
            LedgerError::Unavailable { what: error.to_string() }
        }
        _ => LedgerError::Driver(Arc::new(error)),
    }
}

/// Whether the database says that a unique key is taken.
pub(super) fn is_taken(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Database(database) if database.is_unique_violation())
}

/// Whether another connection holds a lock.
pub(super) fn is_busy(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Database(database) if primary_code(&**database) == code::BUSY)
}

/// Whether the disk has no room, or gives none.
fn takes_nothing(error: &dyn DatabaseError) -> bool {
    matches!(extended_code(error), code::FULL | code::IOERR_WRITE | code::IOERR_SHMSIZE)
}

fn primary_code(error: &dyn DatabaseError) -> i32 {
    extended_code(error) & 0xff
}

fn extended_code(error: &dyn DatabaseError) -> i32 {
    error.code().and_then(|code| code.parse().ok()).unwrap_or(0)
}
