//! `kvitt sandbox snapshot`: what the sandbox remembers, to a file and back.

use std::fs;
use std::io::{Read as _, Write as _};
use std::process::ExitCode;

use clap::{Args, Subcommand};
use reqwest::Method;

use super::control::{Control, Reach};
use crate::Context;
use crate::failure::Failure;
use crate::output;

const AFTER_HELP: &str = "\
A snapshot is one JSON document: the sandbox's time, the switches, sessions,
orders, first answers to idempotency keys, faults and notifications. What was
exchanged, the attempts at callbacks and the windows in which buyers stand half
way are not in it. It holds the buyers' data and the tokens that they gave.

Restoring replaces everything, or changes nothing and says what is wrong. The
sandbox's time goes on from the snapshot's, whatever the day is.

Examples:
  kvitt sandbox snapshot save before.json
  kvitt sandbox snapshot restore before.json
  kvitt sandbox snapshot save - | jq '.state.orders | length'";

/// `kvitt sandbox snapshot`
#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct SnapshotArgs {
    #[command(subcommand)]
    command: SnapshotCommand,
}

#[derive(Subcommand)]
enum SnapshotCommand {
    /// Write a snapshot; - writes it to stdout
    Save {
        /// Where to; an existing file is overwritten
        file: String,
        #[command(flatten)]
        reach: Reach,
    },
    /// Bring a snapshot back; - reads it from stdin
    Restore {
        /// Where from
        file: String,
        #[command(flatten)]
        reach: Reach,
    },
}

/// Runs the command.
pub(super) async fn run(args: &SnapshotArgs, context: &Context) -> Result<ExitCode, Failure> {
    match &args.command {
        SnapshotCommand::Save { file, reach } => {
            let document = Control::new(reach, context)?.download(&["snapshot"]).await?;
            if file == "-" {
                output::print(&String::from_utf8_lossy(&document))?;
                return Ok(ExitCode::SUCCESS);
            }
            write(file, &document).map_err(|error| {
                Failure::usage(format_args!("{file} cannot be written: {error}"))
            })?;
            let bytes = document.len();
            told(context, "saved", file, &format!("saved to {file}, {bytes} bytes"))?;
        }
        SnapshotCommand::Restore { file, reach } => {
            let document = read(file)?;
            let sandbox = Control::new(reach, context)?;
            sandbox.change(Method::PUT, &["snapshot"], document).await?;
            told(context, "restored", file, &format!("restored from {file}"))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn told(context: &Context, done: &str, file: &str, text: &str) -> Result<(), Failure> {
    if context.json {
        return output::print(&serde_json::json!({ done: file }).to_string());
    }
    output::print(text)
}

/// Writes a file that nobody else reads: what is in it is personal.
fn write(file: &str, document: &[u8]) -> std::io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file)?.write_all(document)
}

fn read(file: &str) -> Result<Vec<u8>, Failure> {
    let (name, read) = if file == "-" {
        let mut document = Vec::new();
        ("stdin", std::io::stdin().read_to_end(&mut document).map(|_| document))
    } else {
        (file, fs::read(file))
    };
    read.map_err(|error| Failure::usage(format_args!("{name} cannot be read: {error}")))
}
