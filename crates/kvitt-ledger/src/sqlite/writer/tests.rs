//! The writer, driven with writes of the tests' own.

use std::time::Duration;

use sqlx::ConnectOptions as _;
use sqlx::Row as _;
use sqlx::sqlite::SqliteConnectOptions;
use tempfile::TempDir;
use tokio::task::JoinSet;

use super::*;
use crate::sqlite::open;

/// Statements to run as one write.
struct Sql(&'static [&'static str]);

#[async_trait]
impl Write for Sql {
    type Output = ();

    async fn apply(&mut self, db: &mut SqliteConnection) -> Result<(), LedgerError> {
        for sql in self.0 {
            db.execute(*sql).await.map_err(driver)?;
        }
        Ok(())
    }
}

const GOOD: &[&str] = &["INSERT INTO note VALUES ('good')"];

async fn fresh() -> (TempDir, Writer) {
    let dir = tempfile::tempdir().unwrap();
    let mut db = open::open(&dir.path().join("kvitt.db")).await.unwrap().writer;
    db.execute("CREATE TABLE note (text TEXT) STRICT").await.unwrap();
    (dir, Writer::start(db))
}

/// Writes them all in one transaction: the task first runs when all are in its queue.
async fn together(writer: Writer, all: &[Sql]) -> (Vec<Result<(), LedgerError>>, Writer) {
    let before = writer.commits();
    let writer = Arc::new(writer);
    let mut tasks = JoinSet::new();
    for (place, &Sql(sql)) in all.iter().enumerate() {
        let writer = Arc::clone(&writer);
        tasks.spawn(async move { (place, writer.write(Sql(sql)).await) });
    }
    let mut results = tasks.join_all().await;
    results.sort_by_key(|(place, _)| *place);
    let writer = Arc::into_inner(writer).unwrap();
    assert!(writer.commits() - before <= 1, "one transaction");
    (results.into_iter().map(|(_, result)| result).collect(), writer)
}

async fn notes(dir: &TempDir) -> i64 {
    let options = SqliteConnectOptions::new().filename(dir.path().join("kvitt.db"));
    let mut db = options.connect().await.unwrap();
    db.fetch_one("SELECT count(*) FROM note").await.unwrap().get(0)
}

#[tokio::test]
async fn what_fails_is_taken_back_alone() {
    let (dir, writer) = fresh().await;
    let fails = Sql(&["INSERT INTO note VALUES ('half')", "INSERT INTO note VALUES (1, 2)"]);
    let (results, _) = together(writer, &[Sql(GOOD), fails, Sql(GOOD)]).await;

    assert!(results[0].is_ok() && results[2].is_ok(), "{results:?}");
    assert!(matches!(results[1], Err(LedgerError::Driver(_))), "{results:?}");
    assert_eq!(notes(&dir).await, 2);
}

#[tokio::test]
async fn a_commit_that_fails_fails_all_of_it_and_the_next_goes_on() {
    let (dir, writer) = fresh().await;
    // A reference that is only checked when it is committed.
    let breaks = Sql(&[
        "PRAGMA defer_foreign_keys = ON",
        "INSERT INTO secret VALUES ('no such sale', 'name', 'value')",
    ]);
    let (results, writer) = together(writer, &[Sql(GOOD), breaks, Sql(GOOD)]).await;

    assert!(results.iter().all(Result::is_err), "{results:?}");
    assert_eq!((writer.commits(), notes(&dir).await), (0, 0));
    writer.write(Sql(GOOD)).await.unwrap();
    assert_eq!((writer.commits(), notes(&dir).await), (1, 1));
}

#[tokio::test]
async fn a_transaction_that_is_gone_is_not_carried_on() {
    let (dir, writer) = fresh().await;
    let rolls_back = Sql(&["ROLLBACK"]);
    let (results, writer) = together(writer, &[Sql(GOOD), rolls_back, Sql(GOOD)]).await;

    assert!(results.iter().all(Result::is_err), "{results:?}");
    assert_eq!(notes(&dir).await, 0);
    writer.write(Sql(GOOD)).await.unwrap();
    assert_eq!(notes(&dir).await, 1);
}

#[tokio::test]
async fn a_full_disk_is_told_and_left() {
    let (dir, writer) = fresh().await;
    writer.write(Sql(&["PRAGMA max_page_count = 1"])).await.unwrap();
    let big = Sql(&[
        "INSERT INTO note VALUES ('half')",
        "INSERT INTO note VALUES (hex(randomblob(90000)))",
    ]);
    let (results, writer) = together(writer, &[Sql(GOOD), big, Sql(GOOD)]).await;

    let full = |result| matches!(result, &Err(LedgerError::Full));
    assert!(results.iter().all(full), "{results:?}");
    assert_eq!(notes(&dir).await, 0);
    writer.write(Sql(&["PRAGMA max_page_count = 100000"])).await.unwrap();
    writer.write(Sql(GOOD)).await.unwrap();
    assert_eq!(notes(&dir).await, 1);
}

#[tokio::test]
async fn a_file_that_cannot_be_written_is_told() {
    let (dir, writer) = fresh().await;
    let (results, _) = together(writer, &[Sql(&["PRAGMA query_only = ON"]), Sql(GOOD)]).await;
    assert!(matches!(results[1], Err(LedgerError::ReadOnly)), "{results:?}");
    assert_eq!(notes(&dir).await, 0);
}

#[tokio::test]
async fn a_lock_held_by_another_process_is_told() {
    let (dir, writer) = fresh().await;
    writer.write(Sql(&["PRAGMA busy_timeout = 1"])).await.unwrap();
    let options = SqliteConnectOptions::new().filename(dir.path().join("kvitt.db"));
    let mut other = options.busy_timeout(Duration::ZERO).connect().await.unwrap();
    other.execute("BEGIN IMMEDIATE").await.unwrap();

    let error = writer.write(Sql(GOOD)).await.unwrap_err();
    assert!(matches!(error, LedgerError::Unavailable { .. }), "{error}");
    other.execute("ROLLBACK").await.unwrap();
    writer.write(Sql(GOOD)).await.unwrap();
    assert_eq!(notes(&dir).await, 1);
}

#[tokio::test]
async fn a_write_that_nobody_waits_for_harms_nobody() {
    let (dir, writer) = fresh().await;
    // Nothing can be written as long as another holds the lock, however quick the writer is.
    let options = SqliteConnectOptions::new().filename(dir.path().join("kvitt.db"));
    let mut other = options.connect().await.unwrap();
    other.execute("BEGIN IMMEDIATE").await.unwrap();
    let impatient = tokio::time::timeout(Duration::ZERO, writer.write(Sql(GOOD))).await;
    assert!(impatient.is_err());
    other.execute("ROLLBACK").await.unwrap();
    writer.write(Sql(GOOD)).await.unwrap();
    assert_eq!(notes(&dir).await, 2, "what was queued is written");
}
