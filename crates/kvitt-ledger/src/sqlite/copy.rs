//! The file that a ledger is moved from, which nobody else may have open.

use std::path::Path;
use std::time::Duration;

use futures_util::TryStreamExt as _;
use jiff::Timestamp;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteLockingMode, SqliteRow,
    SqliteSynchronous,
};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _};
use uuid::Uuid;

use super::error::{driver, is_busy};
use super::open;
use super::state::Freeze;
use super::writer::Write as _;
use crate::copy::{Kind, Rows, Streams, Table, Value, cannot};
use crate::error::LedgerError;
use crate::frozen::Frozen;
use crate::row::{Cell, Cells as _, Read};
use crate::rows;

/// How long another process is given to let go of the file.
const PATIENCE: Duration = Duration::from_secs(1);

/// How much one batch holds at most, in rows and in bytes, give or take one row.
const BATCH_ROWS_MAX: usize = 500;
const BATCH_BYTES_MAX: usize = 1 << 20;

/// Which way the file went, in the mark of a frozen ledger.
const MOVED: &str = "it was moved to ";

/// The file. As long as this is there nobody else can read or write it.
pub(crate) struct CopySource {
    db: SqliteConnection,
}

impl CopySource {
    /// Opens the file for itself alone, and brings its schema up to date.
    pub(crate) async fn open(path: &Path) -> Result<Self, LedgerError> {
        let opening = |error: sqlx::Error| {
            if is_busy(&error) {
                cannot(format!(
                    "another process has {} open: stop `kvitt serve`, and whatever else uses it, \
                     first",
                    path.display()
                ))
            } else {
                open::opening(path, error)
            }
        };
        if !path.exists() {
            let problem = "there is no such file".to_owned();
            return Err(LedgerError::CannotOpen { path: path.to_owned(), problem });
        }
        // In this mode the first access takes the lock of the whole file, and only closing ends it.
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(false)
            .foreign_keys(true)
            .locking_mode(SqliteLockingMode::Exclusive)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(PATIENCE);
        let mut db = options.connect().await.map_err(opening)?;
        open::migrate(path, &mut db).await?;
        Ok(Self { db })
    }

    /// Whether it may be moved to this database. Answers with the mark that the database shall
    /// have too.
    pub(crate) async fn check_moved(&mut self, to: &str) -> Result<Option<Frozen>, LedgerError> {
        let row = sqlx::query("SELECT id, frozen_since_us, frozen_because FROM ledger_state")
            .fetch_one(&mut self.db)
            .await
            .map_err(driver)?;
        let frozen = rows::frozen(&row)?;
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
        Freeze { at, because }.apply(&mut self.db).await.map(drop)
    }

    /// Lets go of the file.
    pub(crate) async fn close(self) -> Result<(), LedgerError> {
        self.db.close().await.map_err(driver)
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
        let row = sqlx::query(AssertSqlSafe(sql)).fetch_one(&mut self.db).await.map_err(driver)?;
        Read::new("sqlite_schema", &row).count("number")
    }

    /// A table's rows, in the order of its key.
    pub(crate) fn rows<'a>(&'a mut self, table: &'a Table) -> SourceRows<'a> {
        let columns: Vec<&str> = table.columns.iter().map(|(name, _)| *name).collect();
        let sql = format!(
            "SELECT {} FROM {} ORDER BY {}",
            columns.join(", "),
            table.in_sqlite,
            table.key.join(", ")
        );
        let rows = sqlx::query(AssertSqlSafe(sql)).fetch(&mut self.db).map_err(driver);
        SourceRows { rows: Box::pin(rows), table }
    }

    /// Each sale's events.
    pub(crate) fn streams(&mut self) -> Streams<'_, SqliteRow> {
        let rows = sqlx::query(
            "SELECT sale, seq, id, at_us, name, cause, event FROM event ORDER BY sale, seq",
        )
        .fetch(&mut self.db)
        .map_err(driver);
        Streams::of(Box::pin(rows))
    }
}

/// The rows of one table.
pub(crate) struct SourceRows<'a> {
    rows: Rows<'a, SqliteRow>,
    table: &'a Table,
}

impl SourceRows<'_> {
    /// The next rows; none where there are no more.
    pub(crate) async fn next_batch(&mut self) -> Result<Vec<Vec<Value>>, LedgerError> {
        let (mut batch, mut bytes) = (Vec::new(), 0);
        while batch.len() < BATCH_ROWS_MAX && bytes < BATCH_BYTES_MAX {
            let Some(row) = self.rows.try_next().await? else { break };
            let values = read(self.table, &row)?;
            bytes += values.iter().map(Value::size).sum::<usize>();
            batch.push(values);
        }
        Ok(batch)
    }
}

/// A row's values, as PostgreSQL shall have them.
fn read(table: &Table, row: &SqliteRow) -> Result<Vec<Value>, LedgerError> {
    let wrong = Read::new(table.name, row);
    let of_column = |(column, kind): &(&'static str, Kind)| {
        value(row, column, *kind)
            .map(|it| it.unwrap_or(Value::Null))
            .map_err(|problem| wrong.wrong(column, problem))
    };
    table.columns.iter().map(of_column).collect()
}

fn value(row: &SqliteRow, column: &str, kind: Kind) -> Cell<Value> {
    Ok(match kind {
        Kind::Integer => row.integer(column)?.map(Value::Integer),
        Kind::Flag => row.integer(column)?.map(|number| Value::Flag(number != 0)),
        Kind::Bytes => row.bytes(column)?.map(Value::Bytes),
        Kind::Name => row.text(column)?.map(|text| Value::Text(text.replace('\0', "\u{fffd}"))),
        Kind::Text | Kind::Json => match row.text(column)? {
            Some(text) if text.contains('\0') => {
                return Err("it holds a NUL character, which PostgreSQL cannot hold".into());
            }
            text => text.map(Value::Text),
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
