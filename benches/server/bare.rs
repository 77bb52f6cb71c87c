//! Bare loops of the two commits that a capture is made of: no HTTP, no Klarna, no decision.

use std::sync::Arc;
use std::time::{Duration, Instant};

use kvitt_ledger::Ledger;
use tokio::task::JoinSet;

use crate::common::figures::median;
use crate::sample::Sample;

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
    duration: Duration,
) -> Loop {
    let start = Instant::now();
    let mut tasks = JoinSet::new();
    for client in 0..clients {
        let (ledger, sample) = (Arc::clone(ledger), Arc::clone(sample));
        tasks.spawn(async move {
            let (mut commits, mut version) = (Vec::new(), sample.version());
            while start.elapsed() < duration {
                let number = number(client, version);
                for step in [Sample::intent_step, Sample::outcome_step] {
                    let append = step(&sample, client, version, number);
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

/// What no other capture of a loop is called by.
pub(crate) fn number(client: u64, version: u64) -> u64 {
    (client + 1) << 32 | version
}
