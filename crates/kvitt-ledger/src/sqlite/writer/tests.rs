//! The writer, driven with writes of the tests' own.

use std::path::PathBuf;
use std::time::Duration;

use rusqlite::TransactionBehavior;
use tempfile::TempDir;
use tokio::task::JoinSet;

use super::*;
use crate::sqlite::error::driver;
use crate::sqlite::open;

/// Statements to run as one write.
struct Sql(&'static [&'static str]);

impl Write for Sql {
    type Output = ();

    fn apply(&mut self, db: &Connection) -> Result<(), LedgerError> {
        self.0.iter().try_for_each(|sql| db.execute_batch(sql).map_err(driver))
    }
}

const GOOD: &[&str] = &["INSERT INTO note VALUES ('good')"];

/// Too much for a disk of a few pages.
const BIG: &[&str] =
    &["INSERT INTO note VALUES ('half')", "INSERT INTO note VALUES (hex(randomblob(90000)))"];

/// A write that says that it has begun, and goes on until it is let go.
struct Held {
    begun: Option<oneshot::Sender<()>>,
    is_let_go: std::sync::mpsc::Receiver<()>,
}

impl Write for Held {
    type Output = ();

    fn apply(&mut self, _: &Connection) -> Result<(), LedgerError> {
        self.begun.take().unwrap().send(()).unwrap();
        self.is_let_go.recv().unwrap();
        Ok(())
    }
}

/// A write that says which thread carries it out.
struct Where(std::sync::mpsc::Sender<std::thread::ThreadId>);

impl Write for Where {
    type Output = ();

    fn apply(&mut self, db: &Connection) -> Result<(), LedgerError> {
        self.0.send(std::thread::current().id()).unwrap();
        db.execute_batch(GOOD[0]).map_err(driver)
    }
}

/// Whether a write is carried out by who asks for it.
async fn is_written_at_once(writer: &Writer) -> bool {
    let (tell, told) = std::sync::mpsc::channel();
    writer.write(Where(tell)).await.unwrap();
    told.recv().unwrap() == std::thread::current().id()
}

/// As if the last write had been alone, on a quick disk.
fn is_prompt(writer: &Writer) {
    writer.pen.is_prompt.store(true, Ordering::Relaxed);
}

struct Panics;

impl Write for Panics {
    type Output = ();

    fn apply(&mut self, db: &Connection) -> Result<(), LedgerError> {
        db.execute_batch(GOOD[0]).unwrap();
        panic!("as a mistake would");
    }
}

async fn fresh() -> (TempDir, Writer) {
    let dir = tempfile::tempdir().unwrap();
    let db = open::open(&file(&dir)).await.unwrap().writer;
    db.execute_batch("CREATE TABLE note (text TEXT) STRICT").unwrap();
    (dir, Writer::start(db).unwrap())
}

fn file(dir: &TempDir) -> PathBuf {
    dir.path().join("kvitt.db")
}

/// A connection of another process.
fn other(dir: &TempDir) -> Connection {
    Connection::open(file(dir)).unwrap()
}

/// Writes them all in one transaction: the thread is held until all are in its queue.
async fn together(writer: Writer, all: &[Sql]) -> (Vec<Result<(), LedgerError>>, Writer) {
    let before = writer.commits();
    let writer = Arc::new(writer);
    let mut tasks = JoinSet::new();
    let (let_go, is_let_go) = std::sync::mpsc::channel();
    let (begun, has_begun) = oneshot::channel();
    let hold = Held { begun: Some(begun), is_let_go };
    let first = tokio::spawn({
        let writer = Arc::clone(&writer);
        async move { writer.write(hold).await }
    });
    has_begun.await.unwrap();
    for (place, &Sql(sql)) in all.iter().enumerate() {
        let writer = Arc::clone(&writer);
        tasks.spawn(async move { (place, writer.write(Sql(sql)).await) });
    }
    while writer.queue.max_capacity() - writer.queue.capacity() < all.len() {
        tokio::task::yield_now().await;
    }
    let_go.send(()).unwrap();
    first.await.unwrap().unwrap();
    let mut results = tasks.join_all().await;
    results.sort_by_key(|(place, _)| *place);
    let writer = Arc::into_inner(writer).unwrap();
    assert!(writer.commits() - before <= 2, "one transaction, besides the one that held it");
    (results.into_iter().map(|(_, result)| result).collect(), writer)
}

fn notes(dir: &TempDir) -> i64 {
    other(dir).query_row("SELECT count(*) FROM note", [], |row| row.get(0)).unwrap()
}

#[tokio::test]
async fn what_fails_is_taken_back_alone() {
    let (dir, writer) = fresh().await;
    let fails = Sql(&["INSERT INTO note VALUES ('half')", "INSERT INTO note VALUES (1, 2)"]);
    let (results, _) = together(writer, &[Sql(GOOD), fails, Sql(GOOD)]).await;

    assert!(results[0].is_ok() && results[2].is_ok(), "{results:?}");
    assert!(matches!(results[1], Err(LedgerError::Driver(_))), "{results:?}");
    assert_eq!(notes(&dir), 2);
}

#[tokio::test]
async fn what_fails_by_itself_is_taken_back_with_its_transaction() {
    let (dir, writer) = fresh().await;
    let fails = Sql(&["INSERT INTO note VALUES ('half')", "INSERT INTO note VALUES (1, 2)"]);
    let error = writer.write(fails).await.unwrap_err();

    assert!(matches!(error, LedgerError::Driver(_)), "{error}");
    assert_eq!((writer.commits(), notes(&dir)), (0, 0));
    writer.write(Sql(GOOD)).await.unwrap();
    assert_eq!((writer.commits(), notes(&dir)), (1, 1));
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
    assert_eq!((writer.commits(), notes(&dir)), (1, 0));
    writer.write(Sql(GOOD)).await.unwrap();
    assert_eq!((writer.commits(), notes(&dir)), (2, 1));
}

#[tokio::test]
async fn a_transaction_that_is_gone_is_not_carried_on() {
    let (dir, writer) = fresh().await;
    let rolls_back = Sql(&["ROLLBACK"]);
    let (results, writer) = together(writer, &[Sql(GOOD), rolls_back, Sql(GOOD)]).await;

    assert!(results.iter().all(Result::is_err), "{results:?}");
    assert_eq!(notes(&dir), 0);
    assert!(writer.write(Sql(&["ROLLBACK"])).await.is_err());
    writer.write(Sql(GOOD)).await.unwrap();
    assert_eq!(notes(&dir), 1);
}

#[tokio::test]
async fn a_full_disk_is_told_and_left() {
    let (dir, writer) = fresh().await;
    writer.write(Sql(&["PRAGMA max_page_count = 1"])).await.unwrap();
    let full = |result: &_| matches!(result, &Err(LedgerError::Full));
    assert!(full(&writer.write(Sql(BIG)).await));
    let (results, writer) = together(writer, &[Sql(GOOD), Sql(BIG), Sql(GOOD)]).await;

    assert!(results.iter().all(full), "{results:?}");
    assert_eq!(notes(&dir), 0);
    writer.write(Sql(&["PRAGMA max_page_count = 100000"])).await.unwrap();
    writer.write(Sql(GOOD)).await.unwrap();
    assert_eq!(notes(&dir), 1);
}

#[tokio::test]
async fn a_file_that_cannot_be_written_is_told() {
    let (dir, writer) = fresh().await;
    let (results, writer) = together(writer, &[Sql(&["PRAGMA query_only = ON"]), Sql(GOOD)]).await;
    assert!(matches!(results[1], Err(LedgerError::ReadOnly)), "{results:?}");
    let error = writer.write(Sql(GOOD)).await.unwrap_err();
    assert!(matches!(error, LedgerError::ReadOnly), "{error}");
    assert_eq!(notes(&dir), 0);
}

#[tokio::test]
async fn a_lock_held_by_another_process_is_told() {
    let (dir, writer) = fresh().await;
    writer.write(Sql(&["PRAGMA busy_timeout = 1"])).await.unwrap();
    let mut other = other(&dir);
    let lock = other.transaction_with_behavior(TransactionBehavior::Immediate).unwrap();

    let error = writer.write(Sql(GOOD)).await.unwrap_err();
    assert!(matches!(error, LedgerError::Unavailable { .. }), "{error}");
    lock.rollback().unwrap();
    writer.write(Sql(GOOD)).await.unwrap();
    assert_eq!(notes(&dir), 1);
}

#[tokio::test]
async fn a_write_that_nobody_waits_for_harms_nobody() {
    let (dir, writer) = fresh().await;
    // Nothing can be written as long as another holds the lock, however quick the writer is.
    let mut other = other(&dir);
    let lock = other.transaction_with_behavior(TransactionBehavior::Immediate).unwrap();
    let impatient = tokio::time::timeout(Duration::ZERO, writer.write(Sql(GOOD))).await;
    assert!(impatient.is_err());
    lock.rollback().unwrap();
    writer.write(Sql(GOOD)).await.unwrap();
    assert_eq!(notes(&dir), 2, "what was queued is written");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_alone_on_a_quick_disk_writes_at_once() {
    let (dir, writer) = fresh().await;
    assert!(!is_written_at_once(&writer).await, "nobody knows yet how quick the disk is");
    is_prompt(&writer);
    assert!(is_written_at_once(&writer).await);
    assert_eq!((writer.commits(), notes(&dir)), (2, 2));
    is_prompt(&writer);
    let half = Sql(&["INSERT INTO note VALUES ('half')", "INSERT INTO note VALUES (1, 2)"]);
    assert!(matches!(writer.write(half).await, Err(LedgerError::Driver(_))));
    assert_eq!((writer.commits(), notes(&dir)), (2, 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_slow_disk_and_beside_others_the_thread_writes() {
    struct Slow;
    impl Write for Slow {
        type Output = ();

        fn apply(&mut self, _: &Connection) -> Result<(), LedgerError> {
            std::thread::sleep(2 * PROMPT);
            Ok(())
        }
    }
    let (_dir, writer) = fresh().await;
    let (_, writer) = together(writer, &[Sql(GOOD), Sql(GOOD)]).await;
    assert!(!is_written_at_once(&writer).await);
    is_prompt(&writer);
    writer.write(Slow).await.unwrap();
    assert!(!is_written_at_once(&writer).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn the_only_worker_waits_for_no_disk() {
    let (_dir, writer) = fresh().await;
    is_prompt(&writer);
    assert!(!is_written_at_once(&writer).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_process_is_waited_for_by_the_thread() {
    let (dir, writer) = fresh().await;
    is_prompt(&writer);
    let mut other = other(&dir);
    let lock = other.transaction_with_behavior(TransactionBehavior::Immediate).unwrap();
    let (tell, told) = std::sync::mpsc::channel();
    let mut waits = Box::pin(writer.write(Where(tell)));
    let soon = tokio::time::timeout(Duration::ZERO, &mut waits).await;
    assert!(soon.is_err(), "this worker is free for others");
    lock.rollback().unwrap();
    waits.await.unwrap();
    assert_ne!(told.recv().unwrap(), std::thread::current().id());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_that_panics_at_once_stops_the_writer_too() {
    let (dir, writer) = fresh().await;
    is_prompt(&writer);
    for error in [writer.write(Panics).await, writer.write(Sql(GOOD)).await] {
        let error = error.unwrap_err().to_string();
        assert!(error.contains("its writer has stopped"), "{error}");
    }
    assert_eq!(notes(&dir), 0);
    other(&dir).execute_batch(GOOD[0]).unwrap();
}

#[tokio::test]
async fn a_write_that_panics_stops_the_writer_and_is_told() {
    let (dir, writer) = fresh().await;
    for error in [writer.write(Panics).await, writer.write(Sql(GOOD)).await] {
        let error = error.unwrap_err().to_string();
        assert!(error.contains("its writer has stopped"), "{error}");
    }
    assert_eq!(notes(&dir), 0, "what it wrote before is taken back, and nobody is kept out");
    other(&dir).execute_batch(GOOD[0]).unwrap();
}

#[tokio::test]
async fn a_writer_that_is_dropped_writes_what_it_was_given_and_closes_the_file() {
    let (dir, writer) = fresh().await;
    let mut last = Box::pin(writer.write(Sql(GOOD)));
    std::future::poll_fn(|context| {
        let _ = last.as_mut().poll(context);
        std::task::Poll::Ready(())
    })
    .await;
    drop(last);
    drop(writer);
    // Only when no other has the file open can one have it for itself.
    let alone = other(&dir);
    alone.busy_timeout(Duration::from_secs(20)).unwrap();
    alone.execute_batch("PRAGMA locking_mode = EXCLUSIVE").unwrap();
    while alone.execute_batch(GOOD[0]).is_err() {}
    drop(alone);
    assert_eq!(notes(&dir), 2);
    let log = dir.path().join("kvitt.db-wal");
    assert!(!log.exists(), "whoever closes it last takes the log in");
}
