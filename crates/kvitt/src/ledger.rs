//! `kvitt ledger`: the database as a whole.

#![expect(clippy::doc_markdown, reason = "help texts are shown as they stand")]

use std::process::ExitCode;

use clap::{Args, Subcommand};

use self::backup::BackupArgs;
use self::copy::CopyArgs;
use self::freeze::{FreezeArgs, ThawArgs};
use crate::Context;
use crate::config::{Problems, Sources};
use crate::failure::Failure;

mod backup;
mod copy;
mod freeze;

const AFTER_HELP: &str = "\
These commands open the database themselves: run them where the server runs, with
the same settings.

A frozen ledger is one that must not act: what it says may be older than what was done.
A backup is frozen when it is made. PostgreSQL's own backups are not kvitt's: a dump
(pg_dump) that is restored freezes when kvitt first opens it; after a restore to a point
in time (PITR), freeze it yourself before kvitt is started.

Examples:
  kvitt ledger backup /var/backups/kvitt-$(date +%F).db
  kvitt ledger copy sqlite:kvitt.db postgres://kvitt@db.example/kvitt
  kvitt ledger status
  kvitt ledger freeze --because \"PITR to Friday noon\"";

/// `kvitt ledger`
#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct LedgerArgs {
    /// The database [env: KVITT_DATABASE_URL]
    #[arg(long, global = true, value_name = "URL")]
    database_url: Option<String>,
    #[command(subcommand)]
    command: LedgerCommand,
}

#[derive(Subcommand)]
enum LedgerCommand {
    /// Copy a SQLite ledger to a file, while servers run on it
    Backup(BackupArgs),
    /// Move a SQLite ledger to PostgreSQL
    Copy(CopyArgs),
    /// Mark the ledger as one that must not act
    Freeze(FreezeArgs),
    /// Let a frozen ledger act again
    Thaw(ThawArgs),
    /// Say whether the ledger is frozen, since when, and why
    Status,
}

/// Runs the command on the database.
pub(crate) async fn run(args: LedgerArgs, context: &Context) -> Result<ExitCode, Failure> {
    let mut problems = Problems::default();
    let sources = Sources::read(context, &mut problems);
    problems.check()?;
    if matches!(args.command, LedgerCommand::Copy(_)) && args.database_url.is_some() {
        return Err(Failure::usage(
            "--database-url is not for copy: name both databases, FROM and TO",
        ));
    }
    let url = sources.database_url(args.database_url.as_deref()).value;
    match args.command {
        LedgerCommand::Backup(args) => backup::run(&args, &url, context).await,
        LedgerCommand::Copy(args) => copy::run(&args, context).await,
        LedgerCommand::Freeze(args) => freeze::freeze(&args, &url, context).await,
        LedgerCommand::Thaw(args) => freeze::thaw(&args, &url, context).await,
        LedgerCommand::Status => freeze::status(&url, context).await,
    }
}
