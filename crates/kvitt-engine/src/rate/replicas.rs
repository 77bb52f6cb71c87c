//! How many processes share a budget: each tells the ledger that it lives, and hears how many do.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use uuid::Uuid;

use super::budget::Share;
use crate::EngineError;
use crate::engine::Engine;

/// How processes hear of each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sharing {
    /// How often a process says that it lives.
    pub every: Duration,
    /// Who has not said so for this long does not count any more, by the database's clock.
    pub lives_for: Duration,
    /// When every other process has said that it lives once more, and so has heard of a new one.
    /// Until then the new one makes only the calls that all others keep for it.
    pub noticed_within: Duration,
}

impl Default for Sharing {
    /// 2 s, 10 s, 5 s.
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self { every: seconds(2), lives_for: seconds(10), noticed_within: seconds(5) }
    }
}

/// What this process knows of itself and the others.
#[derive(Default)]
pub(crate) struct Replicas {
    seen: Mutex<Option<Seen>>,
}

#[derive(Debug, Clone, Copy)]
struct Seen {
    me: Uuid,
    /// When this process first said that it lives.
    since: Instant,
    live: u32,
}

impl Replicas {
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
        let (ledger, sharing) = (&self.parts.ledger, &self.parts.settings.sharing);
        let known = self.replicas.seen();
        let now = Instant::now();
        // Ids sort by time, so that a new process takes the last place and moves nobody's.
        let (me, since) = match known {
            Some(known) => (known.me, known.since),
            None => (self.new_id(self.now().await), now),
        };
        let mut told = ledger.tell_alive(me, sharing.lives_for).await?;
        if known.is_none() {
            // Two that begin in one moment may not see each other; whoever asks last sees both.
            told = ledger.tell_alive(me, sharing.lives_for).await?;
        }
        if known.map(|known| known.live) != Some(told.live) {
            tracing::info!(replicas = told.live, "calls to Klarna are shared by so many");
        }
        *self.replicas.seen.lock().unwrap_or_else(PoisonError::into_inner) =
            Some(Seen { me, since, live: told.live });
        self.access.set_share(if told.live <= 1 {
            Share::Whole
        } else if now.duration_since(since) < sharing.noticed_within {
            Share::Kept
        } else {
            Share::Part { live: told.live, place: told.place }
        });
        Ok(())
    }

    /// Leaves this process's part to the others at once: for one that makes no more calls.
    pub async fn tell_gone(&self) -> Result<(), EngineError> {
        if let Some(known) = self.replicas.seen() {
            self.parts.ledger.tell_gone(known.me).await?;
        }
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
            tokio::time::sleep(self.parts.settings.sharing.every).await;
        }
    }
}
