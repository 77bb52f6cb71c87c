//! Events: one sale's stream, and the feed of all.

use kvitt_core::{IntentId, Recorded, SaleId};
use sqlx::SqlitePool;
use sqlx::sqlite::SqliteConnection;

use super::error::driver;
use super::row::sale_text;
use crate::error::LedgerError;
use crate::event::{FeedEntry, NewEvent};
use crate::row::{Read, json, number, stored};
use crate::rows;

/// The sale's events, oldest first.
pub(super) async fn of_sale(db: &SqlitePool, sale: SaleId) -> Result<Vec<Recorded>, LedgerError> {
    let rows = sqlx::query(
        "SELECT sale, seq, id, at_us, cause, event FROM event WHERE sale = ? ORDER BY seq",
    )
    .bind(sale_text(sale))
    .fetch_all(db)
    .await
    .map_err(driver)?;
    rows::stream(sale, &rows)
}

/// The sale in which an intent was requested.
pub(super) async fn sale_of_intent(
    db: &SqlitePool,
    intent: IntentId,
) -> Result<Option<SaleId>, LedgerError> {
    // The expression is the index's own.
    let row = sqlx::query("SELECT sale FROM event WHERE event ->> 'intent' = ? LIMIT 1")
        .bind(intent.to_string())
        .fetch_optional(db)
        .await
        .map_err(driver)?;
    row.map(|row| Read::new("event", &row).sale()).transpose()
}

/// The events of all sales after a position.
pub(super) async fn feed(
    db: &SqlitePool,
    after: u64,
    limit: u32,
) -> Result<Vec<FeedEntry>, LedgerError> {
    // A position that cannot be stored lies behind every one that is.
    let Ok(after) = i64::try_from(after) else { return Ok(Vec::new()) };
    let rows = sqlx::query(
        "SELECT position, sale, seq, id, at_us, name, cause, event FROM event
         WHERE position > ? ORDER BY position LIMIT ?",
    )
    .bind(after)
    .bind(limit)
    .fetch_all(db)
    .await
    .map_err(driver)?;
    rows.iter().map(rows::feed_entry).collect()
}

/// The position of the feed's last entry; 0 where there is none.
pub(super) async fn end(db: &SqlitePool) -> Result<u64, LedgerError> {
    let row = sqlx::query("SELECT coalesce(max(position), 0) AS position FROM event")
        .fetch_one(db)
        .await
        .map_err(driver)?;
    Read::new("event", &row).count("position")
}

/// Stores an event in its place.
pub(super) async fn insert(
    db: &mut SqliteConnection,
    sale: SaleId,
    seq: u64,
    new: NewEvent,
) -> Result<Recorded, LedgerError> {
    let NewEvent { id, at, cause, name, event } = new;
    sqlx::query(
        "INSERT INTO event (sale, seq, id, at_us, name, cause, event) VALUES (?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(sale_text(sale))
    .bind(number("seq", seq)?)
    .bind(id.to_string())
    .bind(at.as_microsecond())
    .bind(name)
    .bind(json("cause", &cause)?)
    .bind(json("event", &event)?)
    .execute(db)
    .await
    .map_err(driver)?;
    Ok(Recorded { id, seq, at: stored(at), cause, event })
}
