//! Due work: what somebody has to carry on with, now or later, on this machine or another.

use std::time::Duration;

use jiff::Timestamp;
use kvitt_core::SaleId;
use uuid::Uuid;

use crate::error::LedgerError;
use crate::row::{Cells, Read};

/// A change to a sale's due work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WorkChange {
    /// Make work due. Work of this id that is already there is replaced: its attempts start anew,
    /// and who had claimed it has lost it.
    Schedule {
        /// The work's id within its sale.
        work_id: Uuid,
        /// What is to be done, in the engine's words.
        kind: String,
        /// How long from now, by the database's clock.
        due_in: Duration,
    },
    /// The work is done. Work that is not there counts as done.
    Finish {
        /// The work's id within its sale.
        work_id: Uuid,
    },
}

/// Work that was claimed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Work {
    /// The sale it belongs to.
    pub sale: SaleId,
    /// The work's id within its sale.
    pub work_id: Uuid,
    /// What is to be done, in the engine's words.
    pub kind: String,
    /// How often it has been claimed since it was scheduled, this claim included: from 1.
    pub attempts: u32,
    /// The claim's number, to be handed to [`Append::fence`](crate::Append::fence). Within a sale
    /// the numbers of one work id only grow, also over finishing and scheduling it anew.
    pub fence: u64,
}

/// What was due a while ago and nobody holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Late {
    /// How much of it there is, counted up to [`COUNT_MAX`](Self::COUNT_MAX).
    pub count: u32,
    /// Since when the first of it has been due, by the database's clock.
    pub since: Timestamp,
}

impl Late {
    /// Where counting ends.
    pub const COUNT_MAX: u32 = 1_000;

    /// What a statement counted; none where that is nothing.
    pub(crate) fn read(table: &'static str, row: &impl Cells) -> Result<Option<Self>, LedgerError> {
        let read = Read::new(table, row);
        let since = read.time_or_none("since_us")?;
        let count: u64 = read.count("count")?;
        let count = u32::try_from(count).unwrap_or(u32::MAX).min(Self::COUNT_MAX);
        Ok(since.map(|since| Self { count, since }))
    }
}
