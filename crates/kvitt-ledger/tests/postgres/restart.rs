//! The server goes away and comes back.

use kvitt_ledger::LedgerError;
use kvitt_testing::Server;

use crate::load::Load;
use crate::open;
use crate::suite::sample::{sale, step};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_answered_survives_restarts_under_load() {
    let mut server = Server::start(&[]);
    let database = server.database();
    let ledger = open(&database.url()).await;
    let load = Load::start(&ledger);
    for _ in 0..3 {
        load.answered(100).await;
        server.stop_at_once();
        server.start_again();
    }
    load.answered(100).await;
    load.settle().await;
}

#[tokio::test]
async fn a_server_that_is_away_is_told_and_used_again_once_it_is_back() {
    let mut server = Server::start(&[]);
    let database = server.database();
    let ledger = open(&database.url()).await;
    ledger.append(step(sale(1), 0)).await.unwrap();
    server.stop_at_once();
    for _ in 0..3 {
        let error = ledger.append(step(sale(1), 1)).await.unwrap_err();
        assert!(matches!(error, LedgerError::Unavailable { .. }), "{error}");
        let error = ledger.check().await.unwrap_err();
        assert!(matches!(error, LedgerError::Unavailable { .. }), "{error}");
    }
    server.start_again();
    ledger.append(step(sale(1), 1)).await.unwrap();
    assert_eq!(ledger.events(sale(1)).await.unwrap().len(), 2);
}

/// One that stops in order says so to who is connected.
#[tokio::test]
async fn a_restart_in_order_fails_one_call_at_most() {
    let mut server = Server::start(&[]);
    let database = server.database();
    let ledger = open(&database.url()).await;
    ledger.append(step(sale(1), 0)).await.unwrap();
    server.restart();
    let first = ledger.append(step(sale(1), 1)).await;
    if let Err(error) = &first {
        assert!(matches!(error, LedgerError::Unavailable { .. }), "{error}");
        ledger.append(step(sale(1), 1)).await.unwrap();
    }
    assert_eq!(ledger.events(sale(1)).await.unwrap().len(), 2);
}
