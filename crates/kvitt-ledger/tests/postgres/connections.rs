//! Connections: few of them, used again, and none lost.

use std::sync::Arc;

use kvitt_ledger::Ledger;
use kvitt_testing::Database;
use sqlx::Executor as _;

use crate::locks::{hold, start, wait_for};
use crate::open;
use crate::suite::sample::{sale, step};

async fn with_connections(max: u32) -> (Database, Arc<dyn Ledger>) {
    let database = kvitt_testing::database();
    let ledger = open(&format!("{}?max_connections={max}", database.url())).await;
    (database, ledger)
}

/// The server's processes for the ledger.
fn processes(database: &Database) -> Vec<String> {
    let sql = "SELECT pid FROM pg_stat_activity WHERE datname = current_database()
               AND pid <> pg_backend_pid() ORDER BY pid";
    database.sql(sql).lines().map(str::to_owned).collect()
}

#[tokio::test]
async fn a_connection_is_used_again_and_never_are_there_more_than_allowed() {
    let (database, ledger) = with_connections(2).await;
    let write = |number: u128| {
        let ledger = Arc::clone(&ledger);
        tokio::spawn(async move { ledger.append(step(sale(number), 0)).await })
    };

    let writes: Vec<_> = (0..40).map(write).collect();
    for write in writes {
        write.await.unwrap().unwrap();
    }

    let first = processes(&database);
    assert!((1..=2).contains(&first.len()), "{first:?}");
    for number in 0..40 {
        assert_eq!(ledger.events(sale(number)).await.unwrap().len(), 1);
    }
    assert_eq!(processes(&database), first, "none was made anew");
}

#[tokio::test]
async fn a_call_that_is_dropped_takes_no_connection_with_it() {
    let (database, ledger) = with_connections(1).await;
    ledger.append(step(sale(1), 0)).await.unwrap();
    let mut holder = hold(&database, "SELECT * FROM sale FOR UPDATE").await;
    let waits = start(&ledger, step(sale(1), 1));
    wait_for(&database, 1).await;

    waits.abort();
    assert!(waits.await.unwrap_err().is_cancelled());
    holder.execute("COMMIT").await.unwrap();

    // What was under way at the server came to its end there.
    let version = ledger.events(sale(1)).await.unwrap().len() as u64;
    ledger.append(step(sale(1), version)).await.unwrap();
    ledger.append(step(sale(2), 0)).await.unwrap();
    assert_eq!(ledger.events(sale(2)).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_refusal_takes_no_connection_with_it() {
    let (_database, ledger) = with_connections(1).await;
    ledger.append(step(sale(1), 0)).await.unwrap();
    for _ in 0..3 {
        ledger.append(step(sale(1), 0)).await.unwrap_err();
        ledger.append(step(sale(1), 7)).await.unwrap_err();
    }
    assert_eq!(ledger.events(sale(1)).await.unwrap().len(), 1);
}
