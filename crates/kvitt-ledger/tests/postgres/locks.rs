//! Steps and claims that meet. A transaction of the test holds a lock for as long as it takes that
//! somebody waits for it.

use std::sync::Arc;
use std::time::Duration;

use kvitt_core::Requester;
use kvitt_ledger::{Append, IdempotencyRecord, Ledger, LedgerError, Work, WorkChange};
use kvitt_testing::Database;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions as _, Executor as _};
use tokio::task::JoinHandle;

use crate::fresh;
use crate::suite::sample::{api_key, moment, quiet_step, sale, step, work_id};

const NOW: Duration = Duration::ZERO;
const LONG: Duration = Duration::from_hours(1);

fn schedule(number: u128) -> WorkChange {
    WorkChange::Schedule { work_id: work_id(number), kind: "place".to_owned(), due_in: NOW }
}

/// A transaction that has done this and is left open.
pub(crate) async fn hold(database: &Database, sql: &'static str) -> PgConnection {
    let mut holder = database.url().parse::<PgConnectOptions>().unwrap().connect().await.unwrap();
    holder.execute("BEGIN").await.unwrap();
    holder.execute(sql).await.unwrap();
    holder
}

/// Waits until so many calls wait for a lock.
pub(crate) async fn wait_for(database: &Database, waiting: usize) {
    let question = "SELECT count(*) FROM pg_stat_activity
                    WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let enough = async {
        while database.sql(question) != waiting.to_string() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), enough).await.expect("somebody waits");
}

/// Begins to store a step.
pub(crate) fn start(
    ledger: &Arc<dyn Ledger>,
    append: Append,
) -> JoinHandle<Result<Vec<kvitt_core::Recorded>, LedgerError>> {
    let ledger = Arc::clone(ledger);
    tokio::spawn(async move { ledger.append(append).await })
}

/// A sale with one piece of work, claimed; the lease has ended.
async fn claimed(ledger: &dyn Ledger) -> Work {
    ledger.append(Append { work: vec![schedule(1)], ..step(sale(1), 0) }).await.unwrap();
    ledger.claim_due(1, NOW).await.unwrap().remove(0)
}

#[tokio::test]
async fn work_is_not_claimed_while_its_holder_writes() {
    let (database, ledger) = fresh().await;
    let work = claimed(&*ledger).await;
    let mut holder = hold(&database, "SELECT * FROM sale FOR UPDATE").await;
    let held = Append { fence: Some((work.work_id, work.fence)), ..step(sale(1), 1) };
    let append = start(&ledger, held);
    wait_for(&database, 1).await;

    assert_eq!(ledger.claim_due(10, LONG).await.unwrap(), []);

    holder.execute("COMMIT").await.unwrap();
    append.await.unwrap().unwrap();
    let next = ledger.claim_due(10, LONG).await.unwrap();
    assert_eq!(next.len(), 1, "it was not finished: it is due again");
    assert!(next[0].fence > work.fence);
}

#[tokio::test]
async fn a_claim_that_comes_first_stops_the_holder_before_it() {
    let (database, ledger) = fresh().await;
    let work = claimed(&*ledger).await;
    let claim = "UPDATE work SET fence = nextval('work_fence')";
    let mut holder = hold(&database, claim).await;
    let held = Append { fence: Some((work.work_id, work.fence)), ..step(sale(1), 1) };
    let append = start(&ledger, held);
    wait_for(&database, 1).await;

    holder.execute("COMMIT").await.unwrap();

    let error = append.await.unwrap().unwrap_err();
    assert!(matches!(error, LedgerError::LeaseLost), "{error}");
    assert_eq!(ledger.events(sale(1)).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_claim_that_comes_to_nothing_stops_nobody() {
    let (database, ledger) = fresh().await;
    let work = claimed(&*ledger).await;
    let mut holder = hold(&database, "UPDATE work SET fence = nextval('work_fence')").await;
    let held = Append { fence: Some((work.work_id, work.fence)), ..step(sale(1), 1) };
    let append = start(&ledger, held);
    wait_for(&database, 1).await;
    holder.execute("ROLLBACK").await.unwrap();
    append.await.unwrap().unwrap();
}

#[tokio::test]
async fn of_two_requests_with_one_key_one_is_taken() {
    let (database, ledger) = fresh().await;
    ledger.append(step(sale(1), 0)).await.unwrap();
    let mut holder = hold(&database, "SELECT * FROM sale FOR UPDATE").await;
    let record = IdempotencyRecord {
        requester: Requester::ApiKey(api_key(1)),
        key: "k".to_owned(),
        request_hash: [1; 32],
        intent: None,
        at: moment(0),
    };
    // Without events, so that the version is right for both.
    let request = Append { idempotency: Some(record), ..quiet_step(sale(1), 1) };
    let both = [start(&ledger, request.clone()), start(&ledger, request)];
    wait_for(&database, 2).await;
    holder.execute("COMMIT").await.unwrap();

    let mut taken = 0;
    for append in both {
        match append.await.unwrap() {
            Ok(_) => taken += 1,
            Err(error) => assert!(matches!(error, LedgerError::IdempotencyKeyTaken), "{error}"),
        }
    }
    assert_eq!(taken, 1);
}

/// One has the work and needs the sale, the other the other way round, if they lock as they come.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn steps_on_the_same_work_do_not_lock_each_other_out() {
    let (_database, ledger) = fresh().await;
    let mut work = claimed(&*ledger).await;
    for _ in 0..100 {
        let held = Append {
            fence: Some((work.work_id, work.fence)),
            work: vec![schedule(2), schedule(1)],
            ..quiet_step(sale(1), 1)
        };
        let free = Append { work: vec![schedule(1), schedule(2)], ..quiet_step(sale(1), 1) };
        let all = [free.clone(), held, free].map(|append| start(&ledger, append));
        for append in all {
            match append.await.unwrap() {
                Ok(_) | Err(LedgerError::LeaseLost) => {}
                Err(error) => panic!("{error:?}"),
            }
        }
        let next = ledger.claim_due(10, NOW).await.unwrap();
        work = next.into_iter().find(|it| it.work_id == work.work_id).unwrap();
    }
}
