//! Events on their way in, and as the feed shows them.

use jiff::Timestamp;
use kvitt_core::{Cause, Event, EventId, Recorded, SaleId};

use crate::row::stored;

/// An event that is to be stored. The ledger gives it its place in the sale.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// The event's own id.
    pub id: EventId,
    /// When it is recorded, kept to the microsecond.
    pub at: Timestamp,
    /// Who or what brought it about.
    pub cause: Cause,
    /// The event's name, such as `capture.done`, as [`Event::name`] gives it.
    pub name: String,
    /// The fact.
    pub event: Event,
}

impl NewEvent {
    /// The event in its place, as it is read back.
    pub(crate) fn recorded(self, seq: u64) -> Recorded {
        let Self { id, at, cause, event, .. } = self;
        Recorded { id, seq, at: stored(at), cause, event }
    }
}

/// One event among those of all sales, in the order in which they were committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedEntry {
    /// Its place in the ledger. Places grow, and a place that was passed is never filled later.
    pub position: u64,
    /// The sale it happened to.
    pub sale: SaleId,
    /// The event's name, such as `capture.done`.
    pub name: String,
    /// The event.
    pub recorded: Recorded,
}
