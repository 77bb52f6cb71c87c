//! `kvitt ledger copy`: a ledger moved from SQLite to PostgreSQL.

use std::process::ExitCode;

use clap::Args;
use kvitt_engine::{Clock as _, SystemClock};
use kvitt_ledger::CopiedTable;
use serde_json::{Value, json};

use crate::Context;
use crate::failure::Failure;
use crate::output;
use crate::progress::Progress;

const AFTER_HELP: &str = "\
Stop `kvitt serve` first: a file that another process has open is refused, and nobody
can open it meanwhile. The database must be empty; its schema is made. All of it is one
transaction, and before that ends each table is compared by a digest, each sale's events
one by one, and what they fold to: the database has everything, or nothing.

The file stays as it is but for a mark: it is frozen, so that a server that is started on
it by mistake does not act. Delete it once the database has a backup of its own: it holds
secrets and personal data.

Events keep their positions, and later ones have higher ones: webhooks and whoever follows
GET /v1/events go on where they were. Whoever is signed in to the dashboard signs in again.

Examples:
  kvitt ledger copy sqlite:kvitt.db postgres://kvitt@db.example/kvitt
  KVITT_DATABASE_URL=postgres://kvitt@db.example/kvitt kvitt serve";

/// `kvitt ledger copy`
#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct CopyArgs {
    /// The ledger as it is, sqlite:PATH
    from: String,
    /// The empty database that it shall be in, postgres://…
    to: String,
}

/// Moves the ledger, and says what was moved.
pub(crate) async fn run(args: &CopyArgs, context: &Context) -> Result<ExitCode, Failure> {
    let at = SystemClock.now().await;
    let progress = Progress::new();
    let copied = kvitt_ledger::copy(&args.from, &args.to, at, &|it| progress.show(it)).await;
    drop(progress);
    let copied = copied.map_err(Failure::of_ledger)?;
    if context.json {
        let document = json!({
            "sales": copied.sales,
            "last_position": copied.last_position,
            "tables": copied.tables.iter().map(document).collect::<Vec<_>>(),
        });
        output::print(&document.to_string())?;
    } else {
        let row =
            |it: &CopiedTable| vec![it.name.to_owned(), it.rows.to_string(), it.digest.clone()];
        let rows = copied.tables.iter().map(row);
        output::print(&output::table(&["table", ">rows", "sha-256 on both sides"], rows))?;
        output::note(&format!(
            "{} sales are the same on both sides; the file is frozen, and the database is the \
             ledger now: set database_url to it",
            copied.sales
        ));
    }
    Ok(ExitCode::SUCCESS)
}

fn document(table: &CopiedTable) -> Value {
    json!({ "name": table.name, "rows": table.rows, "sha256": table.digest })
}
