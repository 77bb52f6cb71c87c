//! Due work: claims, leases and fences.

use std::time::Duration;

use kvitt_core::SaleId;
use uuid::Uuid;

use super::connections::Connections;
use super::error::{Failed, driver};
use super::row::now_us;
use crate::error::LedgerError;
use crate::row::wait_us;
use crate::rows;
use crate::work::{Late, Work};

/// Claims what is due, of these kinds or of all, past what others are claiming or writing just now.
pub(super) async fn claim_due(
    db: &Connections,
    kinds: Option<&[&str]>,
    limit: u32,
    lease: Duration,
) -> Result<Vec<Work>, Failed> {
    let rows = sqlx::query(concat!(
        "WITH due AS MATERIALIZED (
             SELECT sale, work_id FROM work WHERE due_at_us <= ",
        now_us!(),
        " AND NOT EXISTS (SELECT FROM ledger_state WHERE frozen_since_us IS NOT NULL)
             AND ($3::text[] IS NULL OR kind = ANY($3))
             ORDER BY due_at_us LIMIT $1 FOR UPDATE SKIP LOCKED
         )
         UPDATE work SET attempts = attempts + 1, fence = nextval('work_fence'), due_at_us = ",
        now_us!(),
        " + $2
         FROM due WHERE work.sale = due.sale AND work.work_id = due.work_id
         RETURNING work.sale, work.work_id, kind, attempts, fence",
    ))
    .bind(i64::from(limit))
    .bind(wait_us(lease))
    .bind(kinds)
    .fetch_all(db)
    .await
    .map_err(driver)?;
    Ok(rows.iter().map(rows::work).collect::<Result<_, _>>()?)
}

/// What was due so long ago.
pub(super) async fn late(db: &Connections, by: Duration) -> Result<Option<Late>, Failed> {
    let row = sqlx::query(concat!(
        "SELECT count(*) AS count, min(due_at_us) AS since_us FROM (
             SELECT due_at_us FROM work WHERE due_at_us <= ",
        now_us!(),
        " - $1 ORDER BY due_at_us LIMIT $2) AS late",
    ))
    .bind(wait_us(by))
    .bind(i64::from(Late::COUNT_MAX))
    .fetch_one(db)
    .await
    .map_err(driver)?;
    Ok(Late::read("work", &row)?)
}

/// Puts claimed work back.
pub(super) async fn release(
    db: &Connections,
    sale: SaleId,
    work_id: Uuid,
    fence: u64,
    due_in: Duration,
) -> Result<(), Failed> {
    // A fence that cannot be stored was never handed out.
    let fence = i64::try_from(fence).map_err(|_| LedgerError::LeaseLost)?;
    let done = sqlx::query(concat!(
        "UPDATE work SET fence = nextval('work_fence'), due_at_us = ",
        now_us!(),
        " + $4 WHERE sale = $1 AND work_id = $2 AND fence = $3",
    ))
    .bind(sale.0)
    .bind(work_id)
    .bind(fence)
    .bind(wait_us(due_in))
    .execute(db)
    .await
    .map_err(driver)?;
    if done.rows_affected() == 1 { Ok(()) } else { Err(LedgerError::LeaseLost.into()) }
}

/// Whether writing works.
pub(super) async fn check(db: &Connections) -> Result<(), Failed> {
    sqlx::query(concat!(
        "INSERT INTO readiness (id, checked_at_us) VALUES (1, ",
        now_us!(),
        ") ON CONFLICT (id) DO UPDATE SET checked_at_us = excluded.checked_at_us",
    ))
    .execute(db)
    .await
    .map_err(driver)?;
    Ok(())
}
