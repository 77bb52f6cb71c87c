//! The suite on SQLite, and what only SQLite has: a file.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod backup;
mod later;
#[path = "../suite/mod.rs"]
mod suite;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use kvitt_ledger::{Append, Ledger, LedgerError, PrivateChange, SaleQuery, SqliteLedger};
use rusqlite::Connection;
use tempfile::TempDir;

use suite::sample::{endpoint, moment, quiet_step, sale, step, user};

async fn fresh() -> (TempDir, Arc<dyn Ledger>) {
    let dir = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", file(&dir).display());
    let ledger = kvitt_ledger::open(&url).await.unwrap();
    (dir, ledger)
}

suite::suite!(crate::fresh);

fn file(dir: &TempDir) -> PathBuf {
    dir.path().join("kvitt.db")
}

/// A connection of somebody else.
fn connect(path: &Path) -> Connection {
    Connection::open(path).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn appends_at_once_share_transactions() {
    const APPENDS: u64 = 1_000;
    let dir = tempfile::tempdir().unwrap();
    let ledger = Arc::new(SqliteLedger::open(&file(&dir)).await.unwrap());
    let appends: Vec<_> = (0..u128::from(APPENDS))
        .map(|number| {
            let ledger = Arc::clone(&ledger);
            tokio::spawn(async move { ledger.append(step(sale(number), 0)).await })
        })
        .collect();
    for append in appends {
        assert_eq!(append.await.unwrap().unwrap().len(), 1);
    }
    println!("{APPENDS} appends took {} transactions", ledger.commits());
    assert!(ledger.commits() < APPENDS / 2, "{}", ledger.commits());
    assert_eq!(ledger.feed(0, 1_000).await.unwrap().len(), 1_000);
}

#[tokio::test]
async fn everything_is_there_after_opening_again() {
    let (dir, ledger) = fresh().await;
    let private = vec![PrivateChange::SetSecret { name: "token".to_owned(), value: "t".into() }];
    ledger.append(Append { private, ..step(sale(1), 0) }).await.unwrap();
    let before = (ledger.events(sale(1)).await.unwrap(), ledger.feed(0, 10).await.unwrap());
    drop(ledger);

    let ledger = SqliteLedger::open(&file(&dir)).await.unwrap();

    let after = (ledger.events(sale(1)).await.unwrap(), ledger.feed(0, 10).await.unwrap());
    assert_eq!(before, after);
    assert!(ledger.private(sale(1)).await.unwrap().secret("token").is_some());
    assert!(ledger.summary(sale(1)).await.unwrap().is_some());
    ledger.append(step(sale(1), 1)).await.unwrap();
    assert!(ledger.feed(0, 10).await.unwrap()[1].position > before.1[0].position);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_may_open_and_write_one_new_file() {
    let dir = tempfile::tempdir().unwrap();
    let opened: Vec<_> = (0..8)
        .map(|_| {
            let path = file(&dir);
            tokio::spawn(async move { SqliteLedger::open(&path).await.unwrap() })
        })
        .collect();
    let mut ledgers = Vec::new();
    for ledger in opened {
        ledgers.push(ledger.await.unwrap());
    }
    for (version, ledger) in (0..).zip(&ledgers) {
        ledger.append(step(sale(1), version)).await.unwrap();
        let error = ledger.append(step(sale(1), version)).await.unwrap_err();
        assert!(matches!(error, LedgerError::Conflict { .. }), "{error}");
    }
    assert_eq!(ledgers[0].events(sale(1)).await.unwrap().len(), 8);
}

#[cfg(unix)]
#[tokio::test]
async fn only_its_owner_may_read_the_files() {
    use std::os::unix::fs::PermissionsExt as _;
    let (dir, ledger) = fresh().await;
    ledger.append(step(sale(1), 0)).await.unwrap();
    let modes: Vec<_> = std::fs::read_dir(dir.path())
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name(), entry.metadata().unwrap().permissions().mode() & 0o777))
        .collect();
    assert!(modes.len() >= 2, "the file and its log: {modes:?}");
    assert!(modes.iter().all(|(_, mode)| *mode == 0o600), "{modes:?}");
}

#[tokio::test]
async fn what_is_erased_is_in_none_of_the_files() {
    const PERSON: &str = "Ada Lovelace, Storgatan 1";
    let (dir, ledger) = fresh().await;
    let is_there = || {
        std::fs::read_dir(dir.path()).unwrap().any(|entry| {
            let bytes = std::fs::read(entry.unwrap().path()).unwrap();
            bytes.windows(PERSON.len()).any(|window| window == PERSON.as_bytes())
        })
    };
    let value = PERSON.repeat(100).into();
    let private = vec![PrivateChange::SetPersonal { name: "billing".to_owned(), value }];
    ledger.append(Append { private, ..step(sale(1), 0) }).await.unwrap();
    assert!(is_there());
    ledger.erase_personal(sale(1)).await.unwrap();
    assert!(!is_there());
}

#[tokio::test]
async fn events_cannot_be_changed_or_deleted() {
    let (dir, ledger) = fresh().await;
    ledger.append(step(sale(1), 0)).await.unwrap();
    let other = connect(&file(&dir));
    for sql in ["UPDATE event SET name = 'x'", "DELETE FROM event"] {
        let error = other.execute_batch(sql).unwrap_err();
        assert!(error.to_string().contains("only ever appended"), "{error}");
    }
    assert_eq!(ledger.events(sale(1)).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_row_that_cannot_be_read_is_named() {
    for (damage, named) in [
        ("UPDATE event SET event = '{\"type\":' WHERE seq = 2", "column event"),
        ("UPDATE event SET event = '{\"type\":\"from_the_future\"}' WHERE seq = 2", "seq 2"),
        ("UPDATE event SET cause = '7' WHERE seq = 2", "column cause"),
        ("UPDATE event SET id = 'evt_1' WHERE seq = 2", "column id"),
        ("UPDATE event SET at_us = 9223372036854775807 WHERE seq = 2", "column at_us"),
        ("DELETE FROM event WHERE seq = 2", "event 3 where 2 is due"),
        ("DELETE FROM event WHERE position = 1", "event 2 where 1 is due"),
    ] {
        let (dir, ledger) = fresh().await;
        for version in 0..3 {
            ledger.append(step(sale(1), version)).await.unwrap();
        }
        ledger.append(step(sale(2), 0)).await.unwrap();
        let other = connect(&file(&dir));
        other.execute_batch("DROP TRIGGER event_is_final").unwrap();
        other.execute_batch("DROP TRIGGER event_stays").unwrap();
        // SQLite itself keeps broken JSON out of the index's way; damage on the disk asks nobody.
        other.execute_batch("DROP INDEX event_intent").unwrap();
        other.execute_batch(damage).unwrap();

        let error = ledger.events(sale(1)).await.unwrap_err();
        assert!(matches!(error, LedgerError::Inconsistent { .. }), "{damage}: {error}");
        assert!(error.to_string().contains(named), "{damage}: {error}");
        assert_eq!(ledger.events(sale(2)).await.unwrap().len(), 1, "other sales are readable");
    }
}

#[tokio::test]
async fn a_damaged_projection_is_told_too() {
    let (dir, ledger) = fresh().await;
    let work = vec![kvitt_ledger::WorkChange::Schedule {
        work_id: suite::sample::work_id(1),
        kind: "place".to_owned(),
        due_in: std::time::Duration::ZERO,
    }];
    ledger.append(step(sale(1), 0)).await.unwrap();
    ledger.append(Append { work, ..quiet_step(sale(1), 1) }).await.unwrap();
    let other = connect(&file(&dir));
    other.execute_batch("UPDATE sale SET version = -1").unwrap();
    other.execute_batch("UPDATE work SET attempts = -5").unwrap();

    let wrong = |error: LedgerError, named: &str| {
        assert!(matches!(error, LedgerError::Inconsistent { .. }), "{error}");
        assert!(error.to_string().contains(named), "{error}");
    };
    wrong(ledger.summary(sale(1)).await.unwrap_err(), "column version");
    wrong(ledger.summaries(&SaleQuery::all(moment(0))).await.unwrap_err(), "column version");
    let lease = std::time::Duration::ZERO;
    wrong(ledger.claim_due(10, lease).await.unwrap_err(), "column attempts");
}

#[tokio::test]
async fn a_file_that_cannot_be_opened_is_named_with_the_way_out() {
    let dir = tempfile::tempdir().unwrap();
    let text = dir.path().join("notes.txt");
    std::fs::write(&text, "these are notes, and no database at all ".repeat(200)).unwrap();
    for (path, way_out) in [
        (dir.path().join("missing/kvitt.db"), "make it first"),
        (dir.path().to_owned(), "name a file in it"),
        (text.join("kvitt.db"), "name a file that this user may write"),
        (text.clone(), "no SQLite database"),
    ] {
        let error = SqliteLedger::open(&path).await.unwrap_err();
        assert!(matches!(error, LedgerError::CannotOpen { .. }), "{error}");
        let message = error.to_string();
        assert!(message.contains(way_out), "{message}");
        assert!(message.contains(path.to_str().unwrap()), "{message}");
    }
    let notes = std::fs::read_to_string(&text).unwrap();
    assert!(notes.starts_with("these are notes"), "it was not touched");
}

#[tokio::test]
async fn a_file_of_the_first_version_is_brought_up_to_date() {
    let (dir, ledger) = fresh().await;
    ledger.append(step(sale(1), 0)).await.unwrap();
    drop(ledger);
    let other = connect(&file(&dir));
    for sql in [
        "DROP TABLE dashboard_session",
        "DROP TABLE dashboard_user",
        "DROP TABLE webhook_endpoint",
        "DROP TABLE webhook_request",
        "DROP TABLE webhook_message",
        "DROP TABLE webhook_queue",
        "DROP TABLE inbox",
        "DROP TABLE ledger_state",
        "DROP TABLE replica",
        "DROP TABLE figure",
        "DROP TABLE figure_place",
        "DROP INDEX sale_fraud_pending",
        "DROP INDEX sale_look",
        "ALTER TABLE sale DROP COLUMN look_at_us",
        "DELETE FROM _sqlx_migrations WHERE version > 1",
    ] {
        other.execute_batch(sql).unwrap();
    }
    let ledger = SqliteLedger::open(&file(&dir)).await.unwrap();
    ledger.insert_user(&user(1, 0)).await.unwrap();
    assert_eq!(ledger.users().await.unwrap(), [user(1, 0)]);
    ledger.webhooks().insert_webhook_endpoint(&endpoint(1, 0), None).await.unwrap();
    assert_eq!(ledger.webhooks().webhook_endpoints().await.unwrap().len(), 1);
    assert_eq!(ledger.events(sale(1)).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_schema_of_another_version_is_not_used() {
    let (dir, ledger) = fresh().await;
    drop(ledger);
    let other = connect(&file(&dir));
    other
        .execute_batch(
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
             VALUES (99, 'from the future', 1, x'00', 1)",
        )
        .unwrap();
    let error = SqliteLedger::open(&file(&dir)).await.unwrap_err();
    assert!(matches!(error, LedgerError::NewerSchema { found: 99 }), "{error}");

    other.execute_batch("DELETE FROM _sqlx_migrations WHERE version = 99").unwrap();
    other.execute_batch("UPDATE _sqlx_migrations SET checksum = x'00'").unwrap();
    let error = SqliteLedger::open(&file(&dir)).await.unwrap_err();
    assert!(matches!(error, LedgerError::CannotOpen { .. }), "{error}");
}
