//! A first baseline, as ratios: each figure is measured against something else in the same run, on
//! the same machine, in turns.
//!
//! `cargo bench -p kvitt --bench baseline` prints a table; see `benches/README.md`.

#![expect(clippy::unwrap_used, reason = "a measurement that cannot go on has failed")]
#![expect(clippy::print_stdout, reason = "the table is what this program is for")]

mod bare;
mod life;
mod sessions;
mod wire;

use std::future::Future;
use std::time::{Duration, Instant};

/// How often each side is measured; the median counts.
const ROUNDS: usize = 5;

/// What one comparison found.
pub(crate) struct Ratio {
    pub(crate) name: &'static str,
    pub(crate) unit: &'static str,
    /// Per second, of what is measured.
    pub(crate) measured: f64,
    /// Per second, of what it is measured against.
    pub(crate) against: f64,
}

/// Measures two sides in turns, and gives back how many per second each of them did: the median.
pub(crate) async fn in_turns<A, B>(
    per_round: u32,
    mut left: impl FnMut() -> A,
    mut right: impl FnMut() -> B,
) -> (f64, f64)
where
    A: Future<Output = ()>,
    B: Future<Output = ()>,
{
    // One round of each is thrown away: connections, allocations and caches are warm after it.
    left().await;
    right().await;
    let (mut lefts, mut rights) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let start = Instant::now();
        left().await;
        lefts.push(start.elapsed());
        let start = Instant::now();
        right().await;
        rights.push(start.elapsed());
    }
    (per_second(per_round, lefts), per_second(per_round, rights))
}

fn per_second(count: u32, mut durations: Vec<Duration>) -> f64 {
    durations.sort();
    f64::from(count) / durations[durations.len() / 2].as_secs_f64()
}

fn main() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let ratios = runtime.block_on(async {
        [
            sessions::measure().await,
            life::measure("a full life through kvitt, one at a time, against direct calls", 1)
                .await,
            life::measure("a full life through kvitt, 32 at a time, against direct calls", 32)
                .await,
        ]
    });
    println!("\n| what | measured | against | ratio |\n|---|---|---|---|");
    for Ratio { name, unit, measured, against } in ratios {
        println!(
            "| {name} | {measured:.0} {unit}/s | {against:.0} {unit}/s | {:.2} |",
            measured / against
        );
    }
    println!("\nMedians of {ROUNDS} rounds, both sides in turns.");
}
