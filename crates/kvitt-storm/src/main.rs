//! `kvitt-storm`: a storm from the command line. The exit code is 0 only if nothing was found, 1 if
//! something was, 2 if a storm could not be carried through.

use std::io::{Write as _, stderr, stdout};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use kvitt_storm::{Counts, Error, REPEATED_PLACING, Readable, Report, Storm, Switches};

/// How often it is shown how far a storm has come, and every how many times in a line of its own.
const TICK: Duration = Duration::from_millis(200);
const LINE_EVERY: u64 = 150;

/// Sells through three replicas of kvitt while everything around them fails, and compares the books
#[derive(Parser)]
#[command(name = "scripts/storm", max_term_width = 100)]
struct Arguments {
    /// The kvitt to be tried
    #[arg(long, value_name = "PATH")]
    kvitt: PathBuf,
    /// What everything follows from; any, which is told, where left out
    #[arg(long)]
    seed: Option<u64>,
    /// How many orders each storm sells, with about ten acts each
    #[arg(long, default_value_t = 2_000)]
    orders: u32,
    /// What Klarna answers to a repeated placing; all of them, one storm each, where left out
    #[arg(long, value_parser = REPEATED_PLACING)]
    repeated_placing: Option<String>,
    /// Which references Klarna shows: both, captures, refunds or neither; with each answer to a
    /// repeated placing both and neither where left out
    #[arg(long, value_parser = Readable::ALL.map(Readable::as_str))]
    readable: Option<String>,
}

impl Arguments {
    /// One storm for each combination of switches that is asked for.
    fn storms(&self) -> Vec<Storm> {
        let seed = self.seed.unwrap_or_else(kvitt_storm::any_seed);
        let is_asked = |switches: &Switches| {
            let placing = self.repeated_placing.as_deref();
            let readable = switches.readable;
            placing.is_none_or(|asked| asked == switches.repeated_placing)
                && match self.readable.as_deref() {
                    Some(asked) => asked == readable.as_str(),
                    None => readable.captures == readable.refunds,
                }
        };
        let storm = |switches| Storm::new(self.kvitt.clone(), seed, self.orders, vec![switches]);
        Switches::all().filter(is_asked).map(storm).collect()
    }
}

fn main() -> ExitCode {
    let storms = Arguments::parse().storms();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let mut stdout = stdout();
    let mut code = ExitCode::SUCCESS;
    for storm in storms {
        let report = match &runtime {
            Ok(runtime) => runtime.block_on(watched(&storm)),
            Err(error) => {
                let _ = writeln!(stderr(), "there are no threads: {error}");
                return ExitCode::from(2);
            }
        };
        match report {
            Ok(report) => {
                // Nobody listening is no finding.
                let _ = writeln!(stdout, "{report}");
                if !report.is_good() {
                    code = ExitCode::FAILURE;
                }
            }
            Err(error) => {
                let _ = writeln!(stderr(), "seed {}: {error}", storm.seed);
                return ExitCode::from(2);
            }
        }
    }
    code
}

/// Carries a storm out and shows how far it has come, where somebody looks.
async fn watched(storm: &Storm) -> Result<Report, Error> {
    let counts = Arc::new(Counts::default());
    let bar = ProgressBar::new(0);
    let template = "{msg} {wide_bar} {pos} of {len} acts, {elapsed}";
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    let report = async {
        let report = storm.run(&counts).await;
        bar.finish_and_clear();
        report
    };
    let show = async {
        for tick in 0_u64.. {
            let (all, over) = (counts.acts_max.load(Ordering::Relaxed), counts.acts());
            bar.set_length(all);
            bar.set_position(over);
            bar.set_message(counts.stage());
            // A log has no bar, and somebody waits for it all the same.
            if bar.is_hidden() && tick % LINE_EVERY == LINE_EVERY - 1 {
                let (stage, took) = (counts.stage(), bar.elapsed().as_secs());
                let _ = writeln!(stderr(), "{stage}: {over} of {all} acts after {took} s");
            }
            tokio::time::sleep(TICK).await;
        }
    };
    tokio::select! {
        report = report => report,
        () = show => unreachable!("it shows for longer than anybody waits"),
    }
}
