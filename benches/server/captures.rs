//! Captures through the merchant API, beside bare loops of their two commits.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use kvitt_ledger::Ledger;
use tokio::runtime::Runtime;

use crate::bare::{self, Loop};
use crate::common::load::{self, Until};
use crate::common::{figures, machine};
use crate::sample::Sample;
use crate::shop::{CAPTURES_PER_ORDER, Captures, Of, Pool, Reads, Shop};
use crate::store::{Home, Kind, Store};
use crate::{bare_postgres, bare_sqlite};

/// Unmeasured, before each measurement of the server.
const WARM_UP: Duration = Duration::from_secs(1);

/// What kvitt did in one round.
pub(crate) struct Sale {
    pub(crate) per_second: f64,
    /// In milliseconds.
    pub(crate) p50: f64,
    pub(crate) p99: f64,
    /// What a process used of all cores for one capture, in microseconds.
    pub(crate) kvitt_micros: f64,
    pub(crate) sandbox_micros: f64,
    /// What all processes of the machine used, the load's and the database's included.
    pub(crate) all_micros: f64,
    /// The most memory that the server held, in bytes.
    pub(crate) peak: u64,
}

/// All rounds on one store.
pub(crate) struct Measured {
    pub(crate) kind: Kind,
    pub(crate) kvitt: Vec<Sale>,
    /// Through the ledger's own append.
    pub(crate) appends: Vec<Loop>,
    /// Without kvitt's code.
    pub(crate) bare: Vec<Loop>,
}

impl Measured {
    pub(crate) fn median(&self, figure: impl Fn(&Sale) -> f64) -> f64 {
        figures::median(self.kvitt.iter().map(figure))
    }
}

pub(crate) struct Plan<'a> {
    pub(crate) program: &'a Path,
    pub(crate) rounds: u32,
    /// In each round.
    pub(crate) captures: usize,
    pub(crate) clients: usize,
    /// How long a bare loop runs.
    pub(crate) duration: Duration,
}

impl Plan<'_> {
    /// How many orders a ledger has: as many for each client, who may leave one half used.
    fn orders(&self) -> usize {
        (self.captures / CAPTURES_PER_ORDER / self.clients + 2) * self.clients
    }
}

pub(crate) fn measure(store: &Store, sample: &Arc<Sample>, plan: &Plan<'_>) -> Measured {
    let kind = store.kind();
    let mut all = Measured { kind, kvitt: Vec::new(), appends: Vec::new(), bare: Vec::new() };
    let runtime = Runtime::new().unwrap();
    for round in 0..=plan.rounds {
        let kvitt = through_kvitt(&store.home(), plan);
        let appends = of_ledger(&runtime, &store.home(), sample, plan);
        let bare = without_kvitt(&runtime, store, &store.home(), sample, plan);
        eprintln!(
            "round {round} of {}: {}: kvitt {:.0}/s, its append {:.0}/s, bare {:.0}/s",
            plan.rounds,
            kind.name(),
            kvitt.per_second,
            appends.per_second,
            bare.per_second
        );
        if round > 0 {
            all.kvitt.push(kvitt);
            all.appends.push(appends);
            all.bare.push(bare);
        }
    }
    all
}

fn through_kvitt(home: &Home, plan: &Plan<'_>) -> Sale {
    let shop = Shop::open(plan.program, home.folder(), &home.url());
    let orders = shop.place(plan.orders());
    let reads = orders.iter().take(plan.clients).map(|order| Reads(shop.read(order))).collect();
    load::run(shop.kvitt.address, reads, 200, &Until::Elapsed(WARM_UP));
    let pool = Pool::of(orders);
    let times = || [shop.kvitt.cpu_time(), shop.sandbox.cpu_time(), machine::busy_time()];
    let before = times();
    let clients = Captures::clients(&shop, &pool, &Of::Kvitt, plan.clients);
    let until = Until::Sent((plan.captures as u64).into());
    let load = load::run(shop.kvitt.address, clients, 201, &until);
    let after = times();
    #[expect(clippy::cast_precision_loss, reason = "far fewer answers than 2^52")]
    let micros = [0, 1, 2].map(|at| {
        let used = after[at].saturating_sub(before[at]);
        used.as_secs_f64() * 1e6 / load.answers() as f64
    });
    Sale {
        per_second: load.per_second(),
        p50: load.percentile(50),
        p99: load.percentile(99),
        kvitt_micros: micros[0],
        sandbox_micros: micros[1],
        all_micros: micros[2],
        peak: shop.kvitt.memory("VmHWM"),
    }
}

/// The loop through the ledger's append.
pub(crate) fn of_ledger(
    runtime: &Runtime,
    home: &Home,
    sample: &Arc<Sample>,
    plan: &Plan<'_>,
) -> Loop {
    let (clients, orders) = (plan.clients as u64, plan.orders() as u64);
    runtime.block_on(async {
        let ledger = with_orders(home, sample, orders).await;
        bare::of_ledger(&ledger, sample, clients, orders, plan.duration).await
    })
}

/// A ledger with so many orders.
async fn with_orders(home: &Home, sample: &Sample, orders: u64) -> Arc<dyn Ledger> {
    let ledger = kvitt_ledger::open(&home.url()).await.unwrap();
    sample.store_orders(&ledger, orders).await;
    ledger
}

/// The loop that has none of kvitt's code.
pub(crate) fn without_kvitt(
    runtime: &Runtime,
    store: &Store,
    home: &Home,
    sample: &Arc<Sample>,
    plan: &Plan<'_>,
) -> Loop {
    let (clients, orders) = (plan.clients as u64, plan.orders() as u64);
    runtime.block_on(async { drop(with_orders(home, sample, orders).await) });
    match store {
        Store::Sqlite => {
            runtime.block_on(bare_sqlite::run(&home.file(), sample, clients, orders, plan.duration))
        }
        Store::Postgres(server) => {
            bare_postgres::run(server, home, sample, clients, orders, plan.duration)
        }
    }
}
