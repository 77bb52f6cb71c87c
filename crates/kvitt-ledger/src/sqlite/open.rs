//! Opening the file: its creation, its connections and its schema.

use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::path::Path;
use std::pin::Pin;
use std::time::Duration;

use sqlx::migrate::MigrateError;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{ConnectOptions as _, Connection as _, SqlitePool};

use super::error::{driver, is_busy};
use crate::error::LedgerError;
use crate::migrations::{self, Migration};

/// How long a lock held by another process is waited for.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// How often connecting is tried while another connection turns the file to WAL mode, and the
/// pause in between.
const CONNECT_ATTEMPTS_MAX: u32 = 50;
const CONNECT_PAUSE: Duration = Duration::from_millis(20);

/// How many read at once. More only wait for the same processor.
const READERS_MAX: u32 = 8;

const MIGRATIONS: [Migration; 7] = [
    Migration::new(1, "ledger", include_str!("../../migrations/sqlite/0001_ledger.sql")),
    Migration::new(2, "users", include_str!("../../migrations/sqlite/0002_users.sql")),
    Migration::new(3, "looks", include_str!("../../migrations/sqlite/0003_looks.sql")),
    Migration::new(4, "inbox", include_str!("../../migrations/sqlite/0004_inbox.sql")),
    Migration::new(5, "webhooks", include_str!("../../migrations/sqlite/0005_webhooks.sql")),
    Migration::new(6, "state", include_str!("../../migrations/sqlite/0006_state.sql")),
    Migration::new(7, "replicas", include_str!("../../migrations/sqlite/0007_replicas.sql")),
];

/// An open file.
pub(super) struct Opened {
    pub(super) writer: SqliteConnection,
    pub(super) readers: SqlitePool,
}

/// Opens the file, makes it where there is none, and brings its schema up to date.
pub(super) async fn open(path: &Path) -> Result<Opened, LedgerError> {
    create(path)?;
    let both = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .foreign_keys(true)
        .busy_timeout(BUSY_TIMEOUT);
    let writer = both
        .clone()
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        // What is erased is overwritten, not only marked as free.
        .pragma("secure_delete", "ON");
    let mut writer = connect(&writer).await.map_err(|error| opening(path, error))?;
    migrate(path, &mut writer).await?;
    let readers = SqlitePoolOptions::new()
        .max_connections(READERS_MAX)
        .acquire_timeout(BUSY_TIMEOUT)
        .connect_lazy_with(both.read_only(true));
    Ok(Opened { writer, readers })
}

/// Makes the file where there is none, for its owner only. SQLite gives the files that it puts
/// beside it the same mode.
///
/// A file that is there is not touched: closing it here would drop the locks that another
/// connection of this process holds on it (POSIX).
fn create(path: &Path) -> Result<(), LedgerError> {
    let refuse = |problem: String| Err(LedgerError::CannotOpen { path: path.to_owned(), problem });
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            if path.is_dir() {
                return refuse("it is a folder: name a file in it".to_owned());
            }
            warn_if_others_may_read(path);
            Ok(())
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            refuse("its folder does not exist: make it first, or name another".to_owned())
        }
        Err(error) => refuse(format!("{error}: name a file that this user may write")),
    }
}

fn warn_if_others_may_read(path: &Path) {
    #[cfg(unix)]
    if let Ok(metadata) = path.metadata() {
        use std::os::unix::fs::PermissionsExt as _;
        if metadata.permissions().mode() & 0o077 != 0 {
            tracing::warn!(
                path = %path.display(),
                "other users may read the database, which holds secrets: chmod 600 it"
            );
        }
    }
}

pub(super) fn opening(path: &Path, error: sqlx::Error) -> LedgerError {
    let problem = error.to_string();
    match driver(error) {
        known @ (LedgerError::Full | LedgerError::ReadOnly) => known,
        LedgerError::Unavailable { what } => {
            LedgerError::CannotOpen { path: path.to_owned(), problem: what }
        }
        LedgerError::Inconsistent { .. } => LedgerError::CannotOpen {
            path: path.to_owned(),
            problem: format!("it is no SQLite database, or a broken one ({problem})"),
        },
        _ => LedgerError::CannotOpen { path: path.to_owned(), problem },
    }
}

/// Brings the schema up to date.
pub(super) async fn migrate(path: &Path, writer: &mut SqliteConnection) -> Result<(), LedgerError> {
    let migrator = migrations::migrator(&MIGRATIONS);
    // Under the write lock, so that whoever opens the same file at the same time waits.
    let failed = |error| opening(path, error);
    let mut transaction = writer.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?;
    // `run` would do, but its future is `Send` for one lifetime only.
    match migrator.run_direct(None, &mut *transaction, false).await {
        Ok(()) => transaction.commit().await.map_err(failed),
        Err(error) => Err(migrating(path, error)),
    }
}

fn migrating(path: &Path, error: MigrateError) -> LedgerError {
    match error {
        MigrateError::VersionMissing(found) => LedgerError::NewerSchema { found },
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => {
            opening(path, error)
        }
        error => LedgerError::CannotOpen {
            path: path.to_owned(),
            problem: format!("its schema is not one of kvitt's ({error}): restore a backup"),
        },
    }
}

/// The changes of the schema that the file has not had. Nothing is changed, or made.
pub(super) async fn pending(path: &Path) -> Result<Vec<Migration>, LedgerError> {
    if !path.exists() {
        return Ok(MIGRATIONS.to_vec());
    }
    let failed = |error| opening(path, error);
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .read_only(true)
        .busy_timeout(BUSY_TIMEOUT);
    let mut reader = connect(&options).await.map_err(failed)?;
    let is_there = sqlx::query("SELECT 1 FROM sqlite_schema WHERE name = ?")
        .bind(migrations::TABLE)
        .fetch_optional(&mut reader)
        .await
        .map_err(failed)?;
    if is_there.is_none() {
        return Ok(MIGRATIONS.to_vec());
    }
    migrations::pending(&MIGRATIONS, &mut reader).await.map_err(|error| migrating(path, error))
}

/// A future of a known type. The driver's own futures are `Send` for one lifetime only, so who
/// awaits them by reference could not be spawned.
pub(super) type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Connects, and waits its turn where others do so at the same time: the first of them turns the
/// file to WAL mode, and SQLite tells the rest at once that it is locked.
pub(super) fn connect(
    options: &SqliteConnectOptions,
) -> Boxed<'_, Result<SqliteConnection, sqlx::Error>> {
    Box::pin(async move {
        let mut attempt = 1;
        loop {
            match options.connect().await {
                Err(error) if is_busy(&error) && attempt < CONNECT_ATTEMPTS_MAX => {
                    tokio::time::sleep(CONNECT_PAUSE).await;
                    attempt += 1;
                }
                done => return done,
            }
        }
    })
}
