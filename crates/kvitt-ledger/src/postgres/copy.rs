//! The empty database that a ledger is moved to.

use futures_util::TryStreamExt as _;
use sqlx::postgres::{PgConnection, PgRow, Postgres};
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, Executor as _};
use uuid::Uuid;

use super::error::{Failed, driver};
use super::row::flag;
use super::server::SESSION;
use super::{PostgresLedger, events};
use crate::copy::{Kind, Rows, Streams, TABLES, Table, Value, cannot};
use crate::error::LedgerError;
use crate::frozen::Frozen;
use crate::postgres::PostgresUrl;
use crate::row::{Cell, Cells as _, Read};

/// Whoever waits for the end of a long transaction is not given up.
const PATIENCE: &str = "
    SET LOCAL statement_timeout = 0;
    SET LOCAL idle_in_transaction_session_timeout = 0";

/// The database, and the transaction in which all of it is written.
pub(crate) struct CopyTarget {
    db: PgConnection,
    name: String,
}

fn plain(error: sqlx::Error) -> LedgerError {
    driver(error).error
}

impl CopyTarget {
    /// Opens the database, and brings its schema up to date.
    pub(crate) async fn open(url: PostgresUrl) -> Result<Self, LedgerError> {
        let ledger = PostgresLedger::open(url).await?;
        let (name, mut db) = ledger.server.connect().await?;
        db.execute(SESSION).await.map_err(plain)?;
        Ok(Self { db, name })
    }

    /// Where it is, without user and password.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Begins: from here on nobody else writes to it. Refused where it holds anything.
    pub(crate) async fn begin(&mut self, frozen: Option<&Frozen>) -> Result<(), LedgerError> {
        self.db.execute("BEGIN").await.map_err(plain)?;
        self.db.execute(PATIENCE).await.map_err(plain)?;
        let mut names: Vec<&str> = TABLES.iter().map(|table| table.name).collect();
        names.push("dashboard_session");
        let lock = format!("LOCK TABLE {} IN EXCLUSIVE MODE", names.join(", "));
        self.db.execute(AssertSqlSafe(lock)).await.map_err(plain)?;
        for table in names {
            let any = format!("SELECT FROM {table} LIMIT 1");
            let any = sqlx::query(AssertSqlSafe(any)).fetch_optional(&mut self.db).await;
            if any.map_err(plain)?.is_some() {
                return Err(cannot(format!(
                    "the database at {} is not empty (table {table}): name an empty one. If an \
                     earlier copy ended there without an answer, it is done: use it",
                    self.name
                )));
            }
        }
        if let Some(Frozen { since, because }) = frozen {
            let mark = "UPDATE ledger_state SET frozen_since_us = $1, frozen_because = $2";
            let mark = sqlx::query(mark).bind(since.as_microsecond()).bind(because);
            mark.execute(&mut self.db).await.map_err(plain)?;
        }
        Ok(())
    }

    /// Writes rows of a table.
    pub(crate) async fn insert(
        &mut self,
        table: &Table,
        rows: Vec<Vec<Value>>,
    ) -> Result<(), LedgerError> {
        let names: Vec<&str> = table.columns.iter().map(|(name, _)| *name).collect();
        let (mut arrays, mut casts) = (Vec::new(), Vec::new());
        for (place, (name, kind)) in (1..).zip(table.columns) {
            arrays.push(format!("${place}::{}[]", kind.in_postgres()));
            casts.push(if *kind == Kind::Json { format!("{name}::json") } else { (*name).into() });
        }
        let sql = format!(
            "INSERT INTO {} ({names}) SELECT {} FROM unnest({}) AS new ({names})",
            table.name,
            casts.join(", "),
            arrays.join(", "),
            names = names.join(", "),
        );
        let mut columns: Vec<Vec<Value>> = names.iter().map(|_| Vec::new()).collect();
        for row in rows {
            for (column, value) in columns.iter_mut().zip(row) {
                column.push(value);
            }
        }
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for ((_, kind), column) in table.columns.iter().zip(columns) {
            query = bind(query, *kind, column);
        }
        query.execute(&mut self.db).await.map_err(plain)?;
        Ok(())
    }

    /// A table's rows as they are now, in the order of its key.
    pub(crate) fn rows<'a>(&'a mut self, table: &'a Table) -> TargetRows<'a> {
        let kind_of =
            |key: &str| table.columns.iter().find(|(name, _)| *name == key).map(|(_, kind)| *kind);
        let column = |(name, kind): &(&'static str, Kind)| match kind {
            Kind::Json => format!("{name}::text"),
            _ => (*name).to_owned(),
        };
        // In the order of bytes, which is SQLite's, whatever language the database speaks.
        let key = |key: &&str| match kind_of(key) {
            Some(Kind::Text) => format!("{key} COLLATE \"C\""),
            _ => (*key).to_owned(),
        };
        let sql = format!(
            "SELECT {} FROM {} ORDER BY {}",
            table.columns.iter().map(column).collect::<Vec<_>>().join(", "),
            table.name,
            table.key.iter().map(key).collect::<Vec<_>>().join(", ")
        );
        let rows = sqlx::query(AssertSqlSafe(sql)).fetch(&mut self.db).map_err(plain);
        TargetRows { rows: Box::pin(rows), table }
    }

    /// Each sale's events.
    pub(crate) fn streams(&mut self) -> Streams<'_> {
        let rows = sqlx::query(
            "SELECT sale, seq, id, at_us, name, cause::text, event::text FROM event
             ORDER BY sale, seq",
        )
        .fetch(&mut self.db)
        .map_err(plain)
        .and_then(|row| std::future::ready(Streams::read(&row)));
        Streams::of(Box::pin(rows))
    }

    /// Has work get fences above all that were given.
    pub(crate) async fn set_fences(&mut self, last: u64) -> Result<(), LedgerError> {
        let last = i64::try_from(last).unwrap_or(i64::MAX);
        let set = "SELECT setval('work_fence', greatest($1, last_value)) FROM work_fence
                   WHERE $1 > 0";
        sqlx::query(set).bind(last).execute(&mut self.db).await.map_err(plain)?;
        Ok(())
    }

    /// Has events get positions above all that were brought.
    pub(crate) async fn catch_up(&mut self) -> Result<(), LedgerError> {
        events::catch_up(&mut self.db).await.map_err(|Failed { error, .. }| error)
    }

    /// Ends the transaction: all of it is there, for good.
    pub(crate) async fn commit(&mut self) -> Result<(), LedgerError> {
        let committed = self.db.execute("COMMIT").await;
        committed.map(drop).map_err(|error| {
            cannot(format!(
                "the answer to the end of the copy was lost ({}). The file is frozen; run the same \
                 command again: it copies where nothing arrived, and says so where all did",
                plain(error)
            ))
        })
    }
}

/// The rows of one table.
pub(crate) struct TargetRows<'a> {
    rows: Rows<'a, PgRow>,
    table: &'a Table,
}

impl TargetRows<'_> {
    /// The next row.
    pub(crate) async fn next(&mut self) -> Result<Option<Vec<Value>>, LedgerError> {
        let Some(row) = self.rows.try_next().await? else { return Ok(None) };
        let wrong = Read::new(self.table.name, &row);
        let of_column = |(column, kind): &(&'static str, Kind)| {
            value(&row, column, *kind)
                .map(|it| it.unwrap_or(Value::Null))
                .map_err(|problem| wrong.wrong(column, problem))
        };
        self.table.columns.iter().map(of_column).collect::<Result<_, _>>().map(Some)
    }
}

fn value(row: &PgRow, column: &str, kind: Kind) -> Cell<Value> {
    Ok(match kind {
        Kind::Integer => row.integer(column)?.map(Value::Integer),
        Kind::Flag => flag(row, column)?.map(Value::Flag),
        Kind::Bytes => row.bytes(column)?.map(Value::Bytes),
        Kind::Text | Kind::Name | Kind::Json => {
            row.text(column)?.map(|text| Value::Text(text.to_owned()))
        }
        Kind::Id(_) => row.id::<Uuid>(column)?.map(Value::Id),
    })
}

impl Kind {
    fn in_postgres(self) -> &'static str {
        match self {
            Self::Integer => "bigint",
            Self::Text | Self::Name | Self::Json => "text",
            Self::Bytes => "bytea",
            Self::Id(_) => "uuid",
            Self::Flag => "boolean",
        }
    }
}

type Bound<'q> = Query<'q, Postgres, sqlx::postgres::PgArguments>;

/// Binds a column's values as one list.
fn bind(query: Bound<'_>, kind: Kind, values: Vec<Value>) -> Bound<'_> {
    macro_rules! list {
        ($variant:ident) => {{
            let one = |value| match value {
                Value::$variant(value) => Some(value),
                _ => None,
            };
            query.bind(values.into_iter().map(one).collect::<Vec<_>>())
        }};
    }
    match kind {
        Kind::Integer => list!(Integer),
        Kind::Text | Kind::Name | Kind::Json => list!(Text),
        Kind::Bytes => list!(Bytes),
        Kind::Id(_) => list!(Id),
        Kind::Flag => list!(Flag),
    }
}
