//! Due work: claims, leases and fences. A lease of nothing has ended at once, so no test waits.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use kvitt_core::SaleId;
use kvitt_ledger::{Append, Late, Ledger, LedgerError, Work, WorkChange};
use uuid::Uuid;

use super::sample::{quiet_step, sale, step, work_id};

const LONG: Duration = Duration::from_hours(1);
const NOW: Duration = Duration::ZERO;

fn schedule(number: u128, due_in: Duration) -> WorkChange {
    WorkChange::Schedule { work_id: work_id(number), kind: format!("kind {number}"), due_in }
}

fn finish(number: u128) -> WorkChange {
    WorkChange::Finish { work_id: work_id(number) }
}

fn with(step: Append, work: Vec<WorkChange>) -> Append {
    Append { work, ..step }
}

fn held(step: Append, work: &Work) -> Append {
    Append { fence: Some((work.work_id, work.fence)), ..step }
}

async fn claim_one(ledger: &dyn Ledger, lease: Duration) -> Work {
    let mut claimed = ledger.claim_due(10, lease).await.unwrap();
    assert_eq!(claimed.len(), 1, "{claimed:?}");
    claimed.remove(0)
}

fn names(claimed: &[Work]) -> BTreeSet<(SaleId, Uuid)> {
    claimed.iter().map(|work| (work.sale, work.work_id)).collect()
}

pub(crate) async fn what_is_due_is_claimed_once(ledger: Arc<dyn Ledger>) {
    assert_eq!(ledger.claim_due(10, LONG).await.unwrap(), []);
    ledger.append(with(step(sale(1), 0), vec![schedule(1, NOW), schedule(2, NOW)])).await.unwrap();
    ledger.append(with(step(sale(2), 0), vec![schedule(1, NOW)])).await.unwrap();

    let first = ledger.claim_due(2, LONG).await.unwrap();
    let second = ledger.claim_due(2, LONG).await.unwrap();

    assert_eq!((first.len(), second.len()), (2, 1));
    let all: BTreeSet<_> = names(&first).union(&names(&second)).copied().collect();
    let one_of_each =
        [(sale(1), work_id(1)), (sale(1), work_id(2)), (sale(2), work_id(1))].into_iter();
    assert!(all.into_iter().eq(one_of_each));
    for work in first.iter().chain(&second) {
        assert_eq!(work.attempts, 1);
        assert_eq!(work.kind, format!("kind {}", work.work_id.as_u128()));
    }
    assert_eq!(ledger.claim_due(10, LONG).await.unwrap(), [], "until the lease ends");
}

pub(crate) async fn what_is_not_due_waits(ledger: Arc<dyn Ledger>) {
    ledger.append(with(step(sale(1), 0), vec![schedule(1, LONG)])).await.unwrap();
    assert_eq!(ledger.claim_due(10, LONG).await.unwrap(), []);
    ledger.append(with(quiet_step(sale(1), 1), vec![schedule(1, NOW)])).await.unwrap();
    assert_eq!(ledger.claim_due(0, LONG).await.unwrap().len(), 1, "a limit of nothing is one");
}

pub(crate) async fn a_lease_that_ended_is_claimed_anew(ledger: Arc<dyn Ledger>) {
    ledger.append(with(step(sale(1), 0), vec![schedule(1, NOW)])).await.unwrap();
    let first = claim_one(&*ledger, NOW).await;
    let second = claim_one(&*ledger, NOW).await;
    let third = claim_one(&*ledger, LONG).await;
    assert_eq!([first.attempts, second.attempts, third.attempts], [1, 2, 3]);
    assert!(first.fence < second.fence && second.fence < third.fence);
    assert_eq!(ledger.claim_due(10, NOW).await.unwrap(), []);
}

pub(crate) async fn a_stale_claim_writes_nothing(ledger: Arc<dyn Ledger>) {
    ledger.append(with(step(sale(1), 0), vec![schedule(1, NOW)])).await.unwrap();
    let stale = claim_one(&*ledger, NOW).await;
    let holder = claim_one(&*ledger, LONG).await;

    let error = ledger.append(held(step(sale(1), 1), &stale)).await.unwrap_err();
    assert!(matches!(error, LedgerError::LeaseLost), "{error}");
    let error = ledger.release_work(sale(1), stale.work_id, stale.fence, NOW).await.unwrap_err();
    assert!(matches!(error, LedgerError::LeaseLost), "{error}");
    for never in [
        Append { fence: Some((work_id(9), holder.fence)), ..step(sale(1), 1) },
        Append { fence: Some((holder.work_id, u64::MAX)), ..step(sale(1), 1) },
        // Another sale's claim is none here.
        held(step(sale(2), 0), &holder),
    ] {
        let error = ledger.append(never).await.unwrap_err();
        assert!(matches!(error, LedgerError::LeaseLost), "{error}");
    }
    assert_eq!(ledger.events(sale(1)).await.unwrap().len(), 1);
    assert_eq!(ledger.claim_due(10, NOW).await.unwrap(), [], "the holder still has it");
    ledger.append(held(step(sale(1), 1), &holder)).await.unwrap();
}

pub(crate) async fn unclaimed_work_is_its_schedulers(ledger: Arc<dyn Ledger>) {
    let unclaimed = |step: Append, number: u128| Append {
        fence: Some((work_id(number), Append::UNCLAIMED)),
        ..step
    };
    ledger.append(with(step(sale(1), 0), vec![schedule(1, NOW)])).await.unwrap();

    ledger.append(unclaimed(step(sale(1), 1), 1)).await.unwrap();
    let error = ledger.append(unclaimed(step(sale(1), 2), 2)).await.unwrap_err();
    assert!(matches!(error, LedgerError::LeaseLost), "never scheduled: {error}");

    let claimed = claim_one(&*ledger, NOW).await;
    let error = ledger.append(unclaimed(step(sale(1), 2), 1)).await.unwrap_err();
    assert!(matches!(error, LedgerError::LeaseLost), "claimed: {error}");
    ledger.release_work(sale(1), work_id(1), claimed.fence, NOW).await.unwrap();
    let error = ledger.append(unclaimed(step(sale(1), 2), 1)).await.unwrap_err();
    assert!(matches!(error, LedgerError::LeaseLost), "it was claimed before: {error}");
    assert_eq!(ledger.events(sale(1)).await.unwrap().len(), 2);

    ledger.append(with(quiet_step(sale(1), 2), vec![schedule(1, NOW)])).await.unwrap();
    ledger.append(unclaimed(step(sale(1), 2), 1)).await.unwrap();
}

pub(crate) async fn a_claim_carries_a_step_and_ends_with_it(ledger: Arc<dyn Ledger>) {
    ledger.append(with(step(sale(1), 0), vec![schedule(1, NOW)])).await.unwrap();
    let work = claim_one(&*ledger, NOW).await;
    let done = held(with(step(sale(1), 1), vec![finish(1), schedule(2, NOW)]), &work);

    ledger.append(done).await.unwrap();

    assert_eq!(claim_one(&*ledger, LONG).await.work_id, work_id(2));
    let error = ledger.append(held(step(sale(1), 2), &work)).await.unwrap_err();
    assert!(matches!(error, LedgerError::LeaseLost), "{error}");
    // Work that is not there counts as done.
    ledger.append(with(quiet_step(sale(1), 2), vec![finish(1), finish(7)])).await.unwrap();
}

pub(crate) async fn scheduling_anew_ends_a_claim(ledger: Arc<dyn Ledger>) {
    ledger.append(with(step(sale(1), 0), vec![schedule(1, NOW)])).await.unwrap();
    let before = claim_one(&*ledger, LONG).await;
    let anew = WorkChange::Schedule { work_id: work_id(1), kind: "other".to_owned(), due_in: NOW };
    ledger.append(held(with(step(sale(1), 1), vec![anew]), &before)).await.unwrap();

    let error = ledger.append(held(step(sale(1), 2), &before)).await.unwrap_err();
    assert!(matches!(error, LedgerError::LeaseLost), "{error}");
    let after = claim_one(&*ledger, LONG).await;
    assert_eq!((after.kind.as_str(), after.attempts), ("other", 1), "attempts start anew");
    assert!(after.fence > before.fence);
}

pub(crate) async fn an_old_claim_stays_stale_over_finishing_and_scheduling(
    ledger: Arc<dyn Ledger>,
) {
    ledger.append(with(step(sale(1), 0), vec![schedule(1, NOW)])).await.unwrap();
    let old = claim_one(&*ledger, NOW).await;
    ledger.append(with(quiet_step(sale(1), 1), vec![finish(1)])).await.unwrap();
    ledger.append(with(quiet_step(sale(1), 1), vec![schedule(1, NOW)])).await.unwrap();

    for _ in 0..3 {
        let error = ledger.append(held(step(sale(1), 1), &old)).await.unwrap_err();
        assert!(matches!(error, LedgerError::LeaseLost), "{error}");
        let new = claim_one(&*ledger, NOW).await;
        assert!(new.fence > old.fence, "{new:?} {old:?}");
    }
}

pub(crate) async fn released_work_keeps_its_attempts(ledger: Arc<dyn Ledger>) {
    ledger.append(with(step(sale(1), 0), vec![schedule(1, NOW)])).await.unwrap();
    let first = claim_one(&*ledger, LONG).await;
    ledger.release_work(sale(1), work_id(1), first.fence, NOW).await.unwrap();
    let again = ledger.release_work(sale(1), work_id(1), first.fence, NOW).await;
    assert!(matches!(again, Err(LedgerError::LeaseLost)), "{again:?}");
    let error = ledger.append(held(step(sale(1), 1), &first)).await.unwrap_err();
    assert!(matches!(error, LedgerError::LeaseLost), "{error}");

    let second = claim_one(&*ledger, LONG).await;
    assert_eq!(second.attempts, 2);
    ledger.release_work(sale(1), work_id(1), second.fence, LONG).await.unwrap();
    assert_eq!(ledger.claim_due(10, NOW).await.unwrap(), [], "not before it is due");
}

pub(crate) async fn a_refused_step_schedules_and_finishes_nothing(ledger: Arc<dyn Ledger>) {
    ledger.append(with(step(sale(1), 0), vec![schedule(1, NOW)])).await.unwrap();
    let refused = with(step(sale(1), 5), vec![finish(1), schedule(2, NOW)]);
    let error = ledger.append(refused).await.unwrap_err();
    assert!(matches!(error, LedgerError::Conflict { .. }), "{error}");
    assert_eq!(claim_one(&*ledger, LONG).await.work_id, work_id(1));
}

pub(crate) async fn claims_at_once_share_the_work(ledger: Arc<dyn Ledger>) {
    let all = (1..=100).map(|number| schedule(number, NOW)).collect();
    ledger.append(with(step(sale(1), 0), all)).await.unwrap();
    let claimers: Vec<_> = (0..20)
        .map(|_| {
            let ledger = Arc::clone(&ledger);
            tokio::spawn(async move { ledger.claim_due(7, LONG).await.unwrap() })
        })
        .collect();
    let mut claimed = Vec::new();
    for claimer in claimers {
        claimed.extend(claimer.await.unwrap());
    }
    assert_eq!(claimed.len(), 100);
    assert_eq!(names(&claimed).len(), 100, "none was claimed twice");
}

pub(crate) async fn work_of_some_kinds_is_claimed_past_the_rest(ledger: Arc<dyn Ledger>) {
    // What is longest due is of another kind.
    for number in 1..=4 {
        let step = step(sale(number), 0);
        ledger.append(with(step, vec![schedule(number, NOW)])).await.unwrap();
    }
    let claim = |kinds: &'static [&'static str]| {
        let ledger = Arc::clone(&ledger);
        async move {
            let claimed = ledger.claim_due_of(kinds, 10, LONG).await.unwrap();
            names(&claimed).into_iter().map(|(_, id)| id.as_u128()).collect::<Vec<_>>()
        }
    };
    assert_eq!(claim(&["kind 3", "kind 4", "kind 9", "kind '"]).await, [3, 4]);
    assert_eq!(claim(&["kind 3", "kind 4"]).await, []);
    assert_eq!(claim(&[]).await, []);
    assert_eq!(ledger.claim_due(10, LONG).await.unwrap().len(), 2, "the others are there");
}

pub(crate) async fn the_longest_wait_does_not_overflow(ledger: Arc<dyn Ledger>) {
    let work = vec![schedule(1, Duration::MAX), schedule(2, NOW)];
    ledger.append(with(step(sale(1), 0), work)).await.unwrap();
    let claimed = claim_one(&*ledger, Duration::MAX).await;
    assert_eq!(claimed.work_id, work_id(2));
    ledger.release_work(sale(1), work_id(2), claimed.fence, Duration::MAX).await.unwrap();
    assert_eq!(ledger.claim_due(10, NOW).await.unwrap(), []);
}

pub(crate) async fn what_nobody_took_for_long_is_late(ledger: Arc<dyn Ledger>) {
    let late = async |by| ledger.late_work(by).await.unwrap();
    let count = async || late(NOW).await.map_or(0, |late| late.count);
    assert_eq!(late(NOW).await, None);
    let all = vec![schedule(1, NOW), schedule(2, NOW), schedule(3, LONG)];
    ledger.append(with(step(sale(1), 0), all)).await.unwrap();
    assert_eq!(count().await, 2, "the third is not due");
    assert_eq!(late(LONG).await, None, "they have not been due for that long");
    let first = late(NOW).await.unwrap();
    ledger.append(with(quiet_step(sale(1), 1), vec![schedule(2, NOW)])).await.unwrap();
    assert_eq!(late(NOW).await, Some(first), "since the first of them was");

    let held = ledger.claim_due(1, LONG).await.unwrap().remove(0);
    assert_eq!(count().await, 1, "one is held");
    ledger.release_work(sale(1), held.work_id, held.fence, LONG).await.unwrap();
    assert_eq!(count().await, 1, "it is due later");
    claim_one(&*ledger, NOW).await;
    assert_eq!(count().await, 1, "the lease is over");
    ledger.append(with(quiet_step(sale(1), 1), vec![finish(2)])).await.unwrap();
    assert_eq!(late(NOW).await, None);

    let many = (10..1_020).map(|number| schedule(number, NOW)).collect();
    ledger.append(with(quiet_step(sale(1), 1), many)).await.unwrap();
    assert_eq!(count().await, Late::COUNT_MAX);
}
