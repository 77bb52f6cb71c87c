//! Looks: sales whose time has come, by business time, become due work.

use jiff::Timestamp;

use super::connections::Connections;
use super::error::{Failed, driver};
use super::row::now_us;

/// Makes work of sales that must be looked at, past those that others are writing just now.
pub(super) async fn schedule(
    db: &Connections,
    at: Timestamp,
    kind: &str,
    limit: u32,
) -> Result<usize, Failed> {
    let rows = sqlx::query(concat!(
        "WITH due AS MATERIALIZED (
             SELECT sale FROM sale WHERE look_at_us <= $1
             ORDER BY look_at_us LIMIT $3 FOR UPDATE SKIP LOCKED
         ), looked AS (
             UPDATE sale SET look_at_us = NULL FROM due WHERE sale.sale = due.sale
             RETURNING sale.sale
         ), scheduled AS (
             INSERT INTO work (sale, work_id, kind, attempts, fence, due_at_us)
             SELECT sale, sale, $2, 0, nextval('work_fence'), ",
        now_us!(),
        " FROM looked ON CONFLICT (sale, work_id) DO NOTHING
         )
         SELECT sale FROM looked",
    ))
    .bind(at.as_microsecond())
    .bind(kind)
    .bind(i64::from(limit))
    .fetch_all(db)
    .await
    .map_err(driver)?;
    Ok(rows.len())
}
