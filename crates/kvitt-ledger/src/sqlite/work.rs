//! Due work: claims, leases and fences.

use std::time::Duration;

use async_trait::async_trait;
use kvitt_core::SaleId;
use sqlx::SqlitePool;
use sqlx::sqlite::SqliteConnection;
use uuid::Uuid;

use super::error::driver;
use super::row::{now_us, sale_text};
use super::writer::Write;
use crate::error::LedgerError;
use crate::row::wait_us;
use crate::rows;
use crate::work::{Work, WorkChange};

/// Whether anything is due.
pub(super) async fn any_due(db: &SqlitePool) -> Result<bool, LedgerError> {
    let sql = concat!("SELECT 1 FROM work WHERE due_at_us <= ", now_us!(), " LIMIT 1");
    let row = sqlx::query(sql).fetch_optional(db).await.map_err(driver)?;
    Ok(row.is_some())
}

/// Refuses a claim that has ended.
pub(super) async fn check_claim(
    db: &mut SqliteConnection,
    sale: SaleId,
    work_id: Uuid,
    fence: u64,
) -> Result<(), LedgerError> {
    // A fence that cannot be stored was never handed out.
    let fence = i64::try_from(fence).map_err(|_| LedgerError::LeaseLost)?;
    let row = sqlx::query(
        "SELECT 1 FROM work WHERE sale = ?1 AND work_id = ?2
         AND CASE WHEN ?3 = 0 THEN attempts = 0 ELSE fence = ?3 END",
    )
    .bind(sale_text(sale))
    .bind(work_id.as_hyphenated().to_string())
    .bind(fence)
    .fetch_optional(db)
    .await
    .map_err(driver)?;
    if row.is_some() { Ok(()) } else { Err(LedgerError::LeaseLost) }
}

/// Carries out one change.
pub(super) async fn change(
    db: &mut SqliteConnection,
    sale: SaleId,
    change: &WorkChange,
) -> Result<(), LedgerError> {
    match change {
        WorkChange::Schedule { work_id, kind, due_in } => {
            schedule(db, sale, *work_id, kind, *due_in).await
        }
        WorkChange::Finish { work_id } => finish(db, sale, *work_id).await,
    }
}

async fn schedule(
    db: &mut SqliteConnection,
    sale: SaleId,
    work_id: Uuid,
    kind: &str,
    due_in: Duration,
) -> Result<(), LedgerError> {
    let done = sqlx::query(concat!(
        "INSERT INTO work (sale, work_id, kind, attempts, fence, due_at_us)
         SELECT sale, ?2, ?3, 0, fence_floor + 1, ",
        now_us!(),
        " + ?4 FROM sale WHERE sale = ?1
         ON CONFLICT (sale, work_id) DO UPDATE SET
             kind = excluded.kind, attempts = 0, fence = fence + 1, due_at_us = excluded.due_at_us",
    ))
    .bind(sale_text(sale))
    .bind(work_id.as_hyphenated().to_string())
    .bind(kind)
    .bind(wait_us(due_in))
    .execute(db)
    .await
    .map_err(driver)?;
    match done.rows_affected() {
        1 => Ok(()),
        rows => Err(LedgerError::Inconsistent {
            what: format!("scheduling work of sale {sale} wrote {rows} rows, not one"),
        }),
    }
}

/// Deletes the work, and remembers its fence: work of the same id that is scheduled later starts
/// above it, so that who still holds the old claim writes nothing under the new one.
async fn finish(db: &mut SqliteConnection, sale: SaleId, work_id: Uuid) -> Result<(), LedgerError> {
    let work_id = work_id.as_hyphenated().to_string();
    sqlx::query(
        "UPDATE sale SET fence_floor = max(fence_floor, work.fence) FROM work
         WHERE sale.sale = ?1 AND work.sale = ?1 AND work.work_id = ?2",
    )
    .bind(sale_text(sale))
    .bind(&work_id)
    .execute(&mut *db)
    .await
    .map_err(driver)?;
    sqlx::query("DELETE FROM work WHERE sale = ? AND work_id = ?")
        .bind(sale_text(sale))
        .bind(&work_id)
        .execute(db)
        .await
        .map_err(driver)?;
    Ok(())
}

/// Claims what is due, of these kinds or of all.
pub(super) struct ClaimDue {
    /// As a JSON list.
    pub(super) kinds: Option<String>,
    pub(super) limit: u32,
    pub(super) lease: Duration,
}

#[async_trait]
impl Write for ClaimDue {
    type Output = Vec<Work>;

    async fn apply(&mut self, db: &mut SqliteConnection) -> Result<Vec<Work>, LedgerError> {
        let rows = sqlx::query(concat!(
            "UPDATE work SET attempts = attempts + 1, fence = fence + 1, due_at_us = ",
            now_us!(),
            " + ?1 WHERE (sale, work_id) IN (
                 SELECT sale, work_id FROM work WHERE due_at_us <= ",
            now_us!(),
            " AND NOT EXISTS (SELECT 1 FROM ledger_state WHERE frozen_since_us IS NOT NULL)
                 AND (?3 IS NULL OR kind IN (SELECT value FROM json_each(?3)))
                 ORDER BY due_at_us LIMIT ?2)
             RETURNING sale, work_id, kind, attempts, fence",
        ))
        .bind(wait_us(self.lease))
        .bind(self.limit)
        .bind(self.kinds.as_deref())
        .fetch_all(db)
        .await
        .map_err(driver)?;
        rows.iter().map(rows::work).collect()
    }
}

/// Puts claimed work back.
pub(super) struct ReleaseWork {
    pub(super) sale: SaleId,
    pub(super) work_id: Uuid,
    pub(super) fence: u64,
    pub(super) due_in: Duration,
}

#[async_trait]
impl Write for ReleaseWork {
    type Output = ();

    async fn apply(&mut self, db: &mut SqliteConnection) -> Result<(), LedgerError> {
        check_claim(db, self.sale, self.work_id, self.fence).await?;
        sqlx::query(concat!(
            "UPDATE work SET fence = fence + 1, due_at_us = ",
            now_us!(),
            " + ? WHERE sale = ? AND work_id = ?",
        ))
        .bind(wait_us(self.due_in))
        .bind(sale_text(self.sale))
        .bind(self.work_id.as_hyphenated().to_string())
        .execute(db)
        .await
        .map_err(driver)?;
        Ok(())
    }
}
