//! How many processes share a budget: each tells the ledger that it lives, and hears how many do.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use uuid::Uuid;

use super::budget::Share;
use crate::EngineError;
use crate::engine::Engine;

/// How often a process says that it lives.
const EVERY: Duration = Duration::from_secs(2);
/// Who has not said so for this long does not count any more, by the database's clock.
const LIVES_FOR: Duration = Duration::from_secs(10);
/// Until then every other process has said that it lives, and so heard of a new one.
const NOTICED_WITHIN: Duration = Duration::from_secs(5);

/// What this process knows of itself and the others.
pub(crate) struct Replicas {
    me: Uuid,
    seen: Mutex<Option<Seen>>,
}

#[derive(Debug, Clone, Copy)]
struct Seen {
    /// When this process first said that it lives.
    since: Instant,
    live: u32,
}

impl Replicas {
    pub(crate) fn new(me: Uuid) -> Self {
        Self { me, seen: Mutex::default() }
    }

    fn seen(&self) -> Option<Seen> {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Engine {
    /// Tells the ledger that this process lives, and takes its part of the calls that all
    /// processes may make. [`work`](Self::work) does so by itself, every few seconds; whoever
    /// serves does it once before, so that no call leaves without.
    ///
    /// Where the ledger cannot be asked, what it said last stays.
    pub async fn tell_alive(&self) -> Result<(), EngineError> {
        let ledger = &self.parts.ledger;
        let known = self.replicas.seen();
        let now = Instant::now();
        let since = known.map_or(now, |known| known.since);
        let mut told = ledger.tell_alive(self.replicas.me, LIVES_FOR).await?;
        if known.is_none() {
            // Two that begin in one moment may not see each other; whoever asks last sees both.
            told = ledger.tell_alive(self.replicas.me, LIVES_FOR).await?;
        }
        if known.map(|known| known.live) != Some(told.live) {
            tracing::info!(replicas = told.live, "calls to Klarna are shared by so many");
        }
        *self.replicas.seen.lock().unwrap_or_else(PoisonError::into_inner) =
            Some(Seen { since, live: told.live });
        self.access.set_share(if told.live <= 1 {
            Share::Whole
        } else if now.duration_since(since) < NOTICED_WITHIN {
            Share::Least
        } else {
            Share::Part { live: told.live, place: told.place }
        });
        Ok(())
    }

    /// How many processes share the budgets, as far as this one knows.
    pub fn live_replicas(&self) -> u32 {
        self.replicas.seen().map_or(1, |seen| seen.live)
    }

    pub(crate) async fn keep_telling_alive(&self) {
        loop {
            if let Err(error) = self.tell_alive().await {
                tracing::warn!(%error, "the ledger could not be told that this process lives");
            }
            tokio::time::sleep(EVERY).await;
        }
    }
}
