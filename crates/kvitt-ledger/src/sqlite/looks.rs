//! Looks: sales whose time has come, by business time, become due work.

use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::readers::Readers;
use super::row::{id_text, now_us, sale_text};
use super::statement::{execute, is_any, list};
use super::writer::Write;
use crate::error::LedgerError;
use crate::row::Read;

/// Whether any sale must be looked at.
pub(super) async fn any_due(readers: &Readers, at: Timestamp) -> Result<bool, LedgerError> {
    let sql = "SELECT 1 FROM sale WHERE look_at_us <= ? LIMIT 1";
    readers.read_by_key(move |db| is_any(db, sql, [at.as_microsecond()])).await
}

/// Makes work of sales that must be looked at.
pub(super) struct ScheduleLooks {
    pub(super) at: Timestamp,
    pub(super) kind: String,
    pub(super) limit: u32,
}

impl Write for ScheduleLooks {
    type Output = usize;

    fn apply(&mut self, db: &Connection) -> Result<usize, LedgerError> {
        let sales = list(
            db,
            "UPDATE sale SET look_at_us = NULL WHERE sale IN (
                 SELECT sale FROM sale WHERE look_at_us <= ?1 ORDER BY look_at_us LIMIT ?2)
             RETURNING sale",
            params![self.at.as_microsecond(), self.limit],
            |row| Read::new("sale", row).sale(),
        )?;
        let schedule = concat!(
            "INSERT INTO work (sale, work_id, kind, attempts, fence, due_at_us)
             SELECT sale, ?2, ?3, 0, fence_floor + 1, ",
            now_us!(),
            " FROM sale WHERE sale = ?1 ON CONFLICT (sale, work_id) DO NOTHING",
        );
        for sale in &sales {
            execute(db, schedule, params![sale_text(*sale), id_text(sale.0), self.kind])?;
        }
        Ok(sales.len())
    }
}
