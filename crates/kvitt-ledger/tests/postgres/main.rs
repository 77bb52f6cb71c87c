//! The suite on PostgreSQL, and what only PostgreSQL has: a server.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod connections;
mod copying;
mod damage;
mod late_commits;
mod later;
mod load;
mod locks;
mod opening;
mod promotion;
mod restart;
mod restored;
#[path = "../suite/mod.rs"]
mod suite;

use std::sync::Arc;

use kvitt_ledger::Ledger;
use kvitt_testing::Database;

async fn fresh() -> (Database, Arc<dyn Ledger>) {
    let database = kvitt_testing::database();
    let ledger = open(&database.url()).await;
    (database, ledger)
}

async fn open(url: &str) -> Arc<dyn Ledger> {
    kvitt_ledger::open(url).await.unwrap()
}

suite::suite!(crate::fresh);
