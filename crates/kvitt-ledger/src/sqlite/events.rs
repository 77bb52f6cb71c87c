//! Events: one sale's stream, and the feed of all.

use std::mem;

use kvitt_core::{IntentId, Recorded, SaleId};
use rusqlite::{Connection, params};

use super::readers::Readers;
use super::row::sale_text;
use super::statement::{execute, find, list, one};
use crate::error::LedgerError;
use crate::event::{FeedEntry, NewEvent};
use crate::row::{Read, json, number};
use crate::rows;

/// The sale's events, oldest first.
pub(super) async fn of_sale(readers: &Readers, sale: SaleId) -> Result<Vec<Recorded>, LedgerError> {
    let sql = "SELECT sale, seq, id, at_us, cause, event FROM event WHERE sale = ? ORDER BY seq";
    let read = move |db: &Connection| list(db, sql, [sale_text(sale)], |row| rows::recorded(row));
    rows::stream(sale, readers.read_by_key(read).await?.into_iter().map(Ok))
}

/// The sale in which an intent was requested.
pub(super) async fn sale_of_intent(
    readers: &Readers,
    intent: IntentId,
) -> Result<Option<SaleId>, LedgerError> {
    // The expression is the index's own.
    let sql = "SELECT sale FROM event WHERE event ->> 'intent' = ? LIMIT 1";
    let read = move |db: &Connection| {
        find(db, sql, [intent.to_string()], |row| Read::new("event", row).sale())
    };
    readers.read_by_key(read).await
}

/// The events of all sales after a position.
pub(super) async fn feed(
    readers: &Readers,
    after: u64,
    limit: u32,
) -> Result<Vec<FeedEntry>, LedgerError> {
    // A position that cannot be stored lies behind every one that is.
    let Ok(after) = i64::try_from(after) else { return Ok(Vec::new()) };
    let sql = "SELECT position, sale, seq, id, at_us, name, cause, event FROM event
         WHERE position > ? ORDER BY position LIMIT ?";
    let read =
        move |db: &Connection| list(db, sql, params![after, limit], |row| rows::feed_entry(row));
    readers.read(read).await
}

/// The position of the feed's last entry; 0 where there is none.
pub(super) async fn end(readers: &Readers) -> Result<u64, LedgerError> {
    let sql = "SELECT coalesce(max(position), 0) AS position FROM event";
    readers.read(|db| one(db, sql, [], |row| Read::new("event", row).count("position"))).await
}

/// An event as it is stored in its place.
pub(super) struct StoredEvent {
    seq: u64,
    id: String,
    at_us: i64,
    name: String,
    cause: String,
    event: String,
}

impl StoredEvent {
    /// With the event as it is read back.
    pub(super) fn of(seq: u64, mut new: NewEvent) -> Result<(Self, Recorded), LedgerError> {
        let stored = Self {
            seq,
            id: new.id.to_string(),
            at_us: new.at.as_microsecond(),
            name: mem::take(&mut new.name),
            cause: json("cause", &new.cause)?,
            event: json("event", &new.event)?,
        };
        Ok((stored, new.recorded(seq)))
    }

    /// Stores it.
    pub(super) fn insert(&self, db: &Connection, sale: SaleId) -> Result<(), LedgerError> {
        let Self { seq, id, at_us, name, cause, event } = self;
        execute(
            db,
            "INSERT INTO event (sale, seq, id, at_us, name, cause, event)
             VALUES (?, ?, ?, ?, ?, ?, ?)",
            params![sale_text(sale), number("seq", *seq)?, id, at_us, name, cause, event],
        )?;
        Ok(())
    }
}
