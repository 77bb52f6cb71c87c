//! One step of a sale, as it is written: all of it in one transaction, or nothing.

use std::fmt;

use jiff::Timestamp;
use kvitt_core::{IntentId, Requester, SaleId};
use uuid::Uuid;

use crate::error::LedgerError;
use crate::event::NewEvent;
use crate::inbox::NewMessage;
use crate::private::PrivateChange;
use crate::summary::SaleSummary;
use crate::work::WorkChange;

/// Everything that one step of a sale writes.
///
/// Without events it still stores the rest, and the version is still checked.
#[derive(Debug, Clone)]
pub struct Append {
    /// The sale.
    pub sale: SaleId,
    /// The sale's version that this step was decided on: how many events it had. 0 for a new sale.
    pub expected_version: u64,
    /// What happened, in order.
    pub events: Vec<NewEvent>,
    /// The sale as it stands after these events. Its `version` is `expected_version` plus the
    /// number of events.
    pub summary: SaleSummary,
    /// The request that this step answers, where one came with an `Idempotency-Key`.
    pub idempotency: Option<IdempotencyRecord>,
    /// Changes to personal data and secrets, in order.
    pub private: Vec<PrivateChange>,
    /// Changes to due work, in order.
    pub work: Vec<WorkChange>,
    /// What came from Klarna and led to this step, kept as it came.
    pub inbox: Option<NewMessage>,
    /// Whether something may be done because of this step that changes things at Klarna or for the
    /// shopper: such a step is refused with [`LedgerError::Frozen`] while the ledger is frozen.
    pub acts: bool,
    /// A claim on the sale's work, as `(work_id, fence)`: the step is refused with
    /// [`LedgerError::LeaseLost`] where somebody else has claimed, rescheduled or finished that
    /// work since. A lease that ran out without anybody noticing does no harm.
    ///
    /// Who scheduled work to do it at once has no claim. With [`Append::UNCLAIMED`] as the fence
    /// the step is refused where the work is not there any more, or was claimed since it was
    /// scheduled last.
    pub fence: Option<(Uuid, u64)>,
}

impl Append {
    /// Stands for a fence: nobody has claimed the work since it was scheduled. No claim has it.
    pub const UNCLAIMED: u64 = 0;

    /// Most events that one step can have.
    pub const EVENTS_MAX: usize = 4_096;

    /// The sale's version after this step.
    pub fn version(&self) -> u64 {
        let events = u64::try_from(self.events.len()).unwrap_or(u64::MAX);
        self.expected_version.saturating_add(events)
    }

    /// Refuses a step whose parts do not fit each other, before a store sees it.
    pub(crate) fn check(&self) -> Result<(), LedgerError> {
        let wrong = |what: String| Err(LedgerError::InvalidAppend { what });
        if self.summary.sale != self.sale {
            return wrong(format!("summary.sale is {}, sale is {}", self.summary.sale, self.sale));
        }
        if self.events.len() > Self::EVENTS_MAX {
            return wrong(format!(
                "it has {} events, at most {} are possible",
                self.events.len(),
                Self::EVENTS_MAX
            ));
        }
        if self.version() == 0 {
            return wrong("a new sale needs at least one event".to_owned());
        }
        if self.summary.version != self.version() {
            return wrong(format!(
                "summary.version is {}, but expected_version and events make {}",
                self.summary.version,
                self.version()
            ));
        }
        Ok(())
    }
}

/// A request that was taken under an `Idempotency-Key`. Within a sale, requester and key
/// together stand for one request.
#[derive(Clone, PartialEq, Eq)]
pub struct IdempotencyRecord {
    /// Whose request it was.
    pub requester: Requester,
    /// The `Idempotency-Key` as it was sent.
    pub key: String,
    /// Digest of the request, so that the same key with another body is told apart.
    pub request_hash: [u8; 32],
    /// The act that it asked for, if it asked for one.
    pub intent: Option<IntentId>,
    /// When it was taken.
    pub at: Timestamp,
}

impl fmt::Debug for IdempotencyRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IdempotencyRecord")
            .field("requester", &self.requester)
            .field("intent", &self.intent)
            .field("at", &self.at)
            .finish_non_exhaustive()
    }
}
