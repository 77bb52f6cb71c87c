//! One step of a sale, and the requests that were taken.

use kvitt_core::{Recorded, Requester, SaleId};
use rusqlite::{Connection, params};

use super::events::StoredEvent;
use super::readers::Readers;
use super::row::sale_text;
use super::statement::{execute, find, one};
use super::writer::Write;
use super::{inbox, private, summaries, work};
use crate::append::{Append, IdempotencyRecord};
use crate::error::LedgerError;
use crate::row::Read;
use crate::rows;

/// A step as it is stored. What can be written out before its turn comes is: others wait for it.
pub(super) struct Step {
    append: Append,
    requester: Option<String>,
    events: Vec<StoredEvent>,
}

impl Step {
    /// With the step's events in their places.
    pub(super) fn of(mut append: Append) -> Result<(Self, Vec<Recorded>), LedgerError> {
        let requester = append.idempotency.as_ref().map(|record| record.requester.to_string());
        // A version that no sale has is refused later, by what the sale's is.
        let place = |new: u64| append.expected_version.saturating_add(new);
        let new = (1..).map(place).zip(append.events.drain(..));
        let placed = new.map(|(seq, new)| StoredEvent::of(seq, new));
        let (events, recorded) = placed.collect::<Result<_, _>>()?;
        Ok((Self { append, requester, events }, recorded))
    }
}

impl Write for Step {
    type Output = ();

    fn apply(&mut self, db: &Connection) -> Result<(), LedgerError> {
        let Self { append, requester, events } = self;
        let sale = append.sale;
        check(db, append, requester.as_deref())?;
        // The sale's row comes first: the others refer to it.
        summaries::store(db, &append.summary)?;
        if let Some(record) = &append.idempotency {
            insert_idempotency(db, sale, record, requester.as_deref())?;
        }
        for event in &*events {
            event.insert(db, sale)?;
        }
        for change in &append.private {
            private::change(db, sale, change)?;
        }
        if let Some(message) = &append.inbox {
            inbox::receive(db, sale, message)?;
        }
        for change in &append.work {
            work::change(db, sale, change)?;
        }
        Ok(())
    }
}

// The column is called `api_key` since the days when nobody else sent requests.

/// Refuses what a frozen ledger must not do, a claim that has ended, a key that is taken, and a
/// version that is not the last; of several, the first of these.
fn check(db: &Connection, append: &Append, requester: Option<&str>) -> Result<(), LedgerError> {
    let Append { sale, expected_version: expected, acts, fence, .. } = *append;
    let sql = "SELECT coalesce(max(seq), 0) AS version,
             (SELECT count(*) FROM idempotency WHERE sale = ?1 AND api_key = ?2 AND key = ?3) AS taken,
             (SELECT count(*) FROM ledger_state WHERE frozen_since_us IS NOT NULL) AS frozen
         FROM event WHERE sale = ?1";
    let key = append.idempotency.as_ref().map(|record| record.key.as_str());
    let (actual, taken, frozen): (u64, u64, u64) =
        one(db, sql, params![sale_text(sale), requester, key], |row| {
            Ok((
                Read::new("event", row).count("version")?,
                Read::new("idempotency", row).count("taken")?,
                Read::new("ledger_state", row).count("frozen")?,
            ))
        })?;
    if acts && frozen > 0 {
        return Err(LedgerError::Frozen);
    }
    if let Some((work_id, fence)) = fence {
        work::check_claim(db, sale, work_id, fence)?;
    }
    if taken > 0 {
        Err(LedgerError::IdempotencyKeyTaken)
    } else if actual != expected {
        Err(LedgerError::Conflict { sale, expected, actual })
    } else {
        Ok(())
    }
}

fn insert_idempotency(
    db: &Connection,
    sale: SaleId,
    record: &IdempotencyRecord,
    requester: Option<&str>,
) -> Result<(), LedgerError> {
    execute(
        db,
        "INSERT INTO idempotency (sale, api_key, key, request_hash, intent, at_us)
         VALUES (?, ?, ?, ?, ?, ?)",
        params![
            sale_text(sale),
            requester,
            record.key,
            record.request_hash,
            record.intent.map(|intent| intent.to_string()),
            record.at.as_microsecond(),
        ],
    )?;
    Ok(())
}

/// The request that was taken under this key.
pub(super) async fn idempotency(
    readers: &Readers,
    sale: SaleId,
    requester: Requester,
    key: &str,
) -> Result<Option<IdempotencyRecord>, LedgerError> {
    let key = key.to_owned();
    let read = move |db: &Connection| {
        let sql = "SELECT sale, request_hash, intent, at_us FROM idempotency
             WHERE sale = ? AND api_key = ? AND key = ?";
        let values = params![sale_text(sale), requester.to_string(), key];
        find(db, sql, values, |row| rows::idempotency(requester, &key, row))
    };
    readers.read_by_key(read).await
}
