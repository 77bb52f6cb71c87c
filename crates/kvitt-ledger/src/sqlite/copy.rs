//! The file that a ledger is moved from, which nobody else may have open.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::{TryStreamExt as _, stream};
use jiff::Timestamp;
use rusqlite::{Connection, Error, Row};
use tokio::sync::mpsc;
use uuid::Uuid;

use super::blocking::blocking;
use super::error::{driver, is_busy};
use super::migrate::migrate;
use super::open::{self, Access};
use super::state::{self, Freeze};
use super::statement::one;
use super::writer::Write as _;
use crate::copy::{Kind, Streams, Table, Value, cannot};
use crate::error::LedgerError;
use crate::frozen::Frozen;
use crate::row::{Cell, Cells as _, Read};

/// How long another process is given to let go of the file.
const PATIENCE: Duration = Duration::from_secs(1);

/// How much one batch holds at most, in rows and in bytes, give or take one row.
const BATCH_ROWS_MAX: usize = 500;
const BATCH_BYTES_MAX: usize = 1 << 20;

/// Which way the file went, in the mark of a frozen ledger.
const MOVED: &str = "it was moved to ";

/// In this mode the first access takes the lock of the whole file, and only closing ends it.
const ALONE: &str = "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; \
                     PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON";

/// The file. As long as this is there nobody else can read or write it.
pub(crate) struct CopySource {
    /// None once it is closed.
    db: Arc<Mutex<Option<Connection>>>,
}

impl CopySource {
    /// Opens the file for itself alone, and brings its schema up to date.
    pub(crate) async fn open(path: &Path) -> Result<Self, LedgerError> {
        if !path.exists() {
            let problem = "there is no such file".to_owned();
            return Err(LedgerError::CannotOpen { path: path.to_owned(), problem });
        }
        let path = path.to_owned();
        blocking(move || {
            let mut db = open::connect_once(&path, Access::Write, PATIENCE, ALONE)
                .map_err(|error| opening(&path, error))?;
            migrate(&path, &mut db)?;
            Ok(Self { db: Arc::new(Mutex::new(Some(db))) })
        })
        .await
    }

    /// Whether it may be moved to this database. Answers with the mark that the database shall
    /// have too.
    pub(crate) async fn check_moved(&mut self, to: &str) -> Result<Option<Frozen>, LedgerError> {
        let frozen = self.run(state::frozen).await?;
        match frozen.as_ref().and_then(|it| it.because.strip_prefix(MOVED)) {
            None => Ok(frozen),
            // The end of the move before was not heard of, or did not come.
            Some(before) if before == to => Ok(None),
            Some(before) => Err(cannot(format!(
                "it was moved to {before} before: use that one. If it came to nothing there, \
                 `kvitt ledger thaw` the file first"
            ))),
        }
    }

    /// Marks it as moved. One that is frozen for another reason stays so.
    pub(crate) async fn freeze_as_moved(
        &mut self,
        to: &str,
        at: Timestamp,
    ) -> Result<(), LedgerError> {
        let because = format!("{MOVED}{to}");
        self.run(move |db| Freeze { at, because }.apply(db).map(drop)).await
    }

    /// Lets go of the file.
    pub(crate) async fn close(self) -> Result<(), LedgerError> {
        blocking(move || {
            let db = self.db.lock().unwrap_or_else(PoisonError::into_inner).take();
            db.map_or(Ok(()), |db| db.close().map_err(|(_, error)| driver(error)))
        })
        .await
    }

    /// How many rows a table has.
    pub(crate) async fn count(&mut self, table: &Table) -> Result<u64, LedgerError> {
        self.number(format!("SELECT count(*) AS number FROM {}", table.in_sqlite)).await
    }

    /// How many sales have events.
    pub(crate) async fn sales(&mut self) -> Result<u64, LedgerError> {
        self.number("SELECT count(DISTINCT sale) AS number FROM event".to_owned()).await
    }

    /// The position of the last event.
    pub(crate) async fn last_position(&mut self) -> Result<u64, LedgerError> {
        self.number("SELECT coalesce(max(position), 0) AS number FROM event".to_owned()).await
    }

    /// The highest fence that any work ever had.
    pub(crate) async fn last_fence(&mut self) -> Result<u64, LedgerError> {
        let sql = "SELECT max((SELECT coalesce(max(fence_floor), 0) FROM sale),
                       (SELECT coalesce(max(fence), 0) FROM work)) AS number";
        self.number(sql.to_owned()).await
    }

    async fn number(&mut self, sql: String) -> Result<u64, LedgerError> {
        let read = |row: &Row<'_>| Read::new("sqlite_schema", row).count("number");
        self.run(move |db| one(db, &sql, [], read)).await
    }

    async fn run<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&Connection) -> Result<T, LedgerError> + Send + 'static,
    ) -> Result<T, LedgerError> {
        let db = Arc::clone(&self.db);
        blocking(move || with(&db, work)).await
    }

    /// A table's rows, in the order of its key.
    pub(crate) fn rows(&mut self, table: &'static Table) -> SourceRows {
        let columns: Vec<&str> = table.columns.iter().map(|(name, _)| *name).collect();
        let sql = format!(
            "SELECT {} FROM {} ORDER BY {}",
            columns.join(", "),
            table.in_sqlite,
            table.key.join(", ")
        );
        let read = |row: &Row<'_>| {
            let values = read(table, row)?;
            let bytes = values.iter().map(Value::size).sum();
            Ok((values, bytes))
        };
        SourceRows { batches: self.batches(sql, read) }
    }

    /// Each sale's events.
    pub(crate) fn streams(&mut self) -> Streams<'static> {
        let sql = "SELECT sale, seq, id, at_us, name, cause, event,
                 length(cause) + length(event) AS size FROM event ORDER BY sale, seq";
        let read =
            |row: &Row<'_>| Ok((Streams::read(row)?, Read::new("event", row).count("size")?));
        let batches = stream::try_unfold(self.batches(sql.to_owned(), read), async |mut from| {
            let batch = next(&mut from).await?;
            Ok((!batch.is_empty()).then_some((batch, from)))
        });
        let rows = batches.map_ok(|batch| stream::iter(batch.into_iter().map(Ok)));
        Streams::of(Box::pin(rows.try_flatten()))
    }

    /// Reads rows on a thread of their own, a few batches ahead of who takes them. Each comes with
    /// its size in bytes.
    fn batches<T: Send + 'static>(
        &mut self,
        sql: String,
        read: impl Fn(&Row<'_>) -> Result<(T, usize), LedgerError> + Send + 'static,
    ) -> mpsc::Receiver<Batch<T>> {
        let (sender, batches) = mpsc::channel(1);
        let db = Arc::clone(&self.db);
        tokio::task::spawn_blocking(move || {
            let sent = with(&db, |db| send(db, &sql, read, &sender));
            if let Err(error) = sent {
                // Where nobody takes it any more, nobody has to hear of it.
                let _ = sender.blocking_send(Err(error));
            }
        });
        batches
    }
}

/// Rows, or why there are no more. After the last ones comes a batch without any.
type Batch<T> = Result<Vec<T>, LedgerError>;

/// The next rows; none where there are no more. Rows that end without saying so were not all.
async fn next<T>(batches: &mut mpsc::Receiver<Batch<T>>) -> Batch<T> {
    let stopped =
        || LedgerError::Unavailable { what: "the reading of its file stopped".to_owned() };
    batches.recv().await.unwrap_or_else(|| Err(stopped()))
}

fn with<T>(
    db: &Mutex<Option<Connection>>,
    work: impl FnOnce(&Connection) -> Result<T, LedgerError>,
) -> Result<T, LedgerError> {
    let db = db.lock().unwrap_or_else(PoisonError::into_inner);
    let closed = || LedgerError::Unavailable { what: "its file is closed".to_owned() };
    work(db.as_ref().ok_or_else(closed)?)
}

fn opening(path: &Path, error: Error) -> LedgerError {
    if is_busy(&error) {
        cannot(format!(
            "another process has {} open: stop `kvitt serve`, and whatever else uses it, first",
            path.display()
        ))
    } else {
        open::opening(path, error)
    }
}

/// Sends all rows in batches, until there are no more or nobody takes them.
fn send<T>(
    db: &Connection,
    sql: &str,
    read: impl Fn(&Row<'_>) -> Result<(T, usize), LedgerError>,
    to: &mpsc::Sender<Batch<T>>,
) -> Result<(), LedgerError> {
    let mut statement = db.prepare(sql).map_err(driver)?;
    let mut rows = statement.query([]).map_err(driver)?;
    let (mut batch, mut bytes) = (Vec::new(), 0);
    while let Some(row) = rows.next().map_err(driver)? {
        let (it, size) = read(row)?;
        batch.push(it);
        bytes += size;
        if batch.len() >= BATCH_ROWS_MAX || bytes >= BATCH_BYTES_MAX {
            bytes = 0;
            if to.blocking_send(Ok(std::mem::take(&mut batch))).is_err() {
                return Ok(());
            }
        }
    }
    if !batch.is_empty() && to.blocking_send(Ok(batch)).is_err() {
        return Ok(());
    }
    // Where nobody takes it any more, nobody misses it.
    let _ = to.blocking_send(Ok(Vec::new()));
    Ok(())
}

/// The rows of one table.
pub(crate) struct SourceRows {
    batches: mpsc::Receiver<Batch<Vec<Value>>>,
}

impl SourceRows {
    /// The next rows; none where there are no more.
    pub(crate) async fn next_batch(&mut self) -> Result<Vec<Vec<Value>>, LedgerError> {
        next(&mut self.batches).await
    }
}

/// A row's values, as PostgreSQL shall have them.
fn read(table: &Table, row: &Row<'_>) -> Result<Vec<Value>, LedgerError> {
    let wrong = Read::new(table.name, row);
    let of_column = |(column, kind): &(&'static str, Kind)| {
        value(row, column, *kind)
            .map(|it| it.unwrap_or(Value::Null))
            .map_err(|problem| wrong.wrong(column, problem))
    };
    table.columns.iter().map(of_column).collect()
}

fn value(row: &Row<'_>, column: &str, kind: Kind) -> Cell<Value> {
    Ok(match kind {
        Kind::Integer => row.integer(column)?.map(Value::Integer),
        Kind::Flag => row.integer(column)?.map(|number| Value::Flag(number != 0)),
        Kind::Bytes => row.bytes(column)?.map(Value::Bytes),
        Kind::Name => row.text(column)?.map(|text| Value::Text(text.replace('\0', "\u{fffd}"))),
        Kind::Text | Kind::Json => match row.text(column)? {
            Some(text) if text.contains('\0') => {
                return Err("it holds a NUL character, which PostgreSQL cannot hold".into());
            }
            text => text.map(|text| Value::Text(text.to_owned())),
        },
        Kind::Id(prefix) => match row.text(column)? {
            Some(text) => {
                let digits = text.strip_prefix(prefix).ok_or("it is no id of its kind")?;
                let id = Uuid::try_parse(digits).map_err(|error| error.to_string())?;
                Some(Value::Id(id))
            }
            None => None,
        },
    })
}
