//! The mark of a ledger that must not act.

use std::sync::Arc;
use std::time::Duration;

use kvitt_ledger::{Append, Frozen, Ledger, LedgerError, WorkChange};
use uuid::Uuid;

use super::sample::{moment, sale, step};

pub(crate) async fn a_ledger_is_not_frozen_by_itself(ledger: Arc<dyn Ledger>) {
    assert_eq!(ledger.frozen().await.unwrap(), None);
    assert!(!ledger.thaw().await.unwrap());
    assert_eq!(ledger.frozen().await.unwrap(), None);
}

pub(crate) async fn it_is_frozen_once_and_thawed_once(ledger: Arc<dyn Ledger>) {
    assert!(ledger.freeze(moment(5), "a backup of Friday").await.unwrap());
    assert!(!ledger.freeze(moment(9), "a backup of Saturday").await.unwrap());
    let first = Frozen { since: moment(5), because: "a backup of Friday".to_owned() };
    assert_eq!(ledger.frozen().await.unwrap(), Some(first));

    assert!(ledger.thaw().await.unwrap());
    assert!(!ledger.thaw().await.unwrap());
    assert_eq!(ledger.frozen().await.unwrap(), None);

    assert!(ledger.freeze(moment(11), "").await.unwrap(), "without a word, too");
    let again = Frozen { since: moment(11), because: String::new() };
    assert_eq!(ledger.frozen().await.unwrap(), Some(again));
}

pub(crate) async fn a_frozen_ledger_refuses_what_acts_and_hands_out_no_work(
    ledger: Arc<dyn Ledger>,
) {
    let schedule = || WorkChange::Schedule {
        work_id: Uuid::from_u128(7),
        kind: "look".to_owned(),
        due_in: Duration::ZERO,
    };
    let acting = |number, version| Append {
        acts: true,
        work: vec![schedule()],
        ..step(sale(number), version)
    };
    ledger.append(acting(1, 0)).await.unwrap();
    ledger.freeze(moment(0), "a backup").await.unwrap();

    for (number, version) in [(1, 1), (2, 0)] {
        let refused = ledger.append(acting(number, version)).await;
        assert!(matches!(refused, Err(LedgerError::Frozen)), "{refused:?}");
        assert_eq!(ledger.events(sale(number)).await.unwrap().len() as u64, version);
    }
    let claimed = async || ledger.claim_due(10, Duration::from_mins(1)).await.unwrap().len();
    assert_eq!(claimed().await, 0);

    ledger.thaw().await.unwrap();
    assert_eq!(claimed().await, 1);
    ledger.append(acting(2, 0)).await.unwrap();
}

pub(crate) async fn a_frozen_ledger_can_be_written_to(ledger: Arc<dyn Ledger>) {
    ledger.freeze(moment(0), "a backup").await.unwrap();
    ledger.append(step(sale(1), 0)).await.unwrap();
    assert_eq!(ledger.events(sale(1)).await.unwrap().len(), 1);
    ledger.check().await.unwrap();
}
