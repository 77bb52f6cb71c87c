//! How many calls a second: one budget for each account and category, shared by all replicas.
//!
//! Klarna counts by merchant and category, and refuses everything of a category once one call was
//! too many. So each replica tells the ledger that it lives, learns how many do, and keeps to its
//! part of the whole; no call is written down anywhere. Within its part shoppers come first, then
//! merchants' acts, then what kvitt looks at by itself; a class that waits is passed over nine
//! times in a row at most. What Klarna says in its answers counts above all.

mod access;
mod budget;
mod line;
mod replicas;

use std::time::Duration;

use klarna::{Environment, RateCategory};

pub(crate) use access::Access;
pub(crate) use replicas::Replicas;
pub use replicas::Sharing;

/// Who waits for a call, those first whose wait costs most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Class {
    /// A shopper looks at a page: sessions, placing, giving back what stands in the way.
    Shopper,
    /// A merchant's act, and what finishes it.
    Act,
    /// What nobody waits for: reads that kvitt makes by itself, and giving back what was
    /// abandoned.
    Bulk,
}

impl Class {
    /// Every class, the first first.
    pub const ALL: [Self; 3] = [Self::Shopper, Self::Act, Self::Bulk];

    /// A word for metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Shopper => "shopper",
            Self::Act => "act",
            Self::Bulk => "bulk",
        }
    }
}

/// How many calls a second an account may make in one category.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Limit {
    /// Nobody said. Once Klarna answers 429, the limit that its headers then state is kept.
    #[default]
    Unknown,
    /// Klarna's published limit; what its headers state replaces it.
    Published(u32),
    /// Not more than this, whatever Klarna allows; less where its headers state less.
    AtMost(u32),
}

/// How many calls a second an account may make.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rate {
    /// Opening sessions; each kind of session for itself.
    pub sessions: Limit,
    /// Everything else together.
    pub others: Limit,
}

impl Rate {
    /// What Klarna publishes for an environment; nothing is known of a sandbox.
    pub fn of(environment: Option<Environment>) -> Self {
        let published = |category: RateCategory| {
            let limit = |environment| Limit::Published(category.calls_per_second(environment));
            environment.map_or(Limit::Unknown, limit)
        };
        Self {
            sessions: published(RateCategory::CreateSession),
            others: published(RateCategory::Other),
        }
    }

    fn limit(self, category: RateCategory) -> Limit {
        if category == RateCategory::Other { self.others } else { self.sessions }
    }
}

/// How long a call waits for its turn before it is given back as not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waits {
    /// A shopper's: then the page says that it will try again.
    pub shopper: Duration,
    /// An act's: then the worker goes on with it. Far below the lease under which it runs.
    pub act: Duration,
    /// That of bulk work: then it is put off, and its claim with it.
    pub bulk: Duration,
}

impl Default for Waits {
    /// 2 s, 15 s, 1 s.
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self { shopper: seconds(2), act: seconds(15), bulk: seconds(1) }
    }
}

impl Waits {
    fn of(&self, class: Class) -> Duration {
        match class {
            Class::Shopper => self.shopper,
            Class::Act => self.act,
            Class::Bulk => self.bulk,
        }
    }
}

/// How an account's budget in one category stands in this process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RateReport {
    /// The account.
    pub account: String,
    /// The category.
    pub category: RateCategory,
    /// Calls a second that this process may make; none where no limit is known.
    pub share: Option<u32>,
    /// Calls that Klarna answered with 429 since the process began.
    pub refused: u64,
    /// By class.
    pub classes: [ClassReport; 3],
}

/// How one class of calls stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClassReport {
    /// The class.
    pub class: Class,
    /// Calls that wait for their turn now.
    pub waiting: usize,
    /// Calls that had their turn since the process began.
    pub called: u64,
    /// Calls that were given back unsent since the process began.
    pub held_back: u64,
}
