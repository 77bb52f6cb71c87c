//! What the database itself refuses, and damage that it let through.

use std::time::Duration;

use kvitt_ledger::{Append, LedgerError, SaleQuery, WorkChange};

use crate::fresh;
use crate::suite::sample::{moment, quiet_step, sale, step, work_id};

#[tokio::test]
async fn events_cannot_be_changed_or_deleted() {
    let (database, ledger) = fresh().await;
    ledger.append(step(sale(1), 0)).await.unwrap();
    for sql in ["UPDATE event SET name = ''x''", "DELETE FROM event", "TRUNCATE event"] {
        let said = database.sql(&format!(
            "DO $$ BEGIN EXECUTE '{sql}'; EXCEPTION WHEN OTHERS THEN
                 CREATE TEMP TABLE said AS SELECT SQLERRM AS it; END $$;
             SELECT it FROM said"
        ));
        assert_eq!(said, "events are only ever appended", "{sql}");
    }
    assert_eq!(ledger.events(sale(1)).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_row_that_cannot_be_read_is_named() {
    for (damage, named) in [
        ("UPDATE event SET event = '{\"type\":\"from_the_future\"}' WHERE seq = 2", "seq 2"),
        ("UPDATE event SET event = '{}' WHERE seq = 2", "column event"),
        ("UPDATE event SET cause = '7' WHERE seq = 2", "column cause"),
        ("UPDATE event SET at_us = 9223372036854775807 WHERE seq = 2", "column at_us"),
        ("DELETE FROM event WHERE seq = 2", "event 3 where 2 is due"),
        ("DELETE FROM event WHERE seq = 1", "event 2 where 1 is due"),
    ] {
        let (database, ledger) = fresh().await;
        for version in 0..3 {
            ledger.append(step(sale(1), version)).await.unwrap();
        }
        ledger.append(step(sale(2), 0)).await.unwrap();
        database.sql(&format!(
            "ALTER TABLE event DISABLE TRIGGER ALL; {damage} AND sale = '{}'",
            sale(1).0
        ));

        let error = ledger.events(sale(1)).await.unwrap_err();
        assert!(matches!(error, LedgerError::Inconsistent { .. }), "{damage}: {error}");
        let message = error.to_string();
        assert!(message.contains(named), "{damage}: {message}");
        let of_sale = [sale(1).to_string(), sale(1).0.simple().to_string()];
        assert!(of_sale.iter().any(|id| message.contains(id)), "{damage}: {message}");
        assert_eq!(ledger.events(sale(2)).await.unwrap().len(), 1, "other sales are readable");
    }
}

#[tokio::test]
async fn a_damaged_projection_is_told_too() {
    let (database, ledger) = fresh().await;
    let kind = "place".to_owned();
    let work = vec![WorkChange::Schedule { work_id: work_id(1), kind, due_in: Duration::ZERO }];
    ledger.append(step(sale(1), 0)).await.unwrap();
    ledger.append(Append { work, ..quiet_step(sale(1), 1) }).await.unwrap();
    database.sql("UPDATE sale SET version = -1; UPDATE work SET attempts = -5");

    let wrong = |error: LedgerError, named: &str| {
        assert!(matches!(error, LedgerError::Inconsistent { .. }), "{error}");
        assert!(error.to_string().contains(named), "{error}");
    };
    wrong(ledger.summary(sale(1)).await.unwrap_err(), "column version");
    wrong(ledger.summaries(&SaleQuery::all(moment(0))).await.unwrap_err(), "column version");
    wrong(ledger.claim_due(10, Duration::ZERO).await.unwrap_err(), "column attempts");
}

#[tokio::test]
async fn events_beyond_the_version_are_told() {
    let (database, ledger) = fresh().await;
    ledger.append(step(sale(1), 0)).await.unwrap();
    ledger.append(step(sale(1), 1)).await.unwrap();
    database.sql("UPDATE sale SET version = 1");
    let error = ledger.append(step(sale(1), 1)).await.unwrap_err();
    assert!(matches!(error, LedgerError::Inconsistent { .. }), "{error}");
    assert_eq!(ledger.events(sale(1)).await.unwrap().len(), 2);
}

/// PostgreSQL adds the values of a row to what it says of one that it refuses.
#[tokio::test]
async fn no_value_is_in_an_error() {
    let (database, ledger) = fresh().await;
    database.sql("ALTER TABLE sale ADD CHECK (account <> 'main')");
    let error = ledger.append(step(sale(1), 0)).await.unwrap_err();
    let printed = format!("{error} {error:?}");
    assert!(printed.contains("sale_account_check") || printed.contains("check constraint"));
    assert!(!printed.contains("SEK") && !printed.contains(&sale(1).0.to_string()), "{printed}");
}
