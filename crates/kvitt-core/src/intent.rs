//! Intents: wanted acts, and how far they have come.

use jiff::Timestamp;

use crate::act::{Act, Outcome, Refused};
use crate::ids::IntentId;

/// How far an intent has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IntentState {
    /// Stored; the call may have left.
    Requested,
    /// Stored, and not asked for yet: it goes on by itself once Klarna accepts the order.
    Held,
    /// The call was made and its outcome is not known.
    Unknown {
        /// How often it was made.
        attempts: u32,
        /// What went wrong the last time.
        problem: String,
        /// Whether any of the calls may have reached Klarna.
        may_have_taken_effect: bool,
    },
    /// Asking again will not tell: a person has to look.
    NeedsHuman {
        /// What happened and what to do.
        reason: String,
    },
    /// Klarna did it.
    Done(Outcome),
    /// Klarna refused.
    Refused(Refused),
}

impl IntentState {
    /// The state's name in the API: `requested`, `held`, `unknown`, `needs_human`, `done`,
    /// `refused`.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Held => "held",
            Self::Unknown { .. } => "unknown",
            Self::NeedsHuman { .. } => "needs_human",
            Self::Done(_) => "done",
            Self::Refused(_) => "refused",
        }
    }

    /// Whether it is over, one way or the other.
    pub fn is_settled(&self) -> bool {
        matches!(self, Self::Done(_) | Self::Refused(_))
    }
}

/// One wanted act and how far it has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intent {
    /// Its id.
    pub id: IntentId,
    /// What is wanted.
    pub act: Act,
    /// The key that goes with the call.
    pub idempotency_key: String,
    /// When it was stored.
    pub requested_at: Timestamp,
    /// The undo that it is a part of, if it is.
    pub part_of: Option<IntentId>,
    /// Until when could be captured when it was stored, as far as was known: by which an extension
    /// of ours is told from none.
    pub expires_at_before: Option<Timestamp>,
    /// When a call was last known to have been left without an answer: the call may be under way at
    /// Klarna for a while after. When it was stored, before that.
    pub last_tried_at: Timestamp,
    /// How far it has come.
    pub state: IntentState,
}

impl Intent {
    /// Whether a call made so far, and known to have been made, may have reached Klarna.
    pub fn may_have_taken_effect(&self) -> bool {
        matches!(
            self.state,
            IntentState::Unknown { may_have_taken_effect: true, .. }
                | IntentState::NeedsHuman { .. }
        )
    }

    /// How often the call is known to have been made.
    pub fn attempts(&self) -> u32 {
        match self.state {
            IntentState::Unknown { attempts, .. } => attempts,
            _ => 0,
        }
    }
}
