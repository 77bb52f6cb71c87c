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
    // Each statement goes to the connection's thread and back, so those that follow each other in
    // any case go together.
    db.execute("BEGIN IMMEDIATE; SAVEPOINT write").await.map_err(driver)?;
    for (place, job) in batch.iter_mut().enumerate() {
        if place > 0 {
            db.execute("RELEASE write; SAVEPOINT write").await.map_err(driver)?;
        }
        if let Err(refused) = job.run(db).await {
            take_back(db, refused).await?;
        }
    }
    db.execute("RELEASE write; COMMIT").await.map_err(driver)?;
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
mod tests;
