//! A ledger that may be read and must not act.

use jiff::Timestamp;

/// That a ledger is frozen: it is a backup that was restored, or was moved elsewhere, or somebody
/// said so. Whoever acts on what it says could do again what was done since.
///
/// What is learnt of its sales is still written. What would let something be done is not: a step that
/// [acts](crate::Append::acts) is refused, and no work is handed out. Both are looked at by the
/// database in the very step, so that no process has to know of the mark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frozen {
    /// Since when.
    pub since: Timestamp,
    /// Why, for people.
    pub because: String,
}
