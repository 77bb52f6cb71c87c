//! Opening a database, and what its schema needs.

use std::sync::Arc;

use kvitt_ledger::{LedgerError, pending_migrations};

use crate::suite::feed::shown;
use crate::suite::sample::{sale, step};
use crate::{fresh, open};

#[tokio::test]
async fn everything_is_there_after_opening_again() {
    let (database, ledger) = fresh().await;
    ledger.append(step(sale(1), 0)).await.unwrap();
    let before = (ledger.events(sale(1)).await.unwrap(), shown(&*ledger, 1).await);
    drop(ledger);
    let ledger = open(&database.url()).await;
    let after = (ledger.events(sale(1)).await.unwrap(), shown(&*ledger, 1).await);
    assert_eq!(before, after);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_may_open_and_write_one_new_database() {
    let database = kvitt_testing::database();
    let opened: Vec<_> = (0..8)
        .map(|_| {
            let url = database.url();
            tokio::spawn(async move { open(&url).await })
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_processes_with_one_step_one_wins() {
    let (database, one) = fresh().await;
    let ledgers = [one, open(&database.url()).await];
    for version in 0..20 {
        let both = ledgers.each_ref().map(|ledger| {
            let ledger = Arc::clone(ledger);
            tokio::spawn(async move { ledger.append(step(sale(1), version)).await })
        });
        let mut won = 0;
        for append in both {
            match append.await.unwrap() {
                Ok(_) => won += 1,
                Err(LedgerError::Conflict { expected, actual, .. }) => {
                    assert_eq!((expected, actual), (version, version + 1));
                }
                Err(error) => panic!("{error:?}"),
            }
        }
        assert_eq!(won, 1);
    }
}

#[tokio::test]
async fn what_is_pending_is_told_and_left_alone() {
    let database = kvitt_testing::database();
    for _ in 0..2 {
        let pending = pending_migrations(&database.url()).await.unwrap();
        assert_eq!((pending[0].version, pending[0].name), (1, "ledger"));
    }
    assert_eq!(database.sql("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"), "0");
    open(&database.url()).await;
    assert_eq!(pending_migrations(&database.url()).await.unwrap(), []);
}

#[tokio::test]
async fn a_schema_of_another_version_is_not_used() {
    let (database, ledger) = fresh().await;
    drop(ledger);
    database.sql(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
         VALUES (99, 'from the future', true, '', 1)",
    );
    let error = kvitt_ledger::open(&database.url()).await.err().unwrap();
    assert!(matches!(error, LedgerError::NewerSchema { found: 99 }), "{error}");
    let error = pending_migrations(&database.url()).await.unwrap_err();
    assert!(matches!(error, LedgerError::NewerSchema { found: 99 }), "{error}");

    database.sql("DELETE FROM _sqlx_migrations WHERE version = 99");
    database.sql("UPDATE _sqlx_migrations SET checksum = ''");
    let error = kvitt_ledger::open(&database.url()).await.err().unwrap();
    assert!(matches!(error, LedgerError::CannotConnect { .. }), "{error}");
}

#[tokio::test]
async fn what_cannot_be_opened_is_named_with_the_way_out() {
    let database = kvitt_testing::database();
    database.sql("CREATE ROLE shop LOGIN");
    let missing = database.url().replace("/test_", "/no_test_");
    let not_its_own = database.url().replace("postgres://postgres@", "postgres://shop:hunter2@");
    let nobody = database.url().replace("postgres://postgres@", "postgres://nobody:hunter2@");
    for (url, way_out) in [
        (missing, "make it first, with createdb"),
        (not_its_own, "make kvitt's user the owner"),
        (nobody, "correct the user or the password"),
    ] {
        let error = kvitt_ledger::open(&url).await.err().unwrap();
        assert!(matches!(error, LedgerError::CannotConnect { .. }), "{error}");
        let printed = format!("{error} {error:?}");
        assert!(printed.contains(way_out), "{printed}");
        assert!(!printed.contains("hunter2"), "{printed}");
    }
    database.sql("DROP ROLE shop");
}

/// Its writes themselves tell what they wait for.
#[tokio::test]
async fn a_server_that_waits_for_no_disk_is_told_to() {
    for (set, used) in [("off", "on"), ("on", "on"), ("remote_apply", "remote_apply")] {
        let (database, ledger) = fresh().await;
        drop(ledger);
        database.sql(&format!(
            "ALTER DATABASE {} SET synchronous_commit = {set};
             CREATE TABLE said (it text);
             CREATE FUNCTION say() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                 INSERT INTO said VALUES (current_setting('synchronous_commit'));
                 RETURN new;
             END $$;
             CREATE TRIGGER say BEFORE INSERT ON readiness FOR EACH ROW EXECUTE FUNCTION say()",
            database.name()
        ));
        open(&database.url()).await.check().await.unwrap();
        assert_eq!(database.sql("SELECT it FROM said"), used, "where the server says {set}");
    }
}
