//! A copy of a ledger in a file, made while it is in use.

use std::path::Path;

use jiff::Timestamp;

use crate::database_url::DatabaseUrl;
use crate::error::LedgerError;
use crate::progress::Report;
use crate::sqlite;

/// What a backup holds, as it was counted in the backup itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backup {
    /// The file's size in bytes.
    pub bytes: u64,
    /// How many sales.
    pub sales: u64,
    /// How many events.
    pub events: u64,
    /// The position of the last event in the feed; 0 where there is none.
    pub last_position: u64,
    /// How many pieces of work were to be done: calls whose answer is not recorded among them.
    pub work: u64,
}

/// Makes a backup of the ledger in a SQLite file, in another one. The ledger is not changed, and
/// may be in use meanwhile, by this process and by others.
///
/// The backup is what was committed at one moment after the call began. It comes to be under
/// another name beside `to`, only its owner may read it, it is looked through, is on the disk, and
/// then gets its name: whatever happens, `to` is a whole backup or is not there. A file that is
/// there already is never replaced. Its schema is this kvitt's, and it is frozen
/// ([`Ledger::frozen`](crate::Ledger::frozen)), as of `at`.
///
/// [`LedgerError::NotByKvitt`] for PostgreSQL, which makes its own backups.
pub async fn backup(
    url: &str,
    to: &Path,
    at: Timestamp,
    report: Report<'_>,
) -> Result<Backup, LedgerError> {
    match DatabaseUrl::parse(url)? {
        DatabaseUrl::Sqlite(path) => sqlite::backup(&path, to, at, report).await,
        DatabaseUrl::Postgres(_) => Err(LedgerError::NotByKvitt),
    }
}
