//! What a ledger costs that holds many orders, asked as the server asks it: through its trait.

use std::ops::Range;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use kvitt_core::{OrderId, SaleId};
use kvitt_ledger::{Append, Ledger, Page, SaleQuery};
use tokio::runtime::Runtime;
use uuid::Uuid;

use crate::common::figures::median;
use crate::multiply::{self, OPEN, Original};
use crate::sample::Sample;
use crate::shop::Shop;
use crate::store::{Home, Kind, Store};

/// How often each ledger has its turn, besides a first time that does not count.
const ROUNDS: u64 = 10;

/// How often each thing is done in a turn.
const TIMES: u64 = 30;

/// So much of the disk stays free, in bytes.
const FREE_MIN: u64 = 15_000_000_000;

/// How much an order takes at most while it is made, log and all.
const ORDER_BYTES_MAX: u64 = 16_000;

/// How long one thing took.
pub(crate) struct Figure {
    pub(crate) what: &'static str,
    /// In milliseconds.
    pub(crate) p50: f64,
    pub(crate) p99: f64,
}

/// A ledger of one size.
pub(crate) struct Size {
    pub(crate) orders: u64,
    pub(crate) figures: Vec<Figure>,
    /// What one order takes on the disk, in bytes: rows and indices.
    pub(crate) bytes_per_order: f64,
}

pub(crate) struct Growth {
    pub(crate) kind: Kind,
    pub(crate) sizes: Vec<Size>,
}

/// All ledgers are made first, and then asked in turns: a machine that is quicker for some minutes is
/// so for each of them.
pub(crate) fn measure(store: &Store, sample: &Arc<Sample>, program: &Path, most: u64) -> Growth {
    let runtime = Runtime::new().unwrap();
    // Connections are closed inside one.
    let _inside = runtime.enter();
    let mut filled = Vec::new();
    hasten(store, true);
    for orders in [1_000, 10_000, 100_000, 1_000_000].into_iter().filter(|it| *it <= most) {
        let Some(ledger) = Filled::with(store, program, orders) else {
            eprintln!("{orders} orders would leave too little of the disk: they are left out");
            break;
        };
        filled.push(ledger);
    }
    hasten(store, false);
    settle(store);
    let mut asked: Vec<Asked<'_>> =
        filled.iter().map(|it| runtime.block_on(Asked::of(it, sample))).collect();
    for round in 0..=ROUNDS {
        for ledger in &mut asked {
            runtime.block_on(ledger.all(round));
        }
    }
    let sizes = filled.iter().zip(asked).map(|(ledger, asked)| {
        let figures: Vec<Figure> =
            asked.took.iter().map(|(what, took)| figure(what, took)).collect();
        eprintln!("{}: {} orders", store.kind().name(), ledger.orders);
        for Figure { what, p50, p99 } in &figures {
            eprintln!("  {what}: {p50:.2} ms, {p99:.2} ms");
        }
        Size { orders: ledger.orders, figures, bytes_per_order: ledger.bytes_per_order }
    });
    Growth { kind: store.kind(), sizes: sizes.collect() }
}

/// A ledger that was made to hold so many orders.
struct Filled {
    home: Home,
    original: Original,
    orders: u64,
    bytes_per_order: f64,
}

impl Filled {
    /// Unless the disk has too little room.
    fn with(store: &Store, program: &Path, orders: u64) -> Option<Self> {
        let home = store.home();
        if free(home.folder()) < FREE_MIN + orders * ORDER_BYTES_MAX {
            return None;
        }
        let original = sell_one(&home, program);
        let empty = home.bytes();
        let begun = Instant::now();
        multiply::add(&home, &original, orders);
        let bytes = home.bytes() - empty;
        eprintln!(
            "{}: {orders} orders, filled in {:.0} s, {} MB",
            store.kind().name(),
            begun.elapsed().as_secs_f64(),
            bytes / 1_000_000
        );
        #[expect(clippy::cast_precision_loss, reason = "far less than 2^52 bytes")]
        let bytes_per_order = bytes as f64 / orders as f64;
        Some(Self { home, original, orders, bytes_per_order })
    }
}

/// While orders are made, nothing has to survive a power cut.
fn hasten(store: &Store, on: bool) {
    let Store::Postgres(server) = store else { return };
    let (fsync, wal) = if on { ("off", "4GB") } else { ("on", "1GB") };
    server.configure(&format!(
        "\nfsync = {fsync}\nfull_page_writes = {fsync}\nmax_wal_size = {wal}\n"
    ));
    server.reload();
    // A server reads them when it comes to it.
    while server.sql("postgres", "SHOW fsync") != fsync {
        thread::sleep(Duration::from_millis(20));
    }
}

/// What was written meanwhile lies on the disk before anything is measured.
fn settle(store: &Store) {
    if let Store::Postgres(server) = store {
        server.sql("postgres", "CHECKPOINT");
    }
    assert!(Command::new("sync").status().unwrap().success());
}

/// One order, through the merchant API, from its cart to its last capture.
fn sell_one(home: &Home, program: &Path) -> Original {
    let shop = Shop::open(program, home.folder(), &home.url());
    let order = shop.place(1).remove(0);
    shop.capture_all(&order);
    drop(shop);
    let id: OrderId = order.id.parse().unwrap();
    let runtime = Runtime::new().unwrap();
    let events = runtime.block_on(async {
        let ledger = kvitt_ledger::open(&home.url()).await.unwrap();
        ledger.events(SaleId::from(id)).await.unwrap()
    });
    let mut intents: Vec<String> =
        events.iter().filter_map(|it| it.event.intent()).map(|it| it.to_string()).collect();
    intents.sort();
    intents.dedup();
    Original { digits: id.0.as_simple().to_string(), intents }
}

/// How much of the disk is free, in bytes.
fn free(folder: &Path) -> u64 {
    let output = Command::new("df").args(["--output=avail", "-B1"]).arg(folder).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().nth(1).unwrap().trim().parse().unwrap()
}

/// A ledger of one size, and how long each thing took that was asked of it.
struct Asked<'a> {
    ledger: Arc<dyn Ledger>,
    sample: &'a Arc<Sample>,
    original: &'a Original,
    orders: u64,
    /// The cursor of the page that ends in the middle.
    middle: String,
    took: Vec<(&'static str, Vec<Duration>)>,
}

impl<'a> Asked<'a> {
    async fn of(filled: &'a Filled, sample: &'a Arc<Sample>) -> Self {
        let Filled { home, original, orders, .. } = filled;
        let ledger = kvitt_ledger::open(&home.url()).await.unwrap();
        let (took, middle) = (Vec::new(), String::new());
        let mut it = Self { ledger, sample, original, orders: *orders, middle, took };
        let summary = it.ledger.summary(it.sale(orders / 2)).await.unwrap().unwrap();
        let query = SaleQuery { created_before: Some(summary.created_at), ..it.query() };
        it.middle = it.ledger.summaries(&query).await.unwrap().next_cursor.unwrap();
        it
    }

    /// Asks for everything, some times each.
    async fn all(&mut self, round: u64) {
        let page = |change: fn(&mut SaleQuery)| {
            let mut query = self.query();
            change(&mut query);
            query
        };
        let all_captured = |query: &mut SaleQuery| query.status = Some("CAPTURED".to_owned());
        let few_open = |query: &mut SaleQuery| query.status = Some("AUTHORIZED".to_owned());
        let begin = |query: &mut SaleQuery| query.search = Some("order-".to_owned());
        let search = |text: String| SaleQuery { search: Some(text), ..self.query() };
        let digits = |number| multiply::digits(self.original, number);
        let turns = round * TIMES..(round + 1) * TIMES;
        let list = |what, holds, query: &dyn Fn(u64) -> SaleQuery| {
            let queries: Vec<_> =
                turns.clone().map(|turn| query(self.number(turn + 20_000))).collect();
            self.list(what, holds, queries)
        };
        let took = [
            self.append("append to one of the last 1000", turns.clone(), |turn| self.late(turn))
                .await,
            self.append("append to any", turns.clone(), |turn| self.number(turn)).await,
            self.read(turns.clone()).await,
            list("the first page", 50, &|_| page(|_| ())).await,
            list("a page from the middle", 50, &|_| SaleQuery {
                cursor: Some(self.middle.clone()),
                ..self.query()
            })
            .await,
            list("a page of a state that most have", 50, &|_| page(all_captured)).await,
            list("a page of a state that 20 have", OPEN, &|_| page(few_open)).await,
            // Numbers of the same length, so that none begins another.
            list("search: the shop's reference", 1, &|number| search(format!("order-{number}")))
                .await,
            list("search: Klarna's order id", 1, &|number| search(multiply::klarna_digits(number)))
                .await,
            list("search: kvitt's id", 1, &|number| search(format!("ord_{}", digits(number))))
                .await,
            list("search: what all begin with", 50, &|_| page(begin)).await,
        ];
        if round == 0 {
            self.took = took.map(|(what, _)| (what, Vec::new())).into();
            return;
        }
        for ((_, all), (_, took)) in self.took.iter_mut().zip(took) {
            all.extend(took);
        }
    }

    fn query(&self) -> SaleQuery {
        SaleQuery { orders_only: true, ..SaleQuery::all(self.at()) }
    }

    fn at(&self) -> Timestamp {
        self.sample.requested.at
    }

    /// Numbers of orders, spread over all whose numbers are as long as the last one's before it.
    fn number(&self, turn: u64) -> u64 {
        let (lowest, highest) = (self.orders / 10 + 1, self.orders - 1);
        lowest + turn.wrapping_mul(2_654_435_761) % (highest - lowest)
    }

    /// Numbers of orders, spread over the last thousand, where most of what happens happens.
    fn late(&self, turn: u64) -> u64 {
        self.orders - turn.wrapping_mul(2_654_435_761) % 999
    }

    fn sale(&self, number: u64) -> SaleId {
        SaleId(Uuid::try_parse(&multiply::digits(self.original, number)).unwrap())
    }

    /// A step of a capture, on orders in turn.
    async fn append(
        &self,
        what: &'static str,
        turns: Range<u64>,
        number: impl Fn(u64) -> u64,
    ) -> (&'static str, Vec<Duration>) {
        let mut took = Vec::new();
        for turn in turns {
            let number = number(turn);
            let sale = self.sale(number);
            let summary = self.ledger.summary(sale).await.unwrap().unwrap();
            let version = summary.version;
            let step = self.sample.intent_step(0, version, number * 1000 + version);
            let append = Append {
                sale,
                summary: kvitt_ledger::SaleSummary { version: version + 1, ..summary },
                ..step
            };
            let begun = Instant::now();
            self.ledger.append(append).await.unwrap();
            took.push(begun.elapsed());
        }
        (what, took)
    }

    async fn read(&self, turns: Range<u64>) -> (&'static str, Vec<Duration>) {
        let mut took = Vec::new();
        for turn in turns {
            // Others than those that were appended to.
            let sale = self.sale(self.number(turn + 10_000));
            let begun = Instant::now();
            let events = self.ledger.events(sale).await.unwrap();
            took.push(begun.elapsed());
            assert!(!events.is_empty());
        }
        ("read an order's events", took)
    }

    /// Pages, each of which has to hold so many.
    async fn list(
        &self,
        what: &'static str,
        holds: u64,
        queries: Vec<SaleQuery>,
    ) -> (&'static str, Vec<Duration>) {
        let mut took = Vec::new();
        for query in queries {
            let begun = Instant::now();
            let Page { items, .. } = self.ledger.summaries(&query).await.unwrap();
            took.push(begun.elapsed());
            assert_eq!(items.len() as u64, holds, "{what}: {query:?}");
        }
        (what, took)
    }
}

fn figure(what: &'static str, took: &[Duration]) -> Figure {
    let mut times: Vec<f64> = took.iter().map(|it| it.as_secs_f64() * 1000.0).collect();
    times.sort_by(f64::total_cmp);
    let p99 = times[(times.len() * 99).div_ceil(100) - 1];
    Figure { what, p50: median(times), p99 }
}
