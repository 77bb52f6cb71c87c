//! The feed beside transactions that end in another order than they began.

use std::sync::Arc;

use kvitt_core::SaleId;
use kvitt_ledger::Ledger;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions as _, Executor as _};

use crate::suite::sample::{sale, step};
use crate::{fresh, open};

async fn connect(url: &str) -> PgConnection {
    url.parse::<PgConnectOptions>().unwrap().connect().await.unwrap()
}

/// Follows the feed from the last position seen until so many events were. Other tests on the same
/// server may hold it up for a moment.
async fn follow(ledger: &dyn Ledger, seen: &mut Vec<(u64, SaleId)>, count: usize) {
    while seen.len() < count {
        look(ledger, seen).await;
    }
}

/// Looks once what follows on the last position seen.
async fn look(ledger: &dyn Ledger, seen: &mut Vec<(u64, SaleId)>) {
    let after = seen.last().map_or(0, |(position, _)| *position);
    for entry in ledger.feed(after, 100).await.unwrap() {
        seen.push((entry.position, entry.sale));
    }
}

/// Has somebody else's transaction write what a step of the sale would, and leaves it open.
async fn write_slowly(url: &str, of: SaleId) -> PgConnection {
    let mut slow = connect(url).await;
    slow.execute("BEGIN").await.unwrap();
    let copy = format!(
        "CREATE TEMP TABLE one ON COMMIT DROP AS SELECT * FROM sale LIMIT 1;
         UPDATE one SET sale = '{id}';
         INSERT INTO sale SELECT * FROM one;
         INSERT INTO event (sale, seq, position, id, at_us, name, cause, event, intent)
         SELECT '{id}', seq, (pg_current_xact_id()::text::bigint + transaction_offset) << 12,
             event.id, at_us, name, cause, event, intent
         FROM event, feed LIMIT 1",
        id = of.0
    );
    slow.execute(sqlx::AssertSqlSafe(copy)).await.unwrap();
    slow
}

#[tokio::test]
async fn who_follows_it_misses_nothing_that_commits_late() {
    let (database, ledger) = fresh().await;
    let mut seen = Vec::new();
    ledger.append(step(sale(1), 0)).await.unwrap();
    follow(&*ledger, &mut seen, 1).await;

    let mut slow = write_slowly(&database.url(), sale(2)).await;
    ledger.append(step(sale(3), 0)).await.unwrap();
    look(&*ledger, &mut seen).await;
    assert_eq!(seen.len(), 1, "what lies behind an open transaction is not shown yet");
    assert_eq!(ledger.events(sale(3)).await.unwrap().len(), 1, "but it is stored");

    slow.execute("COMMIT").await.unwrap();
    follow(&*ledger, &mut seen, 3).await;
    let sales: Vec<_> = seen.iter().map(|(_, sale)| *sale).collect();
    assert_eq!(sales, [sale(1), sale(2), sale(3)]);
    assert!(seen.is_sorted_by(|a, b| a.0 < b.0));
}

#[tokio::test]
async fn what_was_rolled_back_holds_nothing_up() {
    let (database, ledger) = fresh().await;
    ledger.append(step(sale(1), 0)).await.unwrap();
    let mut slow = write_slowly(&database.url(), sale(2)).await;
    ledger.append(step(sale(3), 0)).await.unwrap();
    slow.execute("ROLLBACK").await.unwrap();
    let mut seen = Vec::new();
    follow(&*ledger, &mut seen, 2).await;
    let sales: Vec<_> = seen.iter().map(|(_, sale)| *sale).collect();
    assert_eq!(sales, [sale(1), sale(3)]);
}

/// A dump that is restored on another server brings positions from one whose transactions have
/// higher numbers.
#[tokio::test]
async fn it_goes_on_after_what_another_server_numbered() {
    let (database, ledger) = fresh().await;
    ledger.append(step(sale(1), 0)).await.unwrap();
    drop(ledger);
    database.sql(
        "ALTER TABLE event DISABLE TRIGGER ALL;
         UPDATE event SET position = position + (1000000::bigint << 12);
         ALTER TABLE event ENABLE TRIGGER ALL",
    );

    let ledger: Arc<dyn Ledger> = open(&database.url()).await;
    let mut seen = Vec::new();
    follow(&*ledger, &mut seen, 1).await;
    for (count, number) in [(2, 2), (3, 3)] {
        ledger.append(step(sale(number), 0)).await.unwrap();
        follow(&*ledger, &mut seen, count).await;
    }
    let offset = database.sql("SELECT transaction_offset FROM feed");
    assert_ne!(offset, "0");
    open(&database.url()).await.append(step(sale(4), 0)).await.unwrap();
    follow(&*ledger, &mut seen, 4).await;

    let sales: Vec<_> = seen.iter().map(|(_, sale)| *sale).collect();
    assert_eq!(sales, [sale(1), sale(2), sale(3), sale(4)]);
    assert!(seen.is_sorted_by(|a, b| a.0 < b.0));
    assert_eq!(database.sql("SELECT transaction_offset FROM feed"), offset, "raised once");
}
