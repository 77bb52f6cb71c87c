//! Replays recorded exchanges with Klarna against the sandbox and says where its answers differ.
//!
//! Usage: `check-replay DIR`. Prints one line for each `*.json` in the folder and a summary. The
//! exit status is 0 only if nothing differs but what the tool's table accepts, 1 if something does,
//! 2 if the folder cannot be read.
#![expect(clippy::print_stdout, reason = "a program for the command line")]

use std::{path::PathBuf, process::ExitCode};

use klarna_checks::replay::{Verdict, replay_folder};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let Some(folder) = std::env::args_os().nth(1).map(PathBuf::from) else {
        println!("usage: check-replay DIR, where DIR holds recorded exchanges as *.json");
        return ExitCode::from(2);
    };
    let report = match replay_folder(&folder).await {
        Ok(report) => report,
        Err(error) => {
            println!("{error}");
            return ExitCode::from(2);
        }
    };
    for outcome in &report.outcomes {
        let (name, what) = (&outcome.name, &outcome.what);
        match &outcome.verdict {
            Verdict::Agrees { accepted, notes } => {
                let mut remarks = notes.clone();
                if *accepted > 0 {
                    remarks.insert(0, format!("{accepted} accepted"));
                }
                let remarks = remarks.join("; ");
                let remarks = if remarks.is_empty() { remarks } else { format!(" ({remarks})") };
                println!("ok       {name}: {what}{remarks}");
            }
            Verdict::NotReplayable(why) => println!("-        {name}: not replayable: {why}"),
            Verdict::Differs(found) => {
                println!("DIFFERS  {name}: {what}: {}", found.join("; "));
            }
        }
    }
    for stale in &report.stale {
        println!("STALE    accepted, but no longer so: {stale}");
    }
    let (agreeing, differing, not_replayable) = report.counts();
    println!(
        "{agreeing} answered as recorded, {differing} otherwise, {not_replayable} not replayable, \
         {} accepted differences that are none",
        report.stale.len()
    );
    if report.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
