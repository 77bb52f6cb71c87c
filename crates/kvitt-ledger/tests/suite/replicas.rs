//! Processes that live. One that is to have lived no time is forgotten at once, so no test waits.

use std::sync::Arc;
use std::time::Duration;

use kvitt_ledger::{Ledger, Replicas};
use uuid::Uuid;

const LONG: Duration = Duration::from_hours(12);

/// How many live, and the place of this one.
async fn told(ledger: &dyn Ledger, replica: u128, lives_for: Duration) -> (u32, u32) {
    let told = ledger.tell_alive(Uuid::from_u128(replica), lives_for).await.unwrap();
    let Replicas { live, place } = told;
    (live, place)
}

pub(crate) async fn who_lives_is_counted_and_has_a_place(ledger: Arc<dyn Ledger>) {
    assert_eq!(told(&*ledger, 20, LONG).await, (1, 0));
    assert_eq!(told(&*ledger, 30, LONG).await, (2, 1));
    assert_eq!(told(&*ledger, 10, LONG).await, (3, 0));
    assert_eq!(told(&*ledger, 20, LONG).await, (3, 1));
    assert_eq!(told(&*ledger, 30, LONG).await, (3, 2));
    // Ids are compared as numbers, also where a digit is a letter.
    assert_eq!(told(&*ledger, u128::MAX, LONG).await, (4, 3));
}

pub(crate) async fn who_is_not_heard_of_does_not_count(ledger: Arc<dyn Ledger>) {
    told(&*ledger, 1, LONG).await;
    told(&*ledger, 2, LONG).await;
    assert_eq!(told(&*ledger, 3, Duration::ZERO).await, (1, 0));
    assert_eq!(told(&*ledger, 4, LONG).await, (2, 1), "3 has just been heard of");
}

pub(crate) async fn who_comes_back_counts_again(ledger: Arc<dyn Ledger>) {
    told(&*ledger, 1, LONG).await;
    assert_eq!(told(&*ledger, 2, Duration::ZERO).await, (1, 0));
    assert_eq!(told(&*ledger, 1, LONG).await, (2, 0));
}

pub(crate) async fn who_is_gone_does_not_count(ledger: Arc<dyn Ledger>) {
    told(&*ledger, 1, LONG).await;
    assert_eq!(told(&*ledger, 2, LONG).await, (2, 1));
    ledger.tell_gone(Uuid::from_u128(1)).await.unwrap();
    ledger.tell_gone(Uuid::from_u128(9)).await.unwrap();
    assert_eq!(told(&*ledger, 2, LONG).await, (1, 0));
}

/// Each tells twice: whoever ends last has seen all, and places differ.
pub(crate) async fn those_who_ask_again_have_seen_each_other(ledger: Arc<dyn Ledger>) {
    let mut tasks = tokio::task::JoinSet::new();
    for replica in 0..8 {
        let ledger = Arc::clone(&ledger);
        tasks.spawn(async move {
            told(&*ledger, replica, LONG).await;
            told(&*ledger, replica, LONG).await
        });
    }
    let counts = tasks.join_all().await;
    assert_eq!(counts.iter().map(|(live, _)| *live).max(), Some(8), "{counts:?}");
    for replica in 0..8 {
        let place = u32::try_from(replica).unwrap();
        assert_eq!(told(&*ledger, replica, LONG).await, (8, place));
    }
}
