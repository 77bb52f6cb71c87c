//! Whether the ledger is frozen.

use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::statement::{execute, one};
use super::writer::Write;
use crate::error::LedgerError;
use crate::frozen::Frozen;
use crate::rows;

/// Whether it is, since when, and why.
pub(super) fn frozen(db: &Connection) -> Result<Option<Frozen>, LedgerError> {
    one(db, "SELECT id, frozen_since_us, frozen_because FROM ledger_state", [], |row| {
        rows::frozen(row)
    })
}

/// Freezes it.
pub(super) struct Freeze {
    pub(super) at: Timestamp,
    pub(super) because: String,
}

impl Write for Freeze {
    type Output = bool;

    fn apply(&mut self, db: &Connection) -> Result<bool, LedgerError> {
        let sql = "UPDATE ledger_state SET frozen_since_us = ?, frozen_because = ?
             WHERE frozen_since_us IS NULL";
        Ok(execute(db, sql, params![self.at.as_microsecond(), self.because])? == 1)
    }
}

/// Lets it act again.
pub(super) struct Thaw;

impl Write for Thaw {
    type Output = bool;

    fn apply(&mut self, db: &Connection) -> Result<bool, LedgerError> {
        let sql = "UPDATE ledger_state SET frozen_since_us = NULL, frozen_because = NULL
             WHERE frozen_since_us IS NOT NULL";
        Ok(execute(db, sql, [])? == 1)
    }
}
