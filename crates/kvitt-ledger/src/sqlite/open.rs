//! Opening the file: its creation and its connections.

use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, Error, OpenFlags};

use super::blocking::blocking;
use super::error::{driver, is_busy};
use super::migrate;
use super::readers::Readers;
use super::statement;
use crate::error::LedgerError;
use crate::migrations::Migration;

/// How long a lock held by another process is waited for.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// How often connecting is tried while another connection turns the file to WAL mode, and the
/// pause in between.
const CONNECT_ATTEMPTS_MAX: u32 = 50;
const CONNECT_PAUSE: Duration = Duration::from_millis(20);

/// What the connection that writes is set to. What is erased is overwritten, not only marked as
/// free. One transaction of many writes touches some hundred pages: the cache (in KiB, taken as it is
/// needed) holds all of them, or they would be written before their time, and no more than that, since
/// most commits walk through it; and the log (in pages of 4 KiB) those of many transactions, since each
/// move into the file waits for the disk once more.
const WRITER: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
                      PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON; \
                      PRAGMA cache_size = -8192; PRAGMA wal_autocheckpoint = 8192";

/// An open file.
pub(super) struct Opened {
    pub(super) writer: Connection,
    pub(super) readers: Readers,
}

/// Opens the file, makes it where there is none, and brings its schema up to date.
pub(super) async fn open(path: &Path) -> Result<Opened, LedgerError> {
    let path = path.to_owned();
    blocking(move || {
        create(&path)?;
        let mut writer = connect(&path, Access::Write, BUSY_TIMEOUT, WRITER)
            .map_err(|error| opening(&path, error))?;
        migrate::migrate(&path, &mut writer)?;
        Ok(Opened { writer, readers: Readers::of(path) })
    })
    .await
}

/// The changes of the schema that the file has not had. Nothing is changed, or made.
pub(super) async fn pending(path: &Path) -> Result<Vec<Migration>, LedgerError> {
    if !path.exists() {
        return Ok(migrate::all());
    }
    let path = path.to_owned();
    blocking(move || {
        let reader = connect_reader(&path).map_err(|error| opening(&path, error))?;
        migrate::pending(&path, &reader)
    })
    .await
}

/// Held by who makes a file.
static CREATING: Mutex<()> = Mutex::new(());

/// Makes the file where there is none, for its owner only. SQLite gives the files that it puts
/// beside it the same mode.
///
/// A file that is there is not touched: closing it here would drop the locks that another
/// connection of this process holds on it (POSIX). For the same reason who makes it closes it before
/// another of this process can find it there.
fn create(path: &Path) -> Result<(), LedgerError> {
    let refuse = |problem: String| Err(LedgerError::CannotOpen { path: path.to_owned(), problem });
    let _turn = CREATING.lock().unwrap_or_else(PoisonError::into_inner);
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

pub(super) fn opening(path: &Path, error: Error) -> LedgerError {
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

/// What a connection may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    Read,
    Write,
}

/// A connection that reads.
pub(super) fn connect_reader(path: &Path) -> Result<Connection, Error> {
    connect(path, Access::Read, BUSY_TIMEOUT, "")
}

/// The same for who does not wait for anybody.
pub(super) fn connect_impatient_reader(path: &Path) -> Result<Connection, Error> {
    connect_once(path, Access::Read, Duration::ZERO, "")
}

/// Connects to a file that is there, and waits its turn where others do so at the same time: the
/// first of them turns the file to WAL mode, and SQLite tells the rest at once that it is locked.
pub(super) fn connect(
    path: &Path,
    access: Access,
    busy_timeout: Duration,
    set: &str,
) -> Result<Connection, Error> {
    let mut attempt = 1;
    loop {
        match connect_once(path, access, busy_timeout, set) {
            Err(error) if is_busy(&error) && attempt < CONNECT_ATTEMPTS_MAX => {
                std::thread::sleep(CONNECT_PAUSE);
                attempt += 1;
            }
            done => return done,
        }
    }
}

/// Connects, or says at once that others are at it.
pub(super) fn connect_once(
    path: &Path,
    access: Access,
    busy_timeout: Duration,
    set: &str,
) -> Result<Connection, Error> {
    // A connection is used by one thread at a time, and no path is taken for a URI.
    let flags = OpenFlags::SQLITE_OPEN_NO_MUTEX
        | match access {
            Access::Read => OpenFlags::SQLITE_OPEN_READ_ONLY,
            Access::Write => OpenFlags::SQLITE_OPEN_READ_WRITE,
        };
    let db = Connection::open_with_flags(path, flags)?;
    db.busy_timeout(busy_timeout)?;
    db.set_prepared_statement_cache_capacity(statement::KEPT_MAX);
    db.execute_batch(set)?;
    Ok(db)
}
