//! `kvitt migrate`: the database's schema, brought up to date, or what that would do.

#![expect(clippy::doc_markdown, reason = "help texts are shown as they stand")]

use std::process::ExitCode;

use clap::Args;
use kvitt_ledger::Migration;
use serde_json::{Value, json};

use crate::Context;
use crate::config::{Problems, Sources};
use crate::failure::Failure;
use crate::output;

const AFTER_HELP: &str = "\
`kvitt serve` does the same when it starts. By itself it is for those who want to see
first what will be done, or whose servers start under a user that may not change the
schema. Changes go forward only, and a kvitt that still runs can go on beside them:
bring the schema up to date, then replace the servers one after the other.

The plan is SQL, oldest change first. It is empty where there is nothing to do.

Examples:
  kvitt migrate --plan
  kvitt migrate --database-url postgres://kvitt@db.example/kvitt";

/// `kvitt migrate`
#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct MigrateArgs {
    /// The database [env: KVITT_DATABASE_URL]
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
    /// Print what would be done, and do nothing
    #[arg(long)]
    plan: bool,
}

/// Runs the command on the database.
pub(crate) async fn run(args: MigrateArgs, context: &Context) -> Result<ExitCode, Failure> {
    let mut problems = Problems::default();
    let sources = Sources::read(context, &mut problems);
    problems.check()?;
    let url = sources.database_url(args.database_url.as_deref()).value;
    let pending = kvitt_ledger::pending_migrations(&url).await.map_err(Failure::of_ledger)?;
    if args.plan {
        return say("pending", &pending, &plan(&pending), context);
    }
    if !pending.is_empty() {
        kvitt_ledger::open(&url).await.map_err(Failure::of_ledger)?;
    }
    let done = |it: &Migration| format!("done: {} {}", it.version, it.name);
    say("done", &pending, &pending.iter().map(done).collect::<Vec<_>>(), context)
}

/// What is done as SQL, each change under its name.
fn plan(pending: &[Migration]) -> Vec<String> {
    let change = |it: &Migration| format!("-- {} {}\n\n{}", it.version, it.name, it.sql);
    pending.iter().map(change).collect()
}

fn say(
    name: &str,
    changes: &[Migration],
    lines: &[String],
    context: &Context,
) -> Result<ExitCode, Failure> {
    if context.json {
        let items: Vec<_> = changes.iter().map(shown).collect();
        output::print(&json!({ name: items }).to_string())?;
    } else if changes.is_empty() {
        output::note("nothing to do: the schema is up to date");
    } else {
        output::print(&lines.join("\n"))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn shown(change: &Migration) -> Value {
    json!({ "version": change.version, "name": change.name, "sql": change.sql })
}
