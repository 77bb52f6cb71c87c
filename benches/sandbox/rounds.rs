//! All peers in turns, each started anew in every round.

use std::time::Duration;

use crate::common::load::{self, Until};
use crate::common::process::Server;
use crate::common::{figures, machine};
use crate::in_turn::in_turn;
use crate::peers::{Id, Peer};

/// What stays the same over all servers.
pub(crate) struct Settings {
    pub(crate) connections: usize,
    pub(crate) duration: Duration,
}

/// Unmeasured, before each measurement: connections, caches and just-in-time compilers are warm
/// after it.
const WARM_UP: Duration = Duration::from_secs(1);

/// What one peer did in one round.
pub(crate) struct Sample {
    pub(crate) per_second: f64,
    /// In milliseconds.
    pub(crate) p50: f64,
    pub(crate) p99: f64,
    /// What the server used of all cores for one answer, in microseconds.
    pub(crate) cpu_micros: f64,
    /// What neither server nor load used of all cores meanwhile, in percent of one core.
    pub(crate) others_percent: f64,
}

/// One peer over all rounds.
pub(crate) struct Measured {
    pub(crate) id: Id,
    pub(crate) name: String,
    pub(crate) samples: Vec<Sample>,
}

impl Measured {
    /// The median of a figure.
    pub(crate) fn median(&self, figure: impl Fn(&Sample) -> f64) -> f64 {
        figures::median(self.samples.iter().map(figure))
    }

    /// The lowest and the highest of a figure.
    pub(crate) fn range(&self, figure: impl Fn(&Sample) -> f64) -> (f64, f64) {
        figures::range(self.samples.iter().map(figure))
    }
}

/// Measures; `work` gives the requests for a server that has just been started.
pub(crate) fn measure(
    peers: &[Peer],
    rounds: u32,
    settings: &Settings,
    work: impl Fn(&Server, Id) -> Vec<Vec<u8>>,
) -> Vec<Measured> {
    let mut all: Vec<Measured> = peers
        .iter()
        .map(|peer| Measured { id: peer.id, name: peer.name.clone(), samples: Vec::new() })
        .collect();
    for round in 0..=rounds {
        for (peer, measured) in peers.iter().zip(&mut all) {
            let server = peer.start();
            let requests = work(&server, peer.id);
            let sample = one(&server, &requests, settings);
            eprintln!("round {round} of {rounds}: {}: {:.0}/s", peer.name, sample.per_second);
            if round > 0 {
                measured.samples.push(sample);
            }
        }
    }
    all
}

fn one(server: &Server, requests: &[Vec<u8>], settings: &Settings) -> Sample {
    let run = |duration| {
        let sources = in_turn(requests, settings.connections);
        load::run(server.address, sources, 200, &Until::Elapsed(duration))
    };
    run(WARM_UP);
    let times = || [server.cpu_time(), machine::cpu_time("self"), machine::busy_time()];
    let before = times();
    let load = run(settings.duration);
    let after = times();
    let [server, own, busy] =
        [0, 1, 2].map(|at| after[at].saturating_sub(before[at]).as_secs_f64());
    #[expect(clippy::cast_precision_loss, reason = "far fewer answers than 2^52")]
    let answers = load.answers() as f64;
    Sample {
        per_second: load.per_second(),
        p50: load.percentile(50),
        p99: load.percentile(99),
        cpu_micros: server * 1e6 / answers,
        others_percent: (busy - server - own).max(0.0) * 100.0 / settings.duration.as_secs_f64(),
    }
}
