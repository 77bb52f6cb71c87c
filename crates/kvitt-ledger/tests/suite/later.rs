//! A later version has changed the schema, and this one still runs. What a change may be stands in
//! `migrations.rs`: it adds.

use std::fmt::Write as _;
use std::sync::Arc;

use kvitt_ledger::{Append, Ledger, Migration, PrivateChange, SaleQuery, WorkChange};

use super::feed::shown;
use super::sample::{moment, sale, step, work_id};

/// What a later version may add to these tables: a column and an index to each, and another table.
pub(crate) fn additions<'a>(tables: impl Iterator<Item = &'a str>) -> String {
    let mut sql = String::from("CREATE TABLE later (id integer NOT NULL PRIMARY KEY);\n");
    for table in tables {
        writeln!(sql, "ALTER TABLE {table} ADD COLUMN later text;").unwrap();
        writeln!(sql, "CREATE INDEX {table}_later ON {table} (later);").unwrap();
    }
    sql
}

/// What every sale goes through, all in one. Sales are numbered from 1.
pub(crate) async fn work_on(ledger: &Arc<dyn Ledger>, number: u128) {
    let (sale, work_id) = (sale(number), work_id(number));
    let private = vec![PrivateChange::SetSecret { name: "token".to_owned(), value: "t".into() }];
    let due_in = std::time::Duration::ZERO;
    let work = vec![WorkChange::Schedule { work_id, kind: "place".to_owned(), due_in }];
    ledger.append(Append { private, work, ..step(sale, 0) }).await.unwrap();
    let claimed = ledger.claim_due(10, due_in).await.unwrap();
    assert_eq!(claimed.len(), 1);
    let fence = Some((work_id, claimed[0].fence));
    let work = vec![WorkChange::Finish { work_id }];
    ledger.append(Append { work, fence, ..step(sale, 1) }).await.unwrap();

    assert_eq!(ledger.events(sale).await.unwrap().len(), 2);
    assert_eq!(ledger.summary(sale).await.unwrap().unwrap().version, 2);
    assert!(ledger.private(sale).await.unwrap().secret("token").is_some());
    let first = ledger.summaries(&SaleQuery::all(moment(9))).await.unwrap();
    assert!(first.items.iter().any(|it| it.sale == sale));
    let feed = shown(&**ledger, 2 * usize::try_from(number).unwrap()).await;
    assert_eq!(feed.iter().filter(|it| it.sale == sale).count(), 2);
}

/// Each change but the first, which makes it all, only adds: tables, columns that may be empty and
/// indexes that refuse nothing. A kvitt that runs meanwhile fills none of them.
pub(crate) fn only_add(changes: &[Migration]) {
    for change in changes.iter().filter(|change| change.version > 1) {
        let lines = change.sql.lines().map(|line| line.split("--").next().unwrap_or_default());
        let sql = lines.collect::<Vec<_>>().join(" ");
        let statements = sql.split(';').map(|it| it.split_whitespace().collect::<Vec<_>>());
        let mut made = Vec::new();
        for words in statements.filter(|words| !words.is_empty()) {
            let adds = match words[..] {
                ["CREATE", "INDEX", ..] => true,
                ["ALTER", "TABLE", _, "ADD", "COLUMN", .., "NOT", "NULL"] => false,
                ["CREATE", "TABLE", table, ..] | ["ALTER", "TABLE", table, "ADD", "COLUMN", ..] => {
                    made.push(table);
                    true
                }
                // What was there before is left as it was.
                ["INSERT", "INTO", table, ..] | ["UPDATE", table, ..] => made.contains(&table),
                _ => false,
            };
            assert!(adds, "{} {}: {}", change.version, change.name, words.join(" "));
        }
    }
}
