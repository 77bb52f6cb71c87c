//! A storm: a shop sells and works on its orders through three replicas of kvitt on one PostgreSQL,
//! while Klarna's answers fail, its callbacks are dropped, doubled and shuffled, replicas are killed,
//! and the database restarts. Afterwards the shop's book, kvitt's and Klarna's are compared.
//!
//! A seed replays it: the same wishes in the same order for each order, the same rules of faults
//! with the same seeds and counts, the same blows after the same number of acts. What is not the
//! same is how the processes run beside each other: which request meets which fault.
//!
//! Invariants:
//! - Everything is a process of its own, and is reached by HTTP alone; only due work is brought
//!   forward in the database, while nobody runs who could hold it.
//! - The shop knows no more than it was answered. What it expects of amounts is its own arithmetic.
//! - Whatever the comparison cannot explain is a finding.

mod balancer;
mod book;
mod chaos;
mod compare;
mod counts;
mod doors;
mod error;
mod evidence;
mod faults;
mod fleet;
mod plan;
mod report;
mod settle;
mod shop;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use fastrand::Rng;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::Instant;

pub use book::{Answer, Book, Record};
pub use chaos::Tally;
pub use compare::{Case, compare};
pub use counts::Counts;
pub use error::Error;
pub use plan::{Act, Browser, Callback, Line, Picks, Plan, Review, Step, Wish};
pub use report::{Finding, Report};

use chaos::Chaos;
use doors::Doors;
use fleet::Fleet;
use shop::Shop;

/// How many of the sandbox's seconds go by in one: callbacks that Klarna sends after minutes come
/// while the storm lasts. Any more, and a call of three seconds would outlast the two minutes for
/// which kvitt takes it to be under way.
const PACE: u32 = 10;

/// The order of a seed's dice that belongs to no order.
const OF_CHAOS: u32 = u32::MAX;

/// What Klarna answers where the same placing is repeated (the sandbox's `repeated_placing`).
pub const REPEATED_PLACING: [&str; 4] = ["200", "403", "404", "409"];

/// Which references Klarna shows (the sandbox's `capture_references_are_readable` and
/// `refund_references_are_readable`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Readable {
    /// Those of captures.
    pub captures: bool,
    /// Those of refunds.
    pub refunds: bool,
}

impl Readable {
    /// Every combination.
    pub const ALL: [Self; 4] = [
        Self { captures: true, refunds: true },
        Self { captures: true, refunds: false },
        Self { captures: false, refunds: true },
        Self { captures: false, refunds: false },
    ];

    /// Its name on the command line.
    pub fn as_str(self) -> &'static str {
        match (self.captures, self.refunds) {
            (true, true) => "both",
            (true, false) => "captures",
            (false, true) => "refunds",
            (false, false) => "neither",
        }
    }
}

/// How Klarna behaves where its sources are silent or disagree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Switches {
    /// One of [`REPEATED_PLACING`].
    pub repeated_placing: &'static str,
    /// Which references Klarna shows.
    pub readable: Readable,
}

impl Switches {
    /// Every combination.
    pub fn all() -> impl Iterator<Item = Self> {
        REPEATED_PLACING.into_iter().flat_map(|repeated_placing| {
            Readable::ALL.into_iter().map(move |readable| Self { repeated_placing, readable })
        })
    }

    /// As the sandbox takes them.
    fn to_json(self) -> Value {
        json!({
            "repeated_placing": self.repeated_placing,
            "capture_references_are_readable": self.readable.captures,
            "refund_references_are_readable": self.readable.refunds,
        })
    }
}

/// A storm to be.
#[derive(Debug, Clone)]
pub struct Storm {
    /// The kvitt that is tried.
    pub program: PathBuf,
    /// What everything follows from.
    pub seed: u64,
    /// How many orders are sold.
    pub orders: u32,
    /// How Klarna behaves, one after the other while the storm lasts.
    pub switches: Vec<Switches>,
    /// How many orders the shop works on at a time.
    pub open_max: usize,
    /// How many of its requests may be under way.
    pub requests_max: usize,
    /// How long an act may wait before minutes pass for everybody; by itself it may wait for those
    /// two for which a dead process holds its work.
    pub patience: Duration,
}

impl Storm {
    /// Sensible behaviour for so many orders.
    pub fn new(program: PathBuf, seed: u64, orders: u32, switches: Vec<Switches>) -> Self {
        Self {
            program,
            seed,
            orders,
            switches,
            open_max: 400,
            requests_max: 24,
            patience: Duration::from_secs(150),
        }
    }

    /// How many replicas are killed, one at a time.
    fn kills(&self) -> u32 {
        (self.orders / 20).max(3)
    }

    /// How often no answer of Klarna's arrives.
    fn bursts(&self) -> u32 {
        (self.orders / 25).max(2)
    }

    /// The plans of all orders.
    fn plans(&self) -> Vec<Plan> {
        (0..self.orders).map(|number| Plan::of(self.seed, number)).collect()
    }

    /// Carries the storm out.
    ///
    /// # Errors
    /// It could not be carried through. What it found is in the report.
    ///
    /// # Panics
    /// There is no PostgreSQL here.
    pub async fn run(&self, counts: &Arc<Counts>) -> Result<Report, Error> {
        let begin = Instant::now();
        let folder = tempfile::Builder::new()
            .prefix("kvitt-storm-")
            .tempdir()
            .map_err(Error::io("a temporary folder"))?;
        counts.say("starting");
        let mut fleet = Fleet::start(&self.program, folder.path()).await?;
        let doors = self.open_doors(&mut fleet).await?;
        let plans = self.plans();
        let acts: u64 = plans.iter().map(Plan::acts).sum();
        counts.acts_max.store(acts, Ordering::Relaxed);
        counts.say("storm");
        let shop = Arc::new(Shop {
            doors: Arc::clone(&doors),
            counts: Arc::clone(counts),
            gate: Semaphore::new(self.requests_max),
        });
        let selling = self.sell(&shop, plans);
        let mut dice = plan::dice(self.seed, OF_CHAOS);
        let mut chaos = Chaos {
            fleet: &mut fleet,
            doors,
            counts: Arc::clone(counts),
            tally: Tally::default(),
            struck: None,
            oddities: Vec::new(),
        };
        chaos.rage(self, acts, &mut dice, &selling).await?;
        let storm_took = begin.elapsed();
        let books = selling.await.unwrap_or_default();
        counts.say("settling");
        let mut report = chaos.settle(self, books).await?;
        if !report.findings.is_empty() {
            chaos.keep_evidence(folder.path()).await?;
        }
        report.storm_took = storm_took;
        report.took = begin.elapsed();
        report.repeats = counts.repeats();
        if !report.findings.is_empty() {
            report.logs = Some(folder.keep());
        }
        Ok(report)
    }

    /// Starts the replicas, and moves the sandbox's switches.
    async fn open_doors(&self, fleet: &mut Fleet) -> Result<Arc<Doors>, Error> {
        let api_key = fleet.api_key().await?;
        let doors = Doors::new(fleet.klarna.clone(), api_key, Arc::clone(&fleet.addresses))?;
        // A callback that nobody took is not waited for long.
        let pause = json!({"callback_pause_milliseconds": 300});
        doors.control(Method::PATCH, "/sandbox/v1/settings", Some(pause)).await?;
        let pace = json!({ "pace": PACE });
        doors.control(Method::PATCH, "/sandbox/v1/clock", Some(pace)).await?;
        fleet.start_all().await?;
        Ok(Arc::new(doors))
    }

    /// Sells every order, so many at a time.
    fn sell(&self, shop: &Arc<Shop>, plans: Vec<Plan>) -> JoinHandle<Vec<Book>> {
        let (seed, open) = (self.seed, Arc::new(Semaphore::new(self.open_max)));
        let mut orders = JoinSet::new();
        for plan in plans {
            let (shop, open) = (Arc::clone(shop), Arc::clone(&open));
            // Other dice than those that the plan was made with.
            let dice = plan::dice(!seed, plan.number);
            orders.spawn(async move {
                let _place = open.acquire().await;
                shop.sell(plan, dice).await
            });
        }
        tokio::spawn(async move {
            let mut books = orders.join_all().await;
            books.sort_by_key(|book| book.plan.number);
            books
        })
    }
}

/// A seed where none was given: any will do, since it is told.
pub fn any_seed() -> u64 {
    Rng::new().u64(..1_000_000)
}

/// The members of a list that the sandbox or kvitt answered with.
fn items(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}
