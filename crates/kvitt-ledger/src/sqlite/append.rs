//! One step of a sale, and the requests that were taken.

use async_trait::async_trait;
use kvitt_core::{Recorded, Requester, SaleId};
use sqlx::SqlitePool;
use sqlx::sqlite::SqliteConnection;

use super::error::driver;
use super::row::sale_text;
use super::writer::Write;
use super::{events, inbox, private, state, summaries, work};
use crate::append::{Append, IdempotencyRecord};
use crate::error::LedgerError;
use crate::row::Read;
use crate::rows;

#[async_trait]
impl Write for Append {
    type Output = Vec<Recorded>;

    async fn apply(&mut self, db: &mut SqliteConnection) -> Result<Vec<Recorded>, LedgerError> {
        let sale = self.sale;
        if self.acts && state::is_frozen(db).await? {
            return Err(LedgerError::Frozen);
        }
        if let Some((work_id, fence)) = self.fence {
            work::check_claim(db, sale, work_id, fence).await?;
        }
        check(db, self).await?;
        // The sale's row comes first: the others refer to it.
        summaries::upsert(db, &self.summary).await?;
        if let Some(record) = &self.idempotency {
            insert_idempotency(db, sale, record).await?;
        }
        let mut recorded = Vec::with_capacity(self.events.len());
        for (seq, event) in (self.expected_version + 1..).zip(self.events.drain(..)) {
            recorded.push(events::insert(db, sale, seq, event).await?);
        }
        for change in &self.private {
            private::change(db, sale, change).await?;
        }
        if let Some(message) = &self.inbox {
            inbox::receive(db, sale, message).await?;
        }
        for change in &self.work {
            work::change(db, sale, change).await?;
        }
        Ok(recorded)
    }
}

// The column is called `api_key` since the days when nobody else sent requests.

/// Refuses a key that is taken, and a version that is not the last.
async fn check(db: &mut SqliteConnection, append: &Append) -> Result<(), LedgerError> {
    let Append { sale, expected_version: expected, .. } = *append;
    let record = append.idempotency.as_ref();
    let row = sqlx::query(
        "SELECT coalesce(max(seq), 0) AS version,
             (SELECT count(*) FROM idempotency WHERE sale = ?1 AND api_key = ?2 AND key = ?3) AS taken
         FROM event WHERE sale = ?1",
    )
    .bind(sale_text(sale))
    .bind(record.map(|record| record.requester.to_string()))
    .bind(record.map(|record| record.key.as_str()))
    .fetch_one(db)
    .await
    .map_err(driver)?;
    let taken: u64 = Read::new("idempotency", &row).count("taken")?;
    let actual: u64 = Read::new("event", &row).count("version")?;
    if taken > 0 {
        Err(LedgerError::IdempotencyKeyTaken)
    } else if actual != expected {
        Err(LedgerError::Conflict { sale, expected, actual })
    } else {
        Ok(())
    }
}

async fn insert_idempotency(
    db: &mut SqliteConnection,
    sale: SaleId,
    record: &IdempotencyRecord,
) -> Result<(), LedgerError> {
    sqlx::query(
        "INSERT INTO idempotency (sale, api_key, key, request_hash, intent, at_us)
         VALUES (?, ?, ?, ?, ?, ?)",
    )
    .bind(sale_text(sale))
    .bind(record.requester.to_string())
    .bind(&record.key)
    .bind(record.request_hash.as_slice())
    .bind(record.intent.map(|intent| intent.to_string()))
    .bind(record.at.as_microsecond())
    .execute(db)
    .await
    .map_err(driver)?;
    Ok(())
}

/// The request that was taken under this key.
pub(super) async fn idempotency(
    db: &SqlitePool,
    sale: SaleId,
    requester: Requester,
    key: &str,
) -> Result<Option<IdempotencyRecord>, LedgerError> {
    let row = sqlx::query(
        "SELECT sale, request_hash, intent, at_us FROM idempotency
         WHERE sale = ? AND api_key = ? AND key = ?",
    )
    .bind(sale_text(sale))
    .bind(requester.to_string())
    .bind(key)
    .fetch_optional(db)
    .await
    .map_err(driver)?;
    row.map(|row| rows::idempotency(requester, key, &row)).transpose()
}
