//! The one connection that writes. Its thread takes all writes that wait, carries them out in one
//! transaction, and answers them when that is on the disk. A write that has it to itself is carried
//! out where it is asked for.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::{mpsc, oneshot};

use super::error::driver;
use super::open::BUSY_TIMEOUT;
use super::pace::{Pace, Times};
use super::row::now_us;
use super::statement::{execute, one};
use crate::error::LedgerError;

/// How many writes wait at most. Who comes then waits for a place.
const QUEUE_MAX: usize = 1_024;

/// How long a transaction of one write takes at most on a disk that is worth waiting for right here:
/// to wake the thread, and to be woken by it, takes a tenth of this, and a worker of the runtime is
/// not missed for so long.
const PROMPT: Duration = Duration::from_millis(1);

/// Something to write, carried out inside a transaction that others share. What fails leaves
/// nothing behind, and the others go on.
pub(super) trait Write: Send + 'static {
    /// What the writer of it learns.
    type Output: Send + 'static;

    /// Whether what was deleted must also leave the log that lies beside the file.
    const SCRUB: bool = false;

    /// Writes it. Called again where the first time was taken back.
    fn apply(&mut self, db: &Connection) -> Result<Self::Output, LedgerError>;
}

/// The way to the connection that writes. Its thread ends when this is dropped and the queue is
/// empty.
#[derive(Debug)]
pub(super) struct Writer {
    queue: mpsc::Sender<Box<dyn Job>>,
    pen: Arc<Pen>,
    /// Whether others go on while one worker of the runtime waits for the disk.
    has_other_workers: bool,
}

/// The connection, which goes around: who has it writes.
#[derive(Debug)]
struct Pen {
    /// None once a write has panicked: the connection was closed, and what was not committed is gone.
    db: Mutex<Option<Connection>>,
    commits: AtomicU64,
    /// Whether the last transaction was one write's, and took no longer than [`PROMPT`].
    is_prompt: AtomicBool,
}

impl Writer {
    /// Starts the thread with this connection.
    pub(super) fn start(db: Connection) -> Result<Self, LedgerError> {
        let (queue, jobs) = mpsc::channel(QUEUE_MAX);
        let pen = Arc::new(Pen {
            db: Mutex::new(Some(db)),
            commits: AtomicU64::new(0),
            is_prompt: AtomicBool::new(false),
        });
        // Each statement is a call, not a message to another thread and back, so the connection has
        // a thread of its own in which it may wait for the disk.
        std::thread::Builder::new()
            .name("ledger-writer".to_owned())
            .spawn({
                let pen = Arc::clone(&pen);
                move || run(&pen, jobs)
            })
            .map_err(|error| LedgerError::Unavailable {
                what: format!("its writer has not started ({error})"),
            })?;
        let has_other_workers = Handle::try_current().is_ok_and(|runtime| {
            runtime.runtime_flavor() == RuntimeFlavor::MultiThread
                && runtime.metrics().num_workers() > 1
        });
        Ok(Self { queue, pen, has_other_workers })
    }

    /// How many transactions were committed.
    pub(super) fn commits(&self) -> u64 {
        self.pen.commits.load(Ordering::Relaxed)
    }

    /// Writes it, and returns once it is on the disk.
    pub(super) async fn write<W: Write>(&self, write: W) -> Result<W::Output, LedgerError> {
        let stopped = || LedgerError::Unavailable { what: "its writer has stopped".to_owned() };
        let (answer, answered) = oneshot::channel();
        let job = Box::new(Pending { write, result: None, answer });
        if let Err(job) = self.write_at_once(job) {
            self.queue.send(job).await.map_err(|_| stopped())?;
        }
        answered.await.map_err(|_| stopped())?
    }

    /// Writes it right here where that is over sooner than the thread would be awake: nobody else
    /// writes, or waits to, and the last write was alone and quick. Otherwise gives it back.
    ///
    /// Where many write, they come to wait for each other, and the thread takes them together.
    fn write_at_once(&self, job: Box<dyn Job>) -> Result<(), Box<dyn Job>> {
        let is_idle = self.queue.capacity() == self.queue.max_capacity();
        let is_prompt = self.pen.is_prompt.load(Ordering::Relaxed);
        if !(self.has_other_workers && is_idle && is_prompt) || job.scrubs() {
            return Err(job);
        }
        let Ok(mut turn) = self.pen.db.try_lock() else { return Err(job) };
        let Some(db) = turn.take() else { return Err(job) };
        // Another process that holds the file is waited for by the thread.
        if begin_at_once(&db).is_err() {
            *turn = Some(db);
            return Err(job);
        }
        let mut jobs = vec![job];
        // A write that panics is forgotten with its connection, and who waits for it learns so.
        let _ = catch_unwind(AssertUnwindSafe(|| {
            let outcome = self.pen.account(&db, Instant::now(), &mut jobs, end);
            *turn = Some(db);
            drop(turn);
            jobs.drain(..).for_each(|job| job.answer(outcome.clone()));
        }));
        Ok(())
    }
}

impl Pen {
    fn turn(&self) -> MutexGuard<'_, Option<Connection>> {
        self.db.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Carries a transaction out, and notes how it went.
    fn account(
        &self,
        db: &Connection,
        begun: Instant,
        jobs: &mut [Box<dyn Job>],
        carry_out: impl FnOnce(&Connection, &mut [Box<dyn Job>]) -> Result<End, LedgerError>,
    ) -> Result<(), LedgerError> {
        let outcome = match carry_out(db, jobs) {
            Ok(End::Committed(_)) => {
                self.commits.fetch_add(1, Ordering::Relaxed);
                if jobs.iter().any(|job| job.scrubs()) {
                    scrub(db);
                }
                Ok(())
            }
            Ok(End::TakenBack) => Ok(()),
            Err(error) => {
                tracing::error!(%error, writes = jobs.len(), "a transaction failed; nothing of it is stored");
                // It fails where SQLite has rolled back on its own, which is as good.
                let _ = execute(db, "ROLLBACK", []);
                Err(error)
            }
        };
        let is_prompt = jobs.len() == 1 && begun.elapsed() <= PROMPT;
        self.is_prompt.store(is_prompt, Ordering::Relaxed);
        outcome
    }
}

/// A write that waits, whatever it writes.
trait Job: Send {
    /// Carries it out; where it fails, what it did shall not stay. Can be called again.
    fn run(&mut self, db: &Connection) -> Result<(), LedgerError>;

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

impl<W: Write> Job for Pending<W> {
    fn run(&mut self, db: &Connection) -> Result<(), LedgerError> {
        let result = self.result.insert(self.write.apply(db));
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

/// A write that panics ends the thread: who waits, and who comes later, learns that it has stopped.
fn run(pen: &Pen, mut jobs: mpsc::Receiver<Box<dyn Job>>) {
    let mut batch = Vec::new();
    // Who writes at once is alone, which teaches nothing about many.
    let mut pace = Pace::default();
    while jobs.blocking_recv_many(&mut batch, pace.room()) > 0 {
        let mut turn = pen.turn();
        // Taken out, so that it is closed where a write panics, which takes back what it did.
        let Some(db) = turn.take() else { return };
        // Those who came while the pen was with somebody else.
        while batch.len() < pace.room()
            && let Ok(job) = jobs.try_recv()
        {
            batch.push(job);
        }
        let outcome = pen.account(&db, Instant::now(), &mut batch, |db, batch| {
            let end = carry_out(db, batch)?;
            if let End::Committed(times) = end {
                pace.learn(batch.len(), times);
            }
            Ok(end)
        });
        *turn = Some(db);
        drop(turn);
        for job in batch.drain(..) {
            job.answer(outcome.clone());
        }
    }
    let closed = pen.turn().take().map(Connection::close);
    if let Some(Err((_, error))) = closed {
        tracing::warn!(%error, "the database was not closed in order; the next start recovers it");
    }
}

/// How a transaction ended that did not fail.
enum End {
    /// What was written is on the disk.
    Committed(Times),
    /// Nothing of it is stored: one of its writes failed half done, or its only one was refused.
    TakenBack,
}

/// Carries them out in one transaction. As a rule none of them fails, or only before it writes
/// anything, as what is decided on an old version does. Only where one fails half done are they
/// carried out once more, each so that it can be taken back alone: to be ready for that each time
/// would mean to keep a copy of each page that it writes.
fn carry_out(db: &Connection, batch: &mut [Box<dyn Job>]) -> Result<End, LedgerError> {
    begin(db)?;
    match end(db, batch)? {
        End::TakenBack if batch.len() > 1 => {
            begin(db)?;
            each_apart(db, batch)
        }
        end => Ok(end),
    }
}

fn begin(db: &Connection) -> Result<(), LedgerError> {
    execute(db, "BEGIN IMMEDIATE", []).map(drop)
}

/// The same for who does not wait for another process.
fn begin_at_once(db: &Connection) -> Result<(), LedgerError> {
    db.busy_timeout(Duration::ZERO).map_err(driver)?;
    let begun = begin(db);
    db.busy_timeout(BUSY_TIMEOUT).map_err(driver)?;
    begun
}

/// Carries them out in the transaction that was begun, and ends it.
fn end(db: &Connection, batch: &mut [Box<dyn Job>]) -> Result<End, LedgerError> {
    let begun = Instant::now();
    let is_alone = batch.len() == 1;
    for job in batch {
        let rows = db.total_changes();
        let done = job.run(db);
        still_open(db, done.as_ref().err())?;
        if let Err(refused) = done
            && (is_alone || db.total_changes() != rows)
        {
            take_back(db, "ROLLBACK", refused)?;
            return Ok(End::TakenBack);
        }
    }
    commit(db, begun)
}

fn commit(db: &Connection, begun: Instant) -> Result<End, LedgerError> {
    let written = Instant::now();
    execute(db, "COMMIT", [])?;
    let times = Times { writing: written.duration_since(begun), commit: written.elapsed() };
    Ok(End::Committed(times))
}

/// Each with a savepoint, so that it can be taken back without the others.
fn each_apart(db: &Connection, batch: &mut [Box<dyn Job>]) -> Result<End, LedgerError> {
    let begun = Instant::now();
    for job in batch {
        execute(db, "SAVEPOINT write", [])?;
        if let Err(refused) = job.run(db) {
            take_back(db, "ROLLBACK TO write", refused)?;
        }
        execute(db, "RELEASE write", [])?;
    }
    commit(db, begun)
}

/// Some failures, such as a full disk, make SQLite roll back the whole transaction. What comes then
/// would be stored by itself, so everybody in it learns why it is gone.
fn still_open(db: &Connection, failed: Option<&LedgerError>) -> Result<(), LedgerError> {
    if !db.is_autocommit() {
        return Ok(());
    }
    let gone = || LedgerError::Unavailable { what: "its transaction ended early".to_owned() };
    Err(failed.cloned().unwrap_or_else(gone))
}

/// Takes back what a write did before it failed.
fn take_back(db: &Connection, sql: &str, refused: LedgerError) -> Result<(), LedgerError> {
    match execute(db, sql, []) {
        Ok(_) => Ok(()),
        Err(gone) => Err(match refused {
            LedgerError::Full | LedgerError::ReadOnly | LedgerError::Unavailable { .. } => refused,
            _ => gone,
        }),
    }
}

/// Moves the log into the file and empties it, so that no copy of what was erased stays in it.
/// Where a reader is in the way, the log is emptied by a later write.
fn scrub(db: &Connection) {
    if let Err(error) = one(db, "PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())) {
        tracing::warn!(%error, "the log was not emptied after an erasure; later writes will");
    }
}

/// Whether writing works.
pub(super) struct Check;

impl Write for Check {
    type Output = ();

    fn apply(&mut self, db: &Connection) -> Result<(), LedgerError> {
        let sql = concat!(
            "INSERT INTO readiness (id, checked_at_us) VALUES (1, ",
            now_us!(),
            ") ON CONFLICT (id) DO UPDATE SET checked_at_us = excluded.checked_at_us",
        );
        execute(db, sql, []).map(drop)
    }
}

#[cfg(test)]
mod tests;
