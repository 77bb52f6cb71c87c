//! What PostgreSQL's errors mean to a ledger.

use std::sync::Arc;

use sqlx::error::DatabaseError;

use crate::error::LedgerError;

/// A call that failed, and what that says of the way to the server.
#[derive(Debug)]
pub(super) struct Failed {
    pub(super) error: LedgerError,
    pub(super) way: Way,
}

/// What a failure says of the way to the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// It works.
    Works,
    /// No connection was to be had.
    None,
    /// The connection broke, or leads to a server that cannot be written to, as others made before
    /// it may do too.
    Broken,
}

impl From<LedgerError> for Failed {
    fn from(error: LedgerError) -> Self {
        Self { error, way: Way::Works }
    }
}

impl Failed {
    fn unavailable(what: impl Into<String>, way: Way) -> Self {
        Self { error: LedgerError::Unavailable { what: what.into() }, way }
    }

    /// The server did not answer in time.
    pub(super) fn silence(seconds: u64) -> Self {
        Self::unavailable(format!("it did not answer within {seconds} seconds"), Way::Broken)
    }
}

/// What PostgreSQL said, without the details that it adds, which may hold what is stored.
#[derive(Debug, thiserror::Error)]
#[error("{message} (SQLSTATE {code})")]
pub(super) struct Said {
    code: String,
    message: String,
}

/// An error of the driver, as the ledger says it.
pub(super) fn driver(error: sqlx::Error) -> Failed {
    use sqlx::Error;
    match error {
        Error::Database(database) => said(&*database),
        Error::ColumnDecode { .. } | Error::Decode(_) | Error::ColumnNotFound(_) => {
            LedgerError::Inconsistent { what: error.to_string() }.into()
        }
        Error::Io(_) | Error::Tls(_) | Error::Protocol(_) | Error::WorkerCrashed => {
            Failed::unavailable(error.to_string(), Way::Broken)
        }
        Error::PoolTimedOut => Failed::unavailable("no connection became free in time", Way::None),
        Error::PoolClosed => Failed::unavailable("kvitt is stopping", Way::Works),
        other => LedgerError::Driver(Arc::new(other)).into(),
    }
}

/// By the SQLSTATE, of which the first two letters are its class.
fn said(database: &dyn DatabaseError) -> Failed {
    let code = database.code().unwrap_or_default();
    let message = database.message();
    match (code.get(..2).unwrap_or_default(), &*code) {
        (_, "25006") => Failed::unavailable(
            "the server is read-only, as a standby or one that was a primary is",
            Way::Broken,
        ),
        ("08", _) | (_, "57P01" | "57P02" | "57P03" | "57P05") => {
            Failed::unavailable(message, Way::Broken)
        }
        (_, "53100") => LedgerError::Full.into(),
        // A lack of resources, a lock, or another transaction was in the way.
        ("53", _) | (_, "40001" | "40P01" | "55P03" | "57014") => {
            Failed::unavailable(message, Way::Works)
        }
        (_, "XX001" | "XX002") => LedgerError::Inconsistent { what: message.to_owned() }.into(),
        _ => {
            let said = Said { code: code.into_owned(), message: message.to_owned() };
            LedgerError::Driver(Arc::new(said)).into()
        }
    }
}

/// The unique key that is taken already, by its index's name.
pub(super) fn violated(error: &sqlx::Error) -> Option<&str> {
    let database = error.as_database_error()?;
    if database.is_unique_violation() { database.constraint() } else { None }
}
