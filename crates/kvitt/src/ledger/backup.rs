//! `kvitt ledger backup`: a copy of the ledger in a file.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use kvitt_engine::{Clock as _, SystemClock};
use serde_json::json;

use crate::Context;
use crate::failure::Failure;
use crate::output;
use crate::progress::Progress;

const AFTER_HELP: &str = "\
The ledger may be in use: what was committed at one moment is copied, and servers go on
meanwhile. The copy is looked through and safe on the disk before it gets its name; a
file that is there already is never replaced. It holds secrets, as the ledger does: only
its owner may read it. It is frozen: a server that is started on it must not act on
what may have changed since.

To restore it, stop kvitt, move the old file away together with the -wal and -shm beside
it (a log that is left behind would be taken for the backup's), and copy the backup there.

For PostgreSQL use its own tools: pg_dump for a dump, or base backups with archived WAL
(PITR) to lose nothing.

Examples:
  kvitt ledger backup /var/backups/kvitt-$(date +%F).db
  kvitt ledger backup kvitt-before-upgrade.db --json";

/// `kvitt ledger backup`
#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct BackupArgs {
    /// The file that shall be the backup; it must not be there yet
    file: PathBuf,
}

/// Makes the backup, and says what it holds.
pub(crate) async fn run(
    args: &BackupArgs,
    url: &str,
    context: &Context,
) -> Result<ExitCode, Failure> {
    let at = SystemClock.now().await;
    let progress = Progress::new();
    let made = kvitt_ledger::backup(url, &args.file, at, &|it| progress.show(it)).await;
    drop(progress);
    let made = made.map_err(Failure::of_ledger)?;
    let file = args.file.display().to_string();
    let text = if context.json {
        json!({
            "file": file,
            "made_at": at.to_string(),
            "bytes": made.bytes,
            "sales": made.sales,
            "events": made.events,
            "last_position": made.last_position,
            "work": made.work,
        })
        .to_string()
    } else {
        output::list([
            ("file", Some(file)),
            ("bytes", Some(made.bytes.to_string())),
            ("sales", Some(made.sales.to_string())),
            ("events", Some(made.events.to_string())),
            ("last position", Some(made.last_position.to_string())),
            ("work to be done", Some(made.work.to_string())),
        ])
    };
    output::print(&text)?;
    Ok(ExitCode::SUCCESS)
}
