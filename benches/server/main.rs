//! How quick and how small `kvitt serve` is, beside bare loops of the commits that it makes.
//!
//! `scripts/bench-server` runs this; see `benches/README.md`.

#![expect(clippy::unwrap_used, reason = "a measurement that cannot go on has failed")]
#![expect(clippy::print_stdout, reason = "the tables are what this program is for")]
#![expect(clippy::print_stderr, reason = "progress, beside the tables")]

mod bare;
mod bare_postgres;
mod bare_sqlite;
mod captures;
#[path = "../common/mod.rs"]
mod common;
mod growth;
mod latency;
mod memory;
mod multiply;
mod report;
mod sample;
mod shop;
mod store;
#[path = "../wire.rs"]
mod wire;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::{Parser, ValueEnum};

use crate::store::{Kind, Store};

/// Where the committed results are.
const BENCHES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../benches");

/// With how many connections memory is looked at.
const MANY_CONNECTIONS: usize = 512;

/// What the flags mean stands in the text alone, which `scripts/bench-server --help` prints without
/// building this.
#[derive(Parser)]
#[command(bin_name = "scripts/bench-server", override_help = include_str!("usage.txt"))]
struct Args {
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    #[arg(long, default_value_t = 4000, value_parser = clap::value_parser!(u32).range(1..))]
    captures: u32,
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=256))]
    clients: u16,
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u64).range(1..))]
    seconds: u64,
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1_000..=1_000_000))]
    orders: u64,
    #[arg(long, value_enum, value_delimiter = ',',
        default_values_t = [Kind::Sqlite, Kind::Postgres])]
    store: Vec<Kind>,
    #[arg(long, value_enum, value_delimiter = ',',
        default_values_t = [Part::Captures, Part::Latency, Part::Growth, Part::Memory])]
    only: Vec<Part>,
    #[arg(long, conflicts_with_all = ["only", "store"])]
    write: bool,
    #[arg(long, default_value = env!("CARGO_BIN_EXE_kvitt"))]
    kvitt: PathBuf,
    // Cargo says this to every bench.
    #[arg(long, hide = true)]
    bench: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    Captures,
    Latency,
    Growth,
    Memory,
}

fn main() {
    let args = Args::parse();
    let plan = captures::Plan {
        program: &args.kvitt,
        rounds: args.rounds,
        captures: args.captures as usize,
        clients: args.clients.into(),
        duration: Duration::from_secs(args.seconds),
    };
    let measures = |part| args.only.contains(&part);
    let sample = Arc::new(sample::Sample::take(&args.kvitt));
    let mut report = report::Report::begin(&args);
    let stores: Vec<Store> = args.store.iter().map(|kind| Store::start(*kind)).collect();

    if measures(Part::Captures) {
        for store in &stores {
            report.captures(&captures::measure(store, &sample, &plan));
        }
    }
    if measures(Part::Latency) {
        let added =
            stores.iter().map(|store| latency::measure(store, &sample, &args.kvitt, args.rounds));
        report.latency(&added.collect::<Vec<_>>());
    }
    if measures(Part::Memory) {
        let held = stores.iter().map(|store| {
            memory::measure(store, &args.kvitt, &[args.clients.into(), MANY_CONNECTIONS])
        });
        report.memory(&held.collect::<Vec<_>>());
    }
    if measures(Part::Growth) {
        let growths =
            stores.iter().map(|store| growth::measure(store, &sample, &args.kvitt, args.orders));
        report.growth(&growths.collect::<Vec<_>>());
    }
    drop(stores);
    let text = report.end();
    println!("{text}");
    if args.write {
        report.write(&text);
    }
}
