//! Due work: claims, leases and fences.

use std::time::Duration;

use kvitt_core::SaleId;
use rusqlite::{Connection, params};
use uuid::Uuid;

use super::readers::Readers;
use super::row::{id_text, now_us, sale_text};
use super::statement::{execute, is_any, list, one};
use super::writer::Write;
use crate::error::LedgerError;
use crate::row::wait_us;
use crate::rows;
use crate::work::{Late, Work, WorkChange};

/// Whether anything is due.
pub(super) async fn any_due(readers: &Readers) -> Result<bool, LedgerError> {
    let sql = concat!("SELECT 1 FROM work WHERE due_at_us <= ", now_us!(), " LIMIT 1");
    readers.read_by_key(|db| is_any(db, sql, [])).await
}

/// What was due so long ago.
pub(super) async fn late(readers: &Readers, by: Duration) -> Result<Option<Late>, LedgerError> {
    let sql = concat!(
        "SELECT count(*) AS count, min(due_at_us) AS since_us FROM (
             SELECT due_at_us FROM work WHERE due_at_us <= ",
        now_us!(),
        " - ?1 ORDER BY due_at_us LIMIT ?2)",
    );
    let values = (wait_us(by), Late::COUNT_MAX);
    readers.read(move |db| one(db, sql, values, |row| Late::read("work", row))).await
}

/// Refuses a claim that has ended.
pub(super) fn check_claim(
    db: &Connection,
    sale: SaleId,
    work_id: Uuid,
    fence: u64,
) -> Result<(), LedgerError> {
    // A fence that cannot be stored was never handed out.
    let fence = i64::try_from(fence).map_err(|_| LedgerError::LeaseLost)?;
    let sql = "SELECT 1 FROM work WHERE sale = ?1 AND work_id = ?2
         AND CASE WHEN ?3 = 0 THEN attempts = 0 ELSE fence = ?3 END";
    let is_held = is_any(db, sql, params![sale_text(sale), id_text(work_id), fence])?;
    if is_held { Ok(()) } else { Err(LedgerError::LeaseLost) }
}

/// Carries out one change.
pub(super) fn change(
    db: &Connection,
    sale: SaleId,
    change: &WorkChange,
) -> Result<(), LedgerError> {
    match change {
        WorkChange::Schedule { work_id, kind, due_in } => {
            schedule(db, sale, *work_id, kind, *due_in)
        }
        WorkChange::Finish { work_id } => finish(db, sale, *work_id),
    }
}

fn schedule(
    db: &Connection,
    sale: SaleId,
    work_id: Uuid,
    kind: &str,
    due_in: Duration,
) -> Result<(), LedgerError> {
    let sql = concat!(
        "INSERT INTO work (sale, work_id, kind, attempts, fence, due_at_us)
         VALUES (?1, ?2, ?3, 0, (SELECT fence_floor + 1 FROM sale WHERE sale = ?1), ",
        now_us!(),
        " + ?4)
         ON CONFLICT (sale, work_id) DO UPDATE SET
             kind = excluded.kind, attempts = 0, fence = fence + 1, due_at_us = excluded.due_at_us",
    );
    match execute(db, sql, params![sale_text(sale), id_text(work_id), kind, wait_us(due_in)])? {
        1 => Ok(()),
        rows => Err(LedgerError::Inconsistent {
            what: format!("scheduling work of sale {sale} wrote {rows} rows, not one"),
        }),
    }
}

/// No `UPDATE … FROM`: it would fill a table of its own first, and keep a journal of its own besides,
/// since SQLite could not tell that it changes one row.
const REMEMBER_FENCE: &str = "
    UPDATE sale SET fence_floor = max(fence_floor, coalesce(
        (SELECT fence FROM work WHERE sale = ?1 AND work_id = ?2), 0))
    WHERE sale = ?1";

/// Deletes the work, and remembers its fence: work of the same id that is scheduled later starts
/// above it, so that who still holds the old claim writes nothing under the new one.
fn finish(db: &Connection, sale: SaleId, work_id: Uuid) -> Result<(), LedgerError> {
    execute(db, REMEMBER_FENCE, params![sale_text(sale), id_text(work_id)])?;
    let delete = "DELETE FROM work WHERE sale = ? AND work_id = ?";
    execute(db, delete, params![sale_text(sale), id_text(work_id)]).map(drop)
}

/// Claims what is due, of these kinds or of all.
pub(super) struct ClaimDue {
    /// As a JSON list.
    pub(super) kinds: Option<String>,
    pub(super) limit: u32,
    pub(super) lease: Duration,
}

impl Write for ClaimDue {
    type Output = Vec<Work>;

    fn apply(&mut self, db: &Connection) -> Result<Vec<Work>, LedgerError> {
        let sql = concat!(
            "UPDATE work SET attempts = attempts + 1, fence = fence + 1, due_at_us = ",
            now_us!(),
            " + ?1 WHERE (sale, work_id) IN (
                 SELECT sale, work_id FROM work WHERE due_at_us <= ",
            now_us!(),
            " AND NOT EXISTS (SELECT 1 FROM ledger_state WHERE frozen_since_us IS NOT NULL)
                 AND (?3 IS NULL OR kind IN (SELECT value FROM json_each(?3)))
                 ORDER BY due_at_us LIMIT ?2)
             RETURNING sale, work_id, kind, attempts, fence",
        );
        list(db, sql, params![wait_us(self.lease), self.limit, self.kinds], |row| rows::work(row))
    }
}

/// Puts claimed work back.
pub(super) struct ReleaseWork {
    pub(super) sale: SaleId,
    pub(super) work_id: Uuid,
    pub(super) fence: u64,
    pub(super) due_in: Duration,
}

impl Write for ReleaseWork {
    type Output = ();

    fn apply(&mut self, db: &Connection) -> Result<(), LedgerError> {
        check_claim(db, self.sale, self.work_id, self.fence)?;
        let sql = concat!(
            "UPDATE work SET fence = fence + 1, due_at_us = ",
            now_us!(),
            " + ? WHERE sale = ? AND work_id = ?",
        );
        let values = params![wait_us(self.due_in), sale_text(self.sale), id_text(self.work_id)];
        execute(db, sql, values).map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::Read;
    use crate::sqlite::open;

    #[tokio::test]
    async fn a_fence_is_remembered_without_a_table_for_it() {
        let dir = tempfile::tempdir().unwrap();
        let db = open::open(&dir.path().join("kvitt.db")).await.unwrap().writer;
        let explain = format!("EXPLAIN {REMEMBER_FENCE}");
        let code = list(&db, &explain, params!["sale", "work"], |row| {
            Read::new("code", row).text("opcode")
        });
        let code = code.unwrap();
        assert!(!code.iter().any(|it| it == "OpenEphemeral"), "{code:?}");
    }
}
