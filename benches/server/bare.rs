//! Bare loops of the two commits that a capture is made of: no HTTP, no Klarna, no decision.

use std::sync::Arc;
use std::time::{Duration, Instant};

use kvitt_ledger::Ledger;
use tokio::task::JoinSet;

use crate::common::figures::median;
use crate::sample::Sample;
use crate::shop::CAPTURES_PER_ORDER;

/// What a loop did.
pub(crate) struct Loop {
    /// Pairs of commits.
    pub(crate) per_second: f64,
    /// One commit as one client saw it: the median, in milliseconds.
    pub(crate) commit_ms: f64,
}

impl Loop {
    /// From the time that each commit took, of whichever client.
    pub(crate) fn of(took: Duration, commits: &[Duration]) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "far fewer commits than 2^52")]
        let pairs = commits.len() as f64 / 2.0;
        Self {
            per_second: pairs / took.as_secs_f64(),
            commit_ms: median(commits.iter().map(|it| it.as_secs_f64() * 1000.0)),
        }
    }
}

/// The loop through the ledger's own `append`, on either store.
pub(crate) async fn of_ledger(
    ledger: &Arc<dyn Ledger>,
    sample: &Arc<Sample>,
    clients: u64,
    orders: u64,
    duration: Duration,
) -> Loop {
    let start = Instant::now();
    let mut tasks = JoinSet::new();
    for client in 0..clients {
        let (ledger, sample) = (Arc::clone(ledger), Arc::clone(sample));
        tasks.spawn(async move {
            let mut commits = Vec::new();
            let mut turns = (0..).map(|turn| Turn::of(turn, client, clients, orders, &sample));
            while start.elapsed() < duration {
                let Turn { order, mut version } = turns.next().unwrap();
                let number = number(order, version);
                for step in [Sample::intent_step, Sample::outcome_step] {
                    let append = step(&sample, order, version, number);
                    let begun = Instant::now();
                    ledger.append(append).await.unwrap();
                    commits.push(begun.elapsed());
                    version += 1;
                }
            }
            commits
        });
    }
    let commits: Vec<Duration> = tasks.join_all().await.into_iter().flatten().collect();
    Loop::of(start.elapsed(), &commits)
}

/// Which order has its turn, and at which version.
pub(crate) struct Turn {
    pub(crate) order: u64,
    pub(crate) version: u64,
}

impl Turn {
    /// Each client goes round its share of the orders, and captures of each as often as the shop's
    /// clients do before it takes the next: it is the pages of the same orders that are written.
    pub(crate) fn of(turn: u64, client: u64, clients: u64, orders: u64, sample: &Sample) -> Self {
        let (each, own) = (CAPTURES_PER_ORDER as u64, orders / clients);
        let captures_before = turn / each / own * each + turn % each;
        Self {
            order: client + clients * (turn / each % own),
            version: sample.version() + 2 * captures_before,
        }
    }
}

/// What no other capture of a loop is called by.
pub(crate) fn number(order: u64, version: u64) -> u64 {
    (order + 1) << 32 | version
}
