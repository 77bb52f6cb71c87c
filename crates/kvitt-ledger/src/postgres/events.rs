//! Events: one sale's stream, and the feed of all.

use kvitt_core::{IntentId, Recorded, SaleId};
use sqlx::PgExecutor;

use super::connections::Connections;
use super::error::{Failed, driver};
use crate::event::FeedEntry;
use crate::row::Read;
use crate::rows;

/// The sale's events, oldest first.
pub(super) async fn of_sale(db: &Connections, sale: SaleId) -> Result<Vec<Recorded>, Failed> {
    let rows = sqlx::query(
        "SELECT sale, seq, id, at_us, cause::text, event::text FROM event
         WHERE sale = $1 ORDER BY seq",
    )
    .bind(sale.0)
    .fetch_all(db)
    .await
    .map_err(driver)?;
    Ok(rows::stream(sale, rows.iter().map(rows::recorded))?)
}

/// The sale in which an intent was requested.
pub(super) async fn sale_of_intent(
    db: &Connections,
    intent: IntentId,
) -> Result<Option<SaleId>, Failed> {
    let row = sqlx::query("SELECT sale FROM event WHERE intent = $1 LIMIT 1")
        .bind(intent.0)
        .fetch_optional(db)
        .await
        .map_err(driver)?;
    Ok(row.map(|row| Read::new("event", &row).sale()).transpose()?)
}

/// The events of all sales after a position, up to the oldest transaction under way: what that one
/// and those after it write may still come to lie between what others have written.
pub(super) async fn feed(
    db: &Connections,
    after: u64,
    limit: u32,
) -> Result<Vec<FeedEntry>, Failed> {
    // A position that cannot be stored lies behind every one that is.
    let Ok(after) = i64::try_from(after) else { return Ok(Vec::new()) };
    let rows = sqlx::query(
        "SELECT position, sale, seq, id, at_us, name, cause::text, event::text FROM event
         WHERE position > $1 AND position < (
             SELECT (pg_snapshot_xmin(pg_current_snapshot())::text::bigint + transaction_offset)
                 << 12
             FROM feed)
         ORDER BY position LIMIT $2",
    )
    .bind(after)
    .bind(i64::from(limit))
    .fetch_all(db)
    .await
    .map_err(driver)?;
    Ok(rows.iter().map(rows::feed_entry).collect::<Result<_, _>>()?)
}

/// The position of the last entry that the feed shows; 0 where there is none.
pub(super) async fn end(db: &Connections) -> Result<u64, Failed> {
    let row = sqlx::query(
        "SELECT coalesce(max(position), 0) AS position FROM event WHERE position < (
             SELECT (pg_snapshot_xmin(pg_current_snapshot())::text::bigint + transaction_offset)
                 << 12
             FROM feed)",
    )
    .fetch_one(db)
    .await
    .map_err(driver)?;
    Ok(Read::new("event", &row).count("position")?)
}

/// Raises what is added to transactions' numbers where this server's numbers lie behind what is
/// stored, as on one that another server's dump was restored to.
pub(super) async fn catch_up(db: impl PgExecutor<'_>) -> Result<(), Failed> {
    let raised = sqlx::query(
        "UPDATE feed SET transaction_offset = reached.by_events + 1 - reached.by_server
         FROM (
             SELECT (SELECT max(position) >> 12 FROM event) AS by_events,
                 pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS by_server
         ) AS reached
         WHERE reached.by_events >= reached.by_server + feed.transaction_offset",
    )
    .execute(db)
    .await
    .map_err(driver)?;
    if raised.rows_affected() > 0 {
        tracing::info!("the ledger came from another server: its feed goes on where it ended");
    }
    Ok(())
}
