//! The readers, in a file of the tests' own.

use std::sync::mpsc;

use tempfile::TempDir;
use tokio::task::JoinSet;

use super::*;
use crate::sqlite::statement::{execute, is_any, one};

async fn fresh() -> (TempDir, Connection, Arc<Readers>) {
    let dir = tempfile::tempdir().unwrap();
    let opened = open::open(&dir.path().join("kvitt.db")).await.unwrap();
    opened.writer.execute_batch("CREATE TABLE note (text TEXT) STRICT").unwrap();
    (dir, opened.writer, Arc::new(opened.readers))
}

fn notes(db: &Connection) -> Result<i64, LedgerError> {
    one(db, "SELECT count(*) FROM note", [], |row| row.get(0).map_err(driver))
}

fn idle(readers: &Readers) -> usize {
    readers.idle.threads().len()
}

/// Marks the connection that reads.
fn mark(db: &Connection) -> Result<(), LedgerError> {
    db.execute_batch("PRAGMA cache_size = 77").map_err(driver)
}

fn is_marked(db: &Connection) -> Result<bool, LedgerError> {
    one(db, "PRAGMA cache_size", [], |row| Ok(row.get::<_, i64>(0).map_err(driver)? == 77))
}

/// Reads that go on until they are let go, once all of them have begun.
async fn held(readers: &Arc<Readers>, how_many: usize) -> (JoinSet<()>, Vec<mpsc::Sender<()>>) {
    let (mut reads, mut let_go) = (JoinSet::new(), Vec::new());
    let (begun, mut have_begun) = tokio::sync::mpsc::channel(how_many);
    for _ in 0..how_many {
        let (sender, held) = mpsc::channel::<()>();
        let_go.push(sender);
        let (readers, begun) = (Arc::clone(readers), begun.clone());
        reads.spawn(async move {
            let read = move |db: &Connection| {
                let found = notes(db);
                begun.blocking_send(()).unwrap();
                let _ = held.recv();
                found
            };
            assert_eq!(readers.read(read).await.unwrap(), 0);
        });
    }
    for _ in 0..how_many {
        have_begun.recv().await.unwrap();
    }
    (reads, let_go)
}

#[tokio::test]
async fn a_thread_is_started_when_it_is_needed_and_its_connection_used_again() {
    let (_dir, _writer, readers) = fresh().await;
    assert_eq!(idle(&readers), 0);
    readers.read(mark).await.unwrap();
    for _ in 0..3 {
        assert!(readers.read(is_marked).await.unwrap());
        assert_eq!(idle(&readers), 1);
    }
}

#[tokio::test]
async fn more_reads_than_connections_wait_and_get_their_turn() {
    let (_dir, _writer, readers) = fresh().await;
    assert_eq!(readers.turns.available_permits(), READERS_MAX);
    let (reads, let_go) = held(&readers, READERS_MAX).await;
    let mut waiting = JoinSet::new();
    for _ in 0..3 * READERS_MAX {
        let readers = Arc::clone(&readers);
        waiting.spawn(async move { readers.read(notes).await.unwrap() });
    }
    tokio::task::yield_now().await;
    assert_eq!(readers.turns.available_permits(), 0, "each connection is in use");
    assert!(waiting.try_join_next().is_none());
    drop(let_go);
    assert_eq!(waiting.join_all().await, [0; 3 * READERS_MAX]);
    reads.join_all().await;
    assert!(idle(&readers) <= READERS_MAX, "{}", idle(&readers));
}

#[tokio::test]
async fn a_turn_that_does_not_come_is_told() {
    let (_dir, _writer, mut readers) = fresh().await;
    Arc::get_mut(&mut readers).unwrap().patience = Duration::ZERO;
    let (reads, let_go) = held(&readers, READERS_MAX).await;
    let error = readers.read(notes).await.unwrap_err();
    assert!(matches!(error, LedgerError::Unavailable { .. }), "{error}");
    drop(let_go);
    reads.join_all().await;
    readers.read(notes).await.unwrap();
}

#[tokio::test]
async fn a_read_that_is_given_up_loses_no_connection() {
    let (_dir, _writer, readers) = fresh().await;
    for _ in 0..3 {
        let (mut reads, let_go) = held(&readers, READERS_MAX).await;
        reads.shutdown().await;
        drop(let_go);
        // As soon as they have ended, whoever comes next has them all.
        let all = u32::try_from(READERS_MAX).unwrap();
        drop(readers.turns.acquire_many(all).await.unwrap());
        assert_eq!(idle(&readers), READERS_MAX);
    }
}

#[tokio::test]
async fn a_read_that_fails_or_panics_keeps_nobody_from_reading() {
    let (_dir, _writer, readers) = fresh().await;
    for _ in 0..=READERS_MAX {
        readers.read(mark).await.unwrap();
        let refused = readers.read::<()>(|_| Err(LedgerError::BadCursor)).await;
        assert!(matches!(refused, Err(LedgerError::BadCursor)), "{refused:?}");
        assert!(readers.read(is_marked).await.unwrap(), "the ledger refused, not the connection");
        let missing = readers.read(|db| is_any(db, "SELECT 1 FROM missing", [])).await;
        assert!(matches!(missing, Err(LedgerError::Driver(_))), "{missing:?}");
        assert!(!readers.read(is_marked).await.unwrap(), "another connection");
        let panicked = readers.read::<()>(|_| panic!("as a mistake would")).await;
        assert!(matches!(panicked, Err(LedgerError::Unavailable { .. })), "{panicked:?}");
        assert_eq!(idle(&readers), 0);
    }
    assert_eq!(readers.read(notes).await.unwrap(), 0);
}

#[tokio::test]
async fn the_file_is_let_go_once_nobody_reads_it_any_more() {
    let (dir, writer, readers) = fresh().await;
    let (reads, let_go) = held(&readers, 2).await;
    drop((writer, readers, let_go));
    reads.join_all().await;
    // Only when no other has the file open can one have it for itself.
    let alone = Connection::open(dir.path().join("kvitt.db")).unwrap();
    alone.busy_timeout(Duration::from_secs(20)).unwrap();
    alone.execute_batch("PRAGMA locking_mode = EXCLUSIVE").unwrap();
    while alone.execute_batch("INSERT INTO note VALUES ('last')").is_err() {}
}

#[tokio::test]
async fn reads_go_on_beside_a_writer_and_cannot_write() {
    let (_dir, writer, readers) = fresh().await;
    writer.execute_batch("BEGIN IMMEDIATE; INSERT INTO note VALUES ('new')").unwrap();
    assert_eq!(readers.read(notes).await.unwrap(), 0, "it sees what is committed");
    writer.execute_batch("COMMIT").unwrap();
    assert_eq!(readers.read(notes).await.unwrap(), 1);
    let refused = readers.read(|db| execute(db, "DELETE FROM note", [])).await;
    assert!(matches!(refused, Err(LedgerError::ReadOnly)), "{refused:?}");
}

#[tokio::test]
async fn who_reads_by_a_key_needs_no_thread() {
    let (_dir, writer, readers) = fresh().await;
    for count in 0..3 {
        assert_eq!(readers.read_by_key(notes).await.unwrap(), count);
        execute(&writer, "INSERT INTO note VALUES ('read at once')", []).unwrap();
    }
    assert_eq!(idle(&readers), 0);
    assert_eq!(readers.at_hand().len(), 1, "one connection, used again");
}

#[tokio::test]
async fn what_is_in_the_way_is_waited_for_and_told_by_a_thread() {
    let (_dir, _writer, readers) = fresh().await;
    readers.read_by_key(mark).await.unwrap();
    let missing = readers.read_by_key(|db| is_any(db, "SELECT 1 FROM missing", [])).await;
    assert!(matches!(missing, Err(LedgerError::Driver(_))), "{missing:?}");
    assert!(!readers.read_by_key(is_marked).await.unwrap(), "another connection");
    let waits = readers.read_by_key(|db| {
        one(db, "PRAGMA busy_timeout", [], |row| row.get::<_, i64>(0).map_err(driver)).and_then(
            // As SQLite refuses while another holds the whole file.
            |patience| if patience == 0 { Err(unavailable("it is locked")) } else { Ok(patience) },
        )
    });
    assert_eq!(u128::try_from(waits.await.unwrap()).unwrap(), BUSY_TIMEOUT.as_millis());
}
