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
}

/// An error of the driver, as the ledger says it. SQLite's messages name columns, never values.
pub(super) fn driver(error: sqlx::Error) -> LedgerError {
    use sqlx::Error;
    match &error {
        Error::Database(database) => match primary_code(&**database) {
            code::FULL => LedgerError::Full,
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

fn primary_code(error: &dyn DatabaseError) -> i32 {
    let extended = error.code().and_then(|code| code.parse::<i32>().ok()).unwrap_or(0);
    extended & 0xff
}
