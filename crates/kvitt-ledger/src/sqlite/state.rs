//! Whether the ledger is frozen.

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::SqlitePool;
use sqlx::sqlite::SqliteConnection;

use super::error::driver;
use super::writer::Write;
use crate::error::LedgerError;
use crate::frozen::Frozen;
use crate::rows;

/// Whether it is, since when, and why.
pub(super) async fn frozen(db: &SqlitePool) -> Result<Option<Frozen>, LedgerError> {
    let row = sqlx::query("SELECT id, frozen_since_us, frozen_because FROM ledger_state")
        .fetch_one(db)
        .await
        .map_err(driver)?;
    rows::frozen(&row)
}

/// The same, as the one who writes sees it.
pub(super) async fn is_frozen(db: &mut SqliteConnection) -> Result<bool, LedgerError> {
    let row = sqlx::query("SELECT 1 FROM ledger_state WHERE frozen_since_us IS NOT NULL")
        .fetch_optional(db)
        .await
        .map_err(driver)?;
    Ok(row.is_some())
}

/// Freezes it.
pub(super) struct Freeze {
    pub(super) at: Timestamp,
    pub(super) because: String,
}

#[async_trait]
impl Write for Freeze {
    type Output = bool;

    async fn apply(&mut self, db: &mut SqliteConnection) -> Result<bool, LedgerError> {
        let done = sqlx::query(
            "UPDATE ledger_state SET frozen_since_us = ?, frozen_because = ?
             WHERE frozen_since_us IS NULL",
        )
        .bind(self.at.as_microsecond())
        .bind(&self.because)
        .execute(db)
        .await
        .map_err(driver)?;
        Ok(done.rows_affected() == 1)
    }
}

/// Lets it act again.
pub(super) struct Thaw;

#[async_trait]
impl Write for Thaw {
    type Output = bool;

    async fn apply(&mut self, db: &mut SqliteConnection) -> Result<bool, LedgerError> {
        let done = sqlx::query(
            "UPDATE ledger_state SET frozen_since_us = NULL, frozen_because = NULL
             WHERE frozen_since_us IS NOT NULL",
        )
        .execute(db)
        .await
        .map_err(driver)?;
        Ok(done.rows_affected() == 1)
    }
}
