//! A backup of the file, by SQLite's own means.
//!
//! `VACUUM INTO` and not the backup API: it reads in one transaction, so that a writer in another
//! process does not make it begin anew each time, and leaves out what was erased.

use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, InterruptHandle};
use tempfile::TempPath;

use super::blocking::blocking;
use super::error::driver;
use super::migrate::migrate;
use super::open::{self, Access, BUSY_TIMEOUT};
use super::state::Freeze;
use super::statement::{execute, find, list, one};
use super::writer::Write as _;
use crate::backup::Backup;
use crate::error::LedgerError;
use crate::progress::{Progress, Report};
use crate::row::Read;

/// What the copy is worked on with: no other file beside it, and nothing to take along with it.
const ALONE: &str =
    "PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; PRAGMA foreign_keys = ON";

/// How often the backup's growth is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Makes a backup of the ledger at `from`, which is at `to` when it is whole.
pub(crate) async fn backup(
    from: &Path,
    to: &Path,
    at: Timestamp,
    report: Report<'_>,
) -> Result<Backup, LedgerError> {
    let failed = |problem: String| LedgerError::CannotBackUp { path: to.to_owned(), problem };
    if !from.exists() {
        return Err(LedgerError::CannotOpen {
            path: from.to_owned(),
            problem: "there is no such file".to_owned(),
        });
    }
    if to.symlink_metadata().is_ok() {
        return Err(failed("it is there already: name another file".to_owned()));
    }
    let part = beside(to).map_err(|error| failed(cannot_write(&error)))?;
    let before = copy(from, &part, report).await.map_err(|error| of_target(error, &failed))?;
    let file = part.to_path_buf();
    let backup = blocking(move || finish(&file, at, before)).await;
    let backup = backup.map_err(|error| of_target(error, &failed))?;
    let to = to.to_owned();
    let named = tokio::task::spawn_blocking(move || name(part, &to));
    let named = named.await.map_err(|error| failed(error.to_string()))?;
    named.map_err(|error| failed(cannot_write(&error)))?;
    Ok(backup)
}

/// An empty file beside the one that is to be, for its owner only. It is removed where it does not
/// get its name.
fn beside(to: &Path) -> std::io::Result<TempPath> {
    let name = to.file_name().ok_or(ErrorKind::InvalidInput)?.to_string_lossy().into_owned();
    let mut builder = tempfile::Builder::new();
    let prefix = format!(".{name}.");
    builder.prefix(&prefix).suffix(".part");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600));
    // Closed before SQLite opens it: closing it later would drop SQLite's locks on it.
    Ok(builder.tempfile_in(folder(to))?.into_temp_path())
}

fn folder(file: &Path) -> PathBuf {
    match file.parent() {
        Some(folder) if folder != Path::new("") => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// Gives the finished file its name, unless that is taken, and sees both to the disk.
fn name(part: TempPath, to: &Path) -> std::io::Result<()> {
    File::open(&part)?.sync_all()?;
    part.persist_noclobber(to).map_err(|error| error.error)?;
    // A folder cannot be opened everywhere, and where it cannot it need not be.
    #[cfg(unix)]
    File::open(folder(to))?.sync_all()?;
    Ok(())
}

fn cannot_write(error: &std::io::Error) -> String {
    match error.kind() {
        ErrorKind::AlreadyExists => "it is there already: name another file".to_owned(),
        ErrorKind::NotFound => "its folder does not exist: make it first".to_owned(),
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            "its disk is full: make room, or name a file on another disk".to_owned()
        }
        _ => format!("{error}: name a file that this user may write"),
    }
}

/// A disk that is full is the backup's: nothing is written to the ledger.
fn of_target(error: LedgerError, failed: &impl Fn(String) -> LedgerError) -> LedgerError {
    match error {
        LedgerError::Full => {
            failed("its disk is full: make room, or name a file on another disk".to_owned())
        }
        other => other,
    }
}

/// What a ledger holds, as far as it only grows.
#[derive(Debug, Clone, Copy)]
struct Held {
    sales: u64,
    events: u64,
    last_position: u64,
    work: u64,
}

fn held(db: &Connection) -> Result<Held, LedgerError> {
    let sql = "SELECT (SELECT count(*) FROM sale) AS sales, (SELECT count(*) FROM event) AS events,
             (SELECT coalesce(max(position), 0) FROM event) AS last_position,
             (SELECT count(*) FROM work) AS work";
    one(db, sql, [], |row| {
        let read = Read::new("sale", row);
        Ok(Held {
            sales: read.count("sales")?,
            events: read.count("events")?,
            last_position: read.count("last_position")?,
            work: read.count("work")?,
        })
    })
}

/// Copies what is committed into the empty file, and answers with what was there before it began.
async fn copy(from: &Path, part: &Path, report: Report<'_>) -> Result<Held, LedgerError> {
    let Some(name) = part.to_str().map(str::to_owned) else {
        return Err(LedgerError::CannotBackUp {
            path: part.to_owned(),
            problem: "its folder's name is no UTF-8: name another".to_owned(),
        });
    };
    let from = from.to_owned();
    let (db, before, of) = blocking(move || look(&from)).await?;
    let end = GivenUp { is_so: Arc::default(), statement: db.get_interrupt_handle() };
    let is_given_up = Arc::clone(&end.is_so);
    let mut copying = Box::pin(blocking(move || {
        let done = execute(&db, "VACUUM INTO ?", [&name]);
        // Who gave it up removed the file, but SQLite may have made it anew since.
        if is_given_up.load(Ordering::SeqCst) {
            let _ = std::fs::remove_file(&name);
        }
        done
    }));
    loop {
        if let Ok(done) = tokio::time::timeout(LOOK_EVERY, &mut copying).await {
            done?;
            return Ok(before);
        }
        let done = part.metadata().map_or(0, |it| it.len()).min(of);
        report(Progress { part: "bytes", done, of });
    }
}

/// Tells the statement that copies when nobody waits for it any more.
struct GivenUp {
    is_so: Arc<AtomicBool>,
    statement: InterruptHandle,
}

impl Drop for GivenUp {
    fn drop(&mut self) {
        self.is_so.store(true, Ordering::SeqCst);
        self.statement.interrupt();
    }
}

/// Opens a ledger to be copied: what it holds, and how many bytes that takes.
fn look(from: &Path) -> Result<(Connection, Held, u64), LedgerError> {
    let db = open::connect_reader(from).map_err(|error| open::opening(from, error))?;
    let before = held(&db).map_err(|error| match error {
        LedgerError::Driver(problem) => no_ledger(from, &problem),
        LedgerError::Inconsistent { what } => no_ledger(from, &what),
        other => other,
    })?;
    let sql = "SELECT (page_count - freelist_count) * page_size AS bytes
         FROM pragma_page_count(), pragma_freelist_count(), pragma_page_size()";
    let bytes = one(&db, sql, [], |row| Read::new("pragma_page_count", row).count("bytes"))?;
    Ok((db, before, bytes))
}

fn no_ledger(path: &Path, problem: &dyn std::fmt::Display) -> LedgerError {
    let problem = format!("it holds no ledger, or a broken one ({problem})");
    LedgerError::CannotOpen { path: path.to_owned(), problem }
}

/// Brings the copy's schema up to date, marks it as a backup, and looks it through.
fn finish(part: &Path, at: Timestamp, before: Held) -> Result<Backup, LedgerError> {
    let mut db = open::connect(part, Access::Write, BUSY_TIMEOUT, ALONE).map_err(driver)?;
    migrate(part, &mut db)?;
    let held = held(&db)?;
    let because =
        format!("it is a backup, made at {at} of all up to position {}", held.last_position);
    Freeze { at, because }.apply(&db)?;
    look_through(&db, held, before)?;
    // As whoever opens it finds it.
    db.execute_batch("PRAGMA journal_mode = DELETE").map_err(driver)?;
    db.close().map_err(|(_, error)| driver(error))?;
    let bytes = part.metadata().map_or(0, |it| it.len());
    let Held { sales, events, last_position, work } = held;
    Ok(Backup { bytes, sales, events, last_position, work })
}

/// Whether the copy is whole: its pages and indexes, its references, each sale's stream, and that
/// nothing is missing that was there before the copying began.
fn look_through(db: &Connection, held: Held, before: Held) -> Result<(), LedgerError> {
    let wrong = |what: String| Err(LedgerError::Inconsistent { what });
    let said: String = one(db, "PRAGMA integrity_check(1)", [], |row| row.get(0).map_err(driver))?;
    if said != "ok" {
        return wrong(format!("its pages: {said}"));
    }
    let lost = list(db, "PRAGMA foreign_key_check", [], |_| Ok(()))?;
    if !lost.is_empty() {
        return wrong(format!("{} rows belong to a sale that is not there", lost.len()));
    }
    let hole = find(
        db,
        "SELECT sale, 0 AS seq FROM event GROUP BY sale
         HAVING count(*) <> max(seq) OR min(seq) <> 1 LIMIT 1",
        [],
        |row| Read::new("event", row).sale(),
    )?;
    if let Some(sale) = hole {
        return wrong(format!("events of sale {sale} are missing"));
    }
    let is_whole = held.sales >= before.sales
        && held.events >= before.events
        && held.last_position >= before.last_position;
    if is_whole { Ok(()) } else { wrong(format!("{before:?} became {held:?}")) }
}
