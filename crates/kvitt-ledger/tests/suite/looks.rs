//! Looks: business time, handed in as an argument, makes work due.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use kvitt_core::SaleId;
use kvitt_ledger::{Append, Ledger, WorkChange};

use super::sample::{moment, quiet_step, sale, step};

const LEASE: Duration = Duration::from_hours(1);

fn hour(number: i64) -> Timestamp {
    moment(0) + SignedDuration::from_hours(number)
}

fn looking_at(mut step: Append, look_at: Timestamp) -> Append {
    step.summary.look_at = Some(look_at);
    step
}

async fn look_at(ledger: &dyn Ledger, number: u128) -> Option<Timestamp> {
    ledger.summary(sale(number)).await.unwrap().unwrap().look_at
}

async fn claimed(ledger: &dyn Ledger) -> Vec<(SaleId, String)> {
    let works = ledger.claim_due(10, LEASE).await.unwrap();
    works
        .into_iter()
        .map(|work| {
            assert_eq!(work.work_id, work.sale.0);
            (work.sale, work.kind)
        })
        .collect()
}

pub(crate) async fn a_look_that_is_due_becomes_work_once(ledger: Arc<dyn Ledger>) {
    ledger.append(looking_at(step(sale(1), 0), hour(2))).await.unwrap();
    ledger.append(step(sale(2), 0)).await.unwrap();
    assert_eq!(look_at(&*ledger, 1).await, Some(hour(2)));

    assert_eq!(ledger.schedule_looks(hour(1), "look", 10).await.unwrap(), 0);
    assert_eq!(claimed(&*ledger).await, []);
    assert_eq!(ledger.schedule_looks(hour(2), "look", 10).await.unwrap(), 1);
    assert_eq!(ledger.schedule_looks(hour(9), "look", 10).await.unwrap(), 0);

    assert_eq!(claimed(&*ledger).await, [(sale(1), "look".to_owned())]);
    assert_eq!(look_at(&*ledger, 1).await, None);
}

pub(crate) async fn who_has_waited_longest_comes_first(ledger: Arc<dyn Ledger>) {
    for number in 1..=4_u8 {
        let step = step(sale(u128::from(number)), 0);
        ledger.append(looking_at(step, hour(10 - i64::from(number)))).await.unwrap();
    }

    assert_eq!(ledger.schedule_looks(hour(20), "look", 3).await.unwrap(), 3);

    let mut sales: Vec<_> = claimed(&*ledger).await.into_iter().map(|(sale, _)| sale).collect();
    sales.sort();
    assert_eq!(sales, [sale(2), sale(3), sale(4)]);
    assert_eq!(look_at(&*ledger, 1).await, Some(hour(9)));
}

pub(crate) async fn a_look_under_way_is_left_alone(ledger: Arc<dyn Ledger>) {
    ledger.append(looking_at(step(sale(1), 0), hour(1))).await.unwrap();
    ledger.schedule_looks(hour(1), "look", 10).await.unwrap();
    let held = ledger.claim_due(10, LEASE).await.unwrap().remove(0);
    ledger.append(looking_at(step(sale(1), 1), hour(1))).await.unwrap();

    assert_eq!(ledger.schedule_looks(hour(1), "look", 10).await.unwrap(), 1);

    assert_eq!(claimed(&*ledger).await, [], "it is under way");
    let fence = Some((held.work_id, held.fence));
    let work = vec![WorkChange::Finish { work_id: held.work_id }];
    let end = Append { fence, work, ..quiet_step(sale(1), 2) };
    ledger.append(looking_at(end, hour(5))).await.unwrap();
    assert_eq!(look_at(&*ledger, 1).await, Some(hour(5)));
}
