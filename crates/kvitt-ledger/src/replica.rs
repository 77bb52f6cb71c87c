//! Processes that work on one ledger, as far as they need to know of each other.

/// How many processes live, and which of them one is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Replicas {
    /// How many live, the one that asks included.
    pub live: u32,
    /// The place of the one that asks among them, in the order of their ids, from 0.
    pub place: u32,
}
