//! How quick and how small `kvitt sandbox` is, beside what else could answer a merchant's tests.
//!
//! `scripts/bench-sandbox` installs the peers and runs this; see `benches/README.md`.

#![expect(clippy::unwrap_used, reason = "a measurement that cannot go on has failed")]
#![expect(clippy::print_stdout, reason = "the tables are what this program is for")]
#![expect(clippy::print_stderr, reason = "progress, beside the tables")]

#[path = "../bare.rs"]
mod bare;
mod bare_hyper;
#[path = "../common/mod.rs"]
mod common;
mod growth;
mod in_turn;
mod orders;
mod peers;
mod report;
mod rounds;
mod start;
#[path = "../wire.rs"]
mod wire;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, ValueEnum};

use crate::peers::{Bare, Beside};

/// Where the peers and the committed results are.
const BENCHES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../benches");

/// What the flags mean stands in the text alone, which `scripts/bench-sandbox --help` prints without
/// building this.
#[derive(Parser)]
#[command(bin_name = "scripts/bench-sandbox", override_help = include_str!("usage.txt"))]
struct Args {
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u64).range(1..))]
    seconds: u64,
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u16).range(1..))]
    connections: u16,
    #[arg(long, default_value_t = 500_000, value_parser = clap::value_parser!(u64).range(10..))]
    sessions: u64,
    #[arg(long)]
    openapi: Option<PathBuf>,
    #[arg(long, value_enum, value_delimiter = ',',
        default_values_t = [Part::Sessions, Part::Orders, Part::Growth, Part::Start])]
    only: Vec<Part>,
    #[arg(long, value_enum, value_delimiter = ',',
        default_values_t = [Beside::Axum, Beside::Hyper, Beside::Express, Beside::Prism])]
    peers: Vec<Beside>,
    #[arg(long, conflicts_with_all = ["only", "peers"])]
    write: bool,
    #[arg(long, default_value = env!("CARGO_BIN_EXE_kvitt"))]
    kvitt: PathBuf,
    // Cargo says this to every bench.
    #[arg(long, hide = true)]
    bench: bool,
    // Be a bare server: used by the bench itself.
    #[arg(long, hide = true, value_names = ["LIBRARY", "ANSWER"], num_args = 2)]
    serve: Option<Vec<String>>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    Sessions,
    Orders,
    Growth,
    Start,
}

fn main() {
    let args = Args::parse();
    if let Some([library, answer]) = args.serve.as_deref() {
        return peers::serve(library, answer);
    }
    let load = rounds::Settings {
        connections: args.connections.into(),
        duration: Duration::from_secs(args.seconds),
    };
    let measures = |part| args.only.contains(&part);
    let scratch = tempfile::tempdir().unwrap();
    let sandbox = peers::Sandbox { program: args.kvitt.clone() };
    let mut report = report::Report::begin(&args);

    if measures(Part::Sessions) {
        let answer = scratch.path().join("session");
        sandbox.record_session(&answer);
        let peers = peers::all(&sandbox, &args.peers, &answer, args.openapi.as_deref());
        report.sessions(&rounds::measure(&peers, args.rounds, &load, |server, _| {
            vec![peers::create_session(server.address)]
        }));
    }
    if measures(Part::Orders) {
        let answer = scratch.path().join("order");
        orders::record(&sandbox, &answer);
        let peers = [
            peers::Peer::sandbox(&sandbox),
            peers::Peer::bare(Bare::Axum, &answer),
            peers::Peer::bare(Bare::Hyper, &answer),
        ];
        report.orders(&rounds::measure(&peers, args.rounds, &load, orders::work));
    }
    if measures(Part::Growth) {
        report.growth(&growth::measure(&sandbox, args.sessions, args.connections.into()));
    }
    if measures(Part::Start) {
        report.start(&start::measure(&sandbox));
    }
    let text = report.end();
    println!("{text}");
    if args.write {
        report.write(&text);
    }
}
