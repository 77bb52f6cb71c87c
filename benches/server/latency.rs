//! What kvitt adds to one capture over asking Klarna directly, one at a time.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Runtime;

use crate::captures::{Plan, of_ledger, without_kvitt};
use crate::common::figures::median;
use crate::common::load::{self, Load, Until};
use crate::sample::Sample;
use crate::shop::{CAPTURES_PER_ORDER, Captures, Of, Pool, Shop};
use crate::store::{Kind, Store};

/// In each round, through kvitt and directly.
const CAPTURES: usize = 200;

/// How long each of the commits' loops runs.
const COMMITTING: Duration = Duration::from_secs(1);

/// Medians over all rounds of each round's median, in milliseconds.
pub(crate) struct Added {
    pub(crate) kind: Kind,
    pub(crate) kvitt: f64,
    pub(crate) direct: f64,
    /// One commit, without kvitt's code and through its append.
    pub(crate) commit: f64,
    pub(crate) append: f64,
}

impl Added {
    pub(crate) fn added(&self) -> f64 {
        self.kvitt - self.direct
    }
}

pub(crate) fn measure(store: &Store, sample: &Arc<Sample>, program: &Path, rounds: u32) -> Added {
    let plan = Plan { program, rounds, captures: CAPTURES, clients: 1, duration: COMMITTING };
    let runtime = Runtime::new().unwrap();
    let home = store.home();
    let shop = Shop::open(program, home.folder(), &home.url());
    let mut figures: [Vec<f64>; 4] = Default::default();
    for round in 0..=rounds {
        let captures = |of: Of<'_>| -> Load {
            let address =
                if matches!(of, Of::Kvitt) { shop.kvitt.address } else { shop.sandbox.address };
            let pool = Pool::of(shop.place(CAPTURES / CAPTURES_PER_ORDER + 1));
            let until = Until::Sent((CAPTURES as u64).into());
            load::run(address, Captures::clients(&shop, &pool, &of, 1), 201, &until)
        };
        let of_round = [
            captures(Of::Kvitt).percentile(50),
            captures(Of::Klarna(&sample.body)).percentile(50),
            without_kvitt(&runtime, store, &store.home(), sample, &plan).commit_ms,
            of_ledger(&runtime, &store.home(), sample, &plan).commit_ms,
        ];
        eprintln!(
            "round {round} of {rounds}: {}: ms through kvitt, directly, a commit, an append: \
             {of_round:.2?}",
            store.kind().name()
        );
        if round > 0 {
            for (all, figure) in figures.iter_mut().zip(of_round) {
                all.push(figure);
            }
        }
    }
    let [kvitt, direct, commit, append] = figures.map(median);
    Added { kind: store.kind(), kvitt, direct, commit, append }
}
