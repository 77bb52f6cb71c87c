//! The feed of all sales.

use std::sync::Arc;

use kvitt_core::SaleId;
use kvitt_ledger::{FeedEntry, Ledger};

use super::sample::{sale, step};

/// The feed once it shows so many events, which it must have and no more. Whoever else writes in
/// the same place may hold it up for a moment.
pub(crate) async fn shown(ledger: &dyn Ledger, count: usize) -> Vec<FeedEntry> {
    loop {
        let all = ledger.feed(0, 1_000).await.unwrap();
        if all.len() >= count {
            assert_eq!(all.len(), count);
            return all;
        }
        tokio::task::yield_now().await;
    }
}

pub(crate) async fn many_writers_leave_no_gap_for_a_reader_that_follows(ledger: Arc<dyn Ledger>) {
    const SALES: u128 = 50;
    const STEPS: u64 = 4;
    let total = usize::try_from(SALES).unwrap() * usize::try_from(STEPS).unwrap();

    let reader = tokio::spawn({
        let ledger = Arc::clone(&ledger);
        async move {
            let mut seen: Vec<(u64, SaleId, u64)> = Vec::new();
            while seen.len() < total {
                let after = seen.last().map_or(0, |(position, ..)| *position);
                for entry in ledger.feed(after, 7).await.unwrap() {
                    seen.push((entry.position, entry.sale, entry.recorded.seq));
                }
                tokio::task::yield_now().await;
            }
            seen
        }
    });
    let writers: Vec<_> = (0..SALES)
        .map(|number| {
            let ledger = Arc::clone(&ledger);
            tokio::spawn(async move {
                for version in 0..STEPS {
                    ledger.append(step(sale(number), version)).await.unwrap();
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }

    let seen = reader.await.unwrap();
    assert!(seen.is_sorted_by(|a, b| a.0 < b.0), "positions only grow");
    for number in 0..SALES {
        let steps = seen.iter().filter(|(_, of, _)| *of == sale(number)).map(|(.., seq)| *seq);
        assert!(steps.eq(1..=STEPS), "each event of sale {number} was seen once and in order");
    }
    let again = ledger.feed(0, 1_000).await.unwrap();
    let again: Vec<_> =
        again.into_iter().map(|entry| (entry.position, entry.sale, entry.recorded.seq)).collect();
    assert_eq!(again, seen, "a later reader sees the same");
}

pub(crate) async fn it_goes_on_after_a_position_by_pieces(ledger: Arc<dyn Ledger>) {
    for number in 1..=5 {
        ledger.append(step(sale(number), 0)).await.unwrap();
    }
    let all = shown(&*ledger, 5).await;
    assert!((1..).zip(&all).all(|(number, entry)| entry.sale == sale(number)));
    assert_eq!(all[0].name, "checkout.abandoned");
    assert_eq!(all[0].recorded, ledger.events(sale(1)).await.unwrap()[0]);

    assert_eq!(ledger.feed(all[1].position, 2).await.unwrap(), all[2..4]);
    assert_eq!(ledger.feed(all[4].position, 2).await.unwrap(), []);
    assert_eq!(ledger.feed(u64::MAX, 2).await.unwrap(), []);
    assert_eq!(ledger.feed(0, 0).await.unwrap().len(), 1, "a limit of nothing is one");
    assert_eq!(ledger.feed(0, u32::MAX).await.unwrap().len(), 5);
}
