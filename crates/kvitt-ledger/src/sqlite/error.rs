//! What SQLite's errors mean to a ledger.

use std::sync::Arc;

use rusqlite::{Error, ffi};

use crate::error::LedgerError;

/// What SQLite said. It names columns, never values.
#[derive(Debug, thiserror::Error)]
#[error("{message} (SQLite's code {code})")]
struct Said {
    code: i32,
    message: String,
}

/// An error of the driver, as the ledger says it.
pub(super) fn driver(error: Error) -> LedgerError {
    let (code, message) = match error {
        Error::SqliteFailure(failure, message) => {
            (failure.extended_code, message.unwrap_or_else(|| failure.to_string()))
        }
        // Not with the statement, which would tell nobody more.
        Error::SqlInputError { error, msg, .. } => (error.extended_code, msg),
        Error::FromSqlConversionFailure(..)
        | Error::InvalidColumnType(..)
        | Error::InvalidColumnName(_)
        | Error::Utf8Error(..) => {
            return LedgerError::Inconsistent { what: error.to_string() };
        }
        other => return LedgerError::Driver(Arc::new(other)),
    };
    let said = Said { code, message };
    if takes_nothing(code) {
        return LedgerError::Full;
    }
    match primary(code) {
        ffi::SQLITE_READONLY => LedgerError::ReadOnly,
        ffi::SQLITE_BUSY | ffi::SQLITE_LOCKED => LedgerError::Unavailable {
            what: "another process holds the lock on its file".to_owned(),
        },
        ffi::SQLITE_IOERR | ffi::SQLITE_CANTOPEN => {
            LedgerError::Unavailable { what: said.to_string() }
        }
        ffi::SQLITE_CORRUPT | ffi::SQLITE_NOTADB => {
            LedgerError::Inconsistent { what: said.to_string() }
        }
        _ => LedgerError::Driver(Arc::new(said)),
    }
}

/// Whether the database says that a unique key is taken.
pub(super) fn is_taken(error: &Error) -> bool {
    matches!(
        extended_code(error),
        ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY
    )
}

/// Whether another connection holds a lock.
pub(super) fn is_busy(error: &Error) -> bool {
    primary(extended_code(error)) == ffi::SQLITE_BUSY
}

/// Whether the disk has no room, or gives none. SQLite says FULL for one error of the operating
/// system alone (ENOSPC): a quota or a limit on a file's size ends a write with another, and so
/// does a full disk that has no room for the index of the log.
fn takes_nothing(code: i32) -> bool {
    matches!(code, ffi::SQLITE_FULL | ffi::SQLITE_IOERR_WRITE | ffi::SQLITE_IOERR_SHMSIZE)
}

/// The low byte of an extended code.
fn primary(code: i32) -> i32 {
    code & 0xff
}

fn extended_code(error: &Error) -> i32 {
    error.sqlite_error().map_or(0, |failure| failure.extended_code)
}
