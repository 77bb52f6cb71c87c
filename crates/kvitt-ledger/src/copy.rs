//! A ledger moved from a SQLite file to a PostgreSQL database.

use jiff::Timestamp;
use kvitt_core::{Recorded, Sale, SaleId};

use self::digest::Digest;
pub(crate) use self::streams::{Rows, Streams};
pub(crate) use self::tables::{Kind, TABLES, Table};
pub(crate) use self::value::Value;
use crate::database_url::DatabaseUrl;
use crate::error::LedgerError;
use crate::postgres::CopyTarget;
use crate::progress::{Progress, Report};
use crate::sqlite::CopySource;

mod digest;
mod streams;
mod tables;
mod value;

/// How many sales are compared between two reports.
const REPORT_EVERY: u64 = 100;

/// What was moved, as it was counted and compared on both sides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    /// The tables, with the number of their rows and the SHA-256 digest that these have on either
    /// side.
    pub tables: Vec<CopiedTable>,
    /// How many sales had their events compared and folded on both sides.
    pub sales: u64,
    /// The position of the last event, which is what it was.
    pub last_position: u64,
}

/// One table that was moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopiedTable {
    /// Its name in PostgreSQL.
    pub name: &'static str,
    /// How many rows it has.
    pub rows: u64,
    /// The digest of its rows, in the order of their key, as hexadecimal digits.
    pub digest: String,
}

/// Moves a ledger from a SQLite file to a PostgreSQL database that is empty: everything but the
/// dashboard's sessions. Nobody else may have the file open, and nobody can open it meanwhile.
///
/// All of it is one transaction of the database, which is compared with the file, row by row and
/// sale by sale, before it ends: whatever happens, the database has all or nothing. Before it ends
/// the file is frozen ([`Ledger::frozen`](crate::Ledger::frozen)), as of `at`, so that at no moment
/// two ledgers act; a file that was frozen before leads to a database that is. Where only the
/// answer to the end was lost, [`LedgerError::CannotCopy`] says so, and the same call can be made
/// again.
///
/// Events keep their positions, and what is written later has higher ones: who follows the feed,
/// as webhooks do, goes on with the position that it has.
pub async fn copy(
    from: &str,
    to: &str,
    at: Timestamp,
    report: Report<'_>,
) -> Result<Copied, LedgerError> {
    let (from, to) = match (DatabaseUrl::parse(from)?, DatabaseUrl::parse(to)?) {
        (DatabaseUrl::Sqlite(from), DatabaseUrl::Postgres(to)) => (from, to),
        (DatabaseUrl::Postgres(_), _) => return Err(cannot("it goes from sqlite:… only")),
        (_, DatabaseUrl::Sqlite(_)) => {
            return Err(cannot(
                "it goes to postgres://… only; `kvitt ledger backup` copies a SQLite ledger to a \
                 file",
            ));
        }
    };
    let mut source = CopySource::open(&from).await?;
    let mut target = CopyTarget::open(to).await?;
    let inherited = source.check_moved(target.name()).await?;
    target.begin(inherited.as_ref()).await?;
    let mut tables = Vec::new();
    for table in TABLES {
        let written = write(table, &mut source, &mut target, report).await?;
        let read = read(table, &mut target, written.rows(), report).await?;
        if written != read {
            let what =
                format!("table {} is not what it was: {written:?}, now {read:?}", table.name);
            return Err(LedgerError::Inconsistent { what });
        }
        let CopiedTable { name, rows, digest } = written.of(table.name);
        tables.push(CopiedTable { name, rows, digest });
    }
    let sales = compare_streams(&mut source, &mut target, report).await?;
    let last_position = source.last_position().await?;
    target.set_fences(source.last_fence().await?).await?;
    target.catch_up().await?;
    source.freeze_as_moved(target.name(), at).await?;
    target.commit().await?;
    // Until here nobody could open it.
    source.close().await?;
    Ok(Copied { tables, sales, last_position })
}

pub(crate) fn cannot(problem: impl Into<String>) -> LedgerError {
    LedgerError::CannotCopy { problem: problem.into() }
}

/// Copies a table's rows, and digests what the file has.
async fn write(
    table: &'static Table,
    source: &mut CopySource,
    target: &mut CopyTarget,
    report: Report<'_>,
) -> Result<Digest, LedgerError> {
    let of = source.count(table).await?;
    let mut digest = Digest::default();
    let mut rows = source.rows(table);
    loop {
        let batch = rows.next_batch().await?;
        if batch.is_empty() {
            return Ok(digest);
        }
        for row in &batch {
            digest.add(row);
        }
        target.insert(table, batch).await?;
        report(Progress { part: table.name, done: digest.rows(), of });
    }
}

/// Digests what the database has.
async fn read(
    table: &Table,
    target: &mut CopyTarget,
    of: u64,
    report: Report<'_>,
) -> Result<Digest, LedgerError> {
    let mut digest = Digest::default();
    let mut rows = target.rows(table);
    while let Some(row) = rows.next().await? {
        digest.add(&row);
        if digest.rows().is_multiple_of(REPORT_EVERY) {
            report(Progress { part: "comparing", done: digest.rows(), of });
        }
    }
    Ok(digest)
}

/// Compares each sale's events, and what they fold to, on both sides; says of how many.
async fn compare_streams(
    source: &mut CopySource,
    target: &mut CopyTarget,
    report: Report<'_>,
) -> Result<u64, LedgerError> {
    let of = source.sales().await?;
    let (mut ours, mut theirs) = (source.streams(), target.streams());
    let mut done = 0;
    loop {
        let (was, is) = (ours.next().await?, theirs.next().await?);
        let Some((sale, events)) = was else {
            return match is {
                None => Ok(done),
                Some((sale, _)) => Err(another(sale)),
            };
        };
        if is.as_ref() != Some(&(sale, events.clone())) || !folds_alike(sale, &events, is) {
            return Err(another(sale));
        }
        done += 1;
        if done % REPORT_EVERY == 0 || done == of {
            report(Progress { part: "sales", done, of });
        }
    }
}

fn folds_alike(sale: SaleId, was: &[Recorded], is: Option<(SaleId, Vec<Recorded>)>) -> bool {
    let Some((of, is)) = is else { return false };
    Sale::fold(sale, was) == Sale::fold(of, &is)
}

fn another(sale: SaleId) -> LedgerError {
    LedgerError::Inconsistent { what: format!("sale {sale} is another one after it was copied") }
}
