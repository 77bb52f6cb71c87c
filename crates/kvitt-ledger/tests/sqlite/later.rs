//! A later version changes the schema while this one runs.

use std::path::Path;
use std::sync::Arc;

use kvitt_ledger::{Ledger, SqliteLedger};
use tempfile::TempDir;

use crate::suite::later::{additions, only_add, work_on};
use crate::{connect, file, fresh, suite};

fn change(file: &Path) {
    let db = connect(file);
    let sql =
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE '\\_%' ESCAPE '\\'
         AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'";
    let mut statement = db.prepare(sql).unwrap();
    let tables = statement.query_map([], |row| row.get(0)).unwrap();
    let tables: Vec<String> = tables.collect::<Result<_, _>>().unwrap();
    db.execute_batch(&additions(tables.iter().map(String::as_str))).unwrap();
}

async fn changed() -> (TempDir, Arc<dyn Ledger>) {
    let (dir, ledger) = fresh().await;
    change(&file(&dir));
    (dir, ledger)
}

/// Its connections have prepared their statements by then.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_works_on_when_a_later_one_changes_the_schema() {
    let (dir, ledger) = fresh().await;
    work_on(&ledger, 1).await;
    change(&file(&dir));
    for number in 2..20 {
        work_on(&ledger, number).await;
    }
}

#[tokio::test]
async fn changes_of_the_schema_only_add() {
    let dir = tempfile::tempdir().unwrap();
    let changes = SqliteLedger::pending_migrations(&file(&dir)).await.unwrap();
    assert!(changes.len() > 1);
    only_add(&changes);
}

suite::suite!(crate::later::changed);
