//! `kvitt ledger freeze`, `thaw` and `status`: whether the ledger may act.

use std::process::ExitCode;

use clap::Args;
use kvitt_engine::{Clock as _, SystemClock};
use kvitt_ledger::Frozen;
use serde_json::{Value, json};

use crate::Context;
use crate::failure::{Exit, Failure};
use crate::output;

const FREEZE_HELP: &str = "\
For a restore that kvitt cannot notice by itself: PostgreSQL restored to a point in time
(PITR), or a file that was copied by other means than `kvitt ledger backup`. Freeze it
after the restore, before kvitt is started. One that is frozen already stays as it is.

Examples:
  kvitt ledger freeze --because \"PITR to Friday noon\"
  kvitt ledger freeze --database-url postgres://kvitt@db.example/kvitt";

/// `kvitt ledger freeze`
#[derive(Args)]
#[command(after_help = FREEZE_HELP)]
pub(crate) struct FreezeArgs {
    /// Why, for whoever finds it frozen
    #[arg(long, value_name = "TEXT", default_value = "somebody ran `kvitt ledger freeze`")]
    because: String,
}

/// `kvitt ledger thaw`
#[derive(Args)]
pub(crate) struct ThawArgs {
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

/// Freezes the ledger.
pub(crate) async fn freeze(
    args: &FreezeArgs,
    url: &str,
    context: &Context,
) -> Result<ExitCode, Failure> {
    let ledger = kvitt_ledger::open_existing(url).await.map_err(Failure::of_ledger)?;
    let at = SystemClock.now().await;
    if !ledger.freeze(at, &args.because).await.map_err(Failure::of_ledger)? {
        output::note("it was frozen already");
    }
    say(ledger.frozen().await.map_err(Failure::of_ledger)?.as_ref(), context)
}

/// Lets the ledger act again.
pub(crate) async fn thaw(
    args: &ThawArgs,
    url: &str,
    context: &Context,
) -> Result<ExitCode, Failure> {
    let ledger = kvitt_ledger::open_existing(url).await.map_err(Failure::of_ledger)?;
    let frozen = ledger.frozen().await.map_err(Failure::of_ledger)?;
    if let Some(frozen) = frozen.as_ref().filter(|_| !args.yes && output::can_ask()) {
        output::note(&shown(Some(frozen)));
        if !output::ask("\nLet kvitt act on what this ledger says?") {
            return Err(Failure::new(Exit::Refused, "nothing was done, as you said"));
        }
    }
    if !ledger.thaw().await.map_err(Failure::of_ledger)? {
        output::note("it was not frozen");
    }
    say(None, context)
}

/// Says whether the ledger is frozen.
pub(crate) async fn status(url: &str, context: &Context) -> Result<ExitCode, Failure> {
    let ledger = kvitt_ledger::open_existing(url).await.map_err(Failure::of_ledger)?;
    say(ledger.frozen().await.map_err(Failure::of_ledger)?.as_ref(), context)
}

fn say(frozen: Option<&Frozen>, context: &Context) -> Result<ExitCode, Failure> {
    let text = if context.json { document(frozen).to_string() } else { shown(frozen) };
    output::print(&text)?;
    Ok(ExitCode::SUCCESS)
}

fn document(frozen: Option<&Frozen>) -> Value {
    let frozen = frozen.map(|it| json!({ "since": it.since.to_string(), "because": it.because }));
    json!({ "frozen": frozen })
}

fn shown(frozen: Option<&Frozen>) -> String {
    match frozen {
        None => "not frozen".to_owned(),
        Some(Frozen { since, because }) => {
            format!("frozen since {since}: {}", output::plain(because))
        }
    }
}
