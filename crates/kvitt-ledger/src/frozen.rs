//! A ledger that may be read and must not act.

use jiff::Timestamp;

/// That a ledger is frozen: it is a backup that was restored, or was moved elsewhere, or somebody
/// said so. Whoever acts on what it says could do again what was done since.
///
/// The ledger keeps the mark and refuses nothing because of it: who looks after the sales in it has
/// to write, too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frozen {
    /// Since when.
    pub since: Timestamp,
    /// Why, for people.
    pub because: String,
}
