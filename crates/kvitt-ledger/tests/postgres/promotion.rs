//! A standby takes over from its primary.

use kvitt_ledger::LedgerError;
use kvitt_testing::{Database, Server};

use crate::load::Load;
use crate::open;
use crate::suite::sample::{sale, step};

/// A primary that answers when its standby has what it wrote, too.
fn pair() -> (Server, Server) {
    let primary = Server::start(&[]);
    let standby = primary.standby("beside");
    primary.configure("synchronous_standby_names = 'beside'\n");
    primary.reload();
    wait_for(&primary, "SELECT sync_state FROM pg_stat_replication", "sync");
    (primary, standby)
}

/// Waits until the server answers like this. A test that waits for ever is ended.
fn wait_for(server: &Server, question: &str, answer: &str) {
    while server.sql("postgres", question) != answer {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}

/// The database's URL on both, the standby first.
fn url(standby: &Server, primary: &Server, database: &Database) -> String {
    format!("postgres://postgres@{},{}/{}", standby.host(), primary.host(), database.name())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_answered_is_there_after_a_promotion() {
    let (mut primary, standby) = pair();
    let database = primary.database();
    let ledger = open(&url(&standby, &primary, &database)).await;
    let load = Load::start(&ledger);
    load.answered(100).await;

    primary.stop_at_once();
    standby.promote();

    load.answered(100).await;
    load.settle().await;
    let of_standby = open(&standby.url(database.name())).await;
    assert_eq!(of_standby.frozen().await.unwrap(), None, "it is the same ledger");
}

#[tokio::test]
async fn a_primary_that_became_read_only_is_left() {
    let (primary, standby) = pair();
    let database = primary.database();
    let ledger = open(&url(&standby, &primary, &database)).await;
    ledger.append(step(sale(1), 0)).await.unwrap();

    primary.configure("default_transaction_read_only = on\n");
    primary.reload();
    wait_for(&primary, "SHOW default_transaction_read_only", "on");
    standby.promote();
    let error = ledger.append(step(sale(1), 1)).await.unwrap_err();
    assert!(matches!(error, LedgerError::Unavailable { .. }), "{error}");

    ledger.append(step(sale(1), 1)).await.unwrap();
    assert_eq!(ledger.events(sale(1)).await.unwrap().len(), 2);
    let count = "SELECT count(*) FROM event";
    assert_eq!(standby.sql(database.name(), count), "2");
    assert_eq!(primary.sql(database.name(), count), "1");
}
