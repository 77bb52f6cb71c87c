//! Looks: sales whose time has come, by business time, become due work.

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::SqlitePool;
use sqlx::sqlite::SqliteConnection;

use super::error::driver;
use super::row::{now_us, sale_text};
use super::writer::Write;
use crate::error::LedgerError;
use crate::row::Read;

/// Whether any sale must be looked at.
pub(super) async fn any_due(db: &SqlitePool, at: Timestamp) -> Result<bool, LedgerError> {
    let row = sqlx::query("SELECT 1 FROM sale WHERE look_at_us <= ? LIMIT 1")
        .bind(at.as_microsecond())
        .fetch_optional(db)
        .await
        .map_err(driver)?;
    Ok(row.is_some())
}

/// Makes work of sales that must be looked at.
pub(super) struct ScheduleLooks {
    pub(super) at: Timestamp,
    pub(super) kind: String,
    pub(super) limit: u32,
}

#[async_trait]
impl Write for ScheduleLooks {
    type Output = usize;

    async fn apply(&mut self, db: &mut SqliteConnection) -> Result<usize, LedgerError> {
        let rows = sqlx::query(
            "UPDATE sale SET look_at_us = NULL WHERE sale IN (
                 SELECT sale FROM sale WHERE look_at_us <= ?1 ORDER BY look_at_us LIMIT ?2)
             RETURNING sale",
        )
        .bind(self.at.as_microsecond())
        .bind(self.limit)
        .fetch_all(&mut *db)
        .await
        .map_err(driver)?;
        for row in &rows {
            let sale = Read::new("sale", row).sale()?;
            sqlx::query(concat!(
                "INSERT INTO work (sale, work_id, kind, attempts, fence, due_at_us)
                 SELECT sale, ?2, ?3, 0, fence_floor + 1, ",
                now_us!(),
                " FROM sale WHERE sale = ?1 ON CONFLICT (sale, work_id) DO NOTHING",
            ))
            .bind(sale_text(sale))
            .bind(sale.0.as_hyphenated().to_string())
            .bind(&self.kind)
            .execute(&mut *db)
            .await
            .map_err(driver)?;
        }
        Ok(rows.len())
    }
}
