//! The one task that writes: it takes all writes that wait, carries them out in one transaction,
//! and answers them when that is on the disk.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use sqlx::sqlite::SqliteConnection;
use sqlx::{Connection as _, Executor as _};
use tokio::sync::{mpsc, oneshot};

use super::error::driver;
use super::row::now_us;
use crate::error::LedgerError;

/// How many writes one transaction takes at most.
const BATCH_MAX: usize = 256;

/// How many writes wait at most. Who comes then waits for a place.
const QUEUE_MAX: usize = 1_024;

/// Something to write, carried out inside a transaction that others share. What fails leaves
/// nothing behind, and the others go on.
#[async_trait]
pub(super) trait Write: Send + 'static {
    /// What the writer of it learns.
    type Output: Send + 'static;

    /// Whether what was deleted must also leave the log that lies beside the file.
    const SCRUB: bool = false;

    /// Writes it.
    async fn apply(&mut self, db: &mut SqliteConnection) -> Result<Self::Output, LedgerError>;
}

/// The way to the task that writes. The task ends when this is dropped and the queue is empty.
#[derive(Debug)]
pub(super) struct Writer {
    queue: mpsc::Sender<Box<dyn Job>>,
    commits: Arc<AtomicU64>,
}

impl Writer {
    /// Starts the task on this connection.
    pub(super) fn start(db: SqliteConnection) -> Self {
        let (queue, jobs) = mpsc::channel(QUEUE_MAX);
        let commits = Arc::new(AtomicU64::new(0));
        tokio::spawn(run(db, jobs, Arc::clone(&commits)));
        Self { queue, commits }
    }

    /// How many transactions were committed.
    pub(super) fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }

    /// Writes it, and returns once it is on the disk.
    pub(super) async fn write<W: Write>(&self, write: W) -> Result<W::Output, LedgerError> {
        let stopped = || LedgerError::Unavailable { what: "its writer has stopped".to_owned() };
        let (answer, answered) = oneshot::channel();
        let job = Box::new(Pending { write, result: None, answer });
        self.queue.send(job).await.map_err(|_| stopped())?;
        answered.await.map_err(|_| stopped())?
    }
}

/// A write that waits, whatever it writes.
#[async_trait]
trait Job: Send {
    /// Carries it out; where it fails, what it did shall not stay.
    async fn run(&mut self, db: &mut SqliteConnection) -> Result<(), LedgerError>;

    /// See [`Write::SCRUB`].
    fn scrubs(&self) -> bool;

    /// Tells its writer what came of it, or what became of the transaction.
    fn answer(self: Box<Self>, transaction: Result<(), LedgerError>);
}

struct Pending<W: Write> {
    write: W,
    result: Option<Result<W::Output, LedgerError>>,
    answer: oneshot::Sender<Result<W::Output, LedgerError>>,
}

#[async_trait]
impl<W: Write> Job for Pending<W> {
    async fn run(&mut self, db: &mut SqliteConnection) -> Result<(), LedgerError> {
        let result = self.result.insert(self.write.apply(db).await);
        result.as_ref().map(|_| ()).map_err(Clone::clone)
    }

    fn scrubs(&self) -> bool {
        W::SCRUB
    }

    fn answer(self: Box<Self>, transaction: Result<(), LedgerError>) {
        let never_run = || LedgerError::Unavailable { what: "the write was not run".to_owned() };
        // A refusal inside a transaction that came to nothing may rest on a write that is not
        // there, so the transaction's own failure is what everybody learns.
        let result = match transaction {
            Ok(()) => self.result.unwrap_or_else(|| Err(never_run())),
            Err(error) => Err(error),
        };
        // Nobody waits any more: what was written stays written.
        let _ = self.answer.send(result);
    }
}

async fn run(
    mut db: SqliteConnection,
    mut jobs: mpsc::Receiver<Box<dyn Job>>,
    commits: Arc<AtomicU64>,
) {
    let mut batch = Vec::with_capacity(BATCH_MAX);
    while jobs.recv_many(&mut batch, BATCH_MAX).await > 0 {
        let outcome = commit_together(&mut db, &mut batch).await;
        if let Err(error) = &outcome {
            tracing::error!(%error, writes = batch.len(), "a transaction failed; nothing of it is stored");
            // It fails where SQLite has rolled back on its own, which is as good.
            let _ = db.execute("ROLLBACK").await;
        } else {
            commits.fetch_add(1, Ordering::Relaxed);
            if batch.iter().any(|job| job.scrubs()) {
                scrub(&mut db).await;
            }
        }
        for job in batch.drain(..) {
            job.answer(outcome.clone());
        }
    }
    if let Err(error) = db.close().await {
        tracing::warn!(%error, "the database was not closed in order; the next start recovers it");
    }
}

async fn commit_together(
    db: &mut SqliteConnection,
    batch: &mut [Box<dyn Job>],
) -> Result<(), LedgerError> {
    db.execute("BEGIN IMMEDIATE").await.map_err(driver)?;
    for job in batch {
        db.execute("SAVEPOINT write").await.map_err(driver)?;
        if let Err(refused) = job.run(db).await {
            take_back(db, refused).await?;
        }
        db.execute("RELEASE write").await.map_err(driver)?;
    }
    db.execute("COMMIT").await.map_err(driver)?;
    Ok(())
}

/// Takes back what a write did before it failed. Some failures, such as a full disk, make SQLite
/// roll back the whole transaction; everybody in it then learns that one.
async fn take_back(db: &mut SqliteConnection, refused: LedgerError) -> Result<(), LedgerError> {
    match db.execute("ROLLBACK TO write").await {
        Ok(_) => Ok(()),
        Err(gone) => Err(match refused {
            LedgerError::Full | LedgerError::ReadOnly | LedgerError::Unavailable { .. } => refused,
            _ => driver(gone),
        }),
    }
}

/// Moves the log into the file and empties it, so that no copy of what was erased stays in it.
/// Where a reader is in the way, the log is emptied by a later write.
async fn scrub(db: &mut SqliteConnection) {
    if let Err(error) = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").await {
        tracing::warn!(%error, "the log was not emptied after an erasure; later writes will");
    }
}

/// Whether writing works.
pub(super) struct Check;

#[async_trait]
impl Write for Check {
    type Output = ();

    async fn apply(&mut self, db: &mut SqliteConnection) -> Result<(), LedgerError> {
        sqlx::query(concat!(
            "INSERT INTO readiness (id, checked_at_us) VALUES (1, ",
            now_us!(),
            ") ON CONFLICT (id) DO UPDATE SET checked_at_us = excluded.checked_at_us",
        ))
        .execute(db)
        .await
        .map_err(driver)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
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
    async fn together(writer: Writer, writes: &[Sql]) -> (Vec<Result<(), LedgerError>>, Writer) {
        let before = writer.commits();
        let writer = Arc::new(writer);
        let mut tasks = JoinSet::new();
        for (place, &Sql(sql)) in writes.iter().enumerate() {
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
        let impatient = tokio::time::timeout(Duration::ZERO, writer.write(Sql(GOOD))).await;
        assert!(impatient.is_err());
        writer.write(Sql(GOOD)).await.unwrap();
        assert_eq!(notes(&dir).await, 2, "what was queued is written");
    }
}
