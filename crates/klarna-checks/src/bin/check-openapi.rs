//! Validates answers of the sandbox against Klarna's published OpenAPI files.
//!
//! Usage: `check-openapi DIR EXCHANGES...`. `DIR` holds the files, of each API the newest is taken;
//! `EXCHANGES` are files with one exchange a line as JSON, or folders of such files. The exit status
//! is 0 only if something was validated and nothing was wrong, 1 if something was, 2 if something
//! cannot be read.
#![expect(clippy::print_stdout, reason = "a program for the command line")]

use std::{path::PathBuf, process::ExitCode};

use klarna_checks::openapi::check;

fn main() -> ExitCode {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let Some((openapi, exchanges)) = arguments.split_first().filter(|(_, rest)| !rest.is_empty())
    else {
        println!("usage: check-openapi DIR EXCHANGES...");
        return ExitCode::from(2);
    };
    let (documents, report) = match check(openapi, exchanges) {
        Ok(checked) => checked,
        Err(error) => {
            println!("{error}");
            return ExitCode::from(2);
        }
    };
    println!("against {}", documents.names.join(", "));
    for patched in &documents.patches {
        println!("patch    {}: {} ({})", patched.file, patched.reason, patched.places);
    }
    for used in report.exceptions() {
        println!("except   {}: {} times: {}", used.what, used.times, used.why);
    }
    for operation in report.never_seen(&documents) {
        println!("unseen   {operation}");
    }
    for problem in report.problems() {
        println!("WRONG    {problem}");
    }
    let unknown: usize = report.unknown_paths.values().sum();
    println!(
        "{} answers validated, {} kinds of faults; apart from them {unknown} to paths that no file \
         has {:?} and {} struck by injected faults",
        report.validated,
        report.problems().count(),
        report.unknown_paths,
        report.faults
    );
    if report.validated == 0 {
        println!("nothing was recorded: were the sandboxes told where to write?");
    }
    if report.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
