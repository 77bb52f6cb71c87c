//! Writers that go on whatever happens to the server, and an account of what they were answered.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use kvitt_core::{EventId, SaleId};
use kvitt_ledger::{Ledger, LedgerError};
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::suite::sample::{sale, step};

const WRITERS: u128 = 8;

/// How long the server may be away before the test gives it up.
const PATIENCE: Duration = Duration::from_mins(1);
const PAUSE: Duration = Duration::from_millis(10);

/// Writers, each on a sale of its own.
pub(crate) struct Load {
    ledger: Arc<dyn Ledger>,
    answered: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
    writers: Vec<JoinHandle<BTreeSet<EventId>>>,
}

impl Load {
    /// Starts them.
    pub(crate) fn start(ledger: &Arc<dyn Ledger>) -> Self {
        let (answered, stop) = (Arc::default(), Arc::default());
        let writers = (0..WRITERS)
            .map(|number| {
                let (ledger, answered) = (Arc::clone(ledger), Arc::clone(&answered));
                let stop = Arc::clone(&stop);
                tokio::spawn(async move { write(&*ledger, sale(number), &answered, &stop).await })
            })
            .collect();
        Self { ledger: Arc::clone(ledger), answered, stop, writers }
    }

    /// Waits until so many more steps were answered with success.
    pub(crate) async fn answered(&self, more: usize) {
        let wanted = self.answered.load(Ordering::SeqCst) + more;
        let enough = async {
            while self.answered.load(Ordering::SeqCst) < wanted {
                tokio::time::sleep(PAUSE).await;
            }
        };
        tokio::time::timeout(PATIENCE, enough).await.expect("the ledger works again");
    }

    /// Stops them, and holds what they were answered against what is stored.
    pub(crate) async fn settle(self) {
        self.stop.store(true, Ordering::SeqCst);
        let mut of_feed = Vec::new();
        loop {
            let after = of_feed.last().map_or(0, |(position, _)| *position);
            let page = self.ledger.feed(after, 1_000).await.unwrap();
            if page.is_empty() && self.writers.iter().all(JoinHandle::is_finished) {
                break;
            }
            of_feed.extend(page.iter().map(|entry| (entry.position, entry.recorded.id)));
        }
        let mut stored_in_all = BTreeSet::new();
        for (number, writer) in (0..).zip(self.writers) {
            let answered = writer.await.unwrap();
            let events = self.ledger.events(sale(number)).await.unwrap();
            let stored: BTreeSet<_> = events.iter().map(|event| event.id).collect();
            assert_eq!(stored.len(), events.len(), "none is stored twice");
            assert!(answered.is_subset(&stored), "{:?} are lost", &answered - &stored);
            stored_in_all.extend(stored);
        }
        assert_eq!(of_feed.len(), stored_in_all.len(), "the feed has each once");
        let of_feed: BTreeSet<_> = of_feed.into_iter().map(|(_, id)| id).collect();
        assert_eq!(of_feed, stored_in_all, "and no other");
    }
}

/// Writes steps until told to stop, and returns the events whose storing was confirmed.
async fn write(
    ledger: &dyn Ledger,
    of: SaleId,
    count: &AtomicUsize,
    stop: &AtomicBool,
) -> BTreeSet<EventId> {
    let mut answered = BTreeSet::new();
    let mut version = 0;
    for attempt in 1_u128.. {
        if stop.load(Ordering::SeqCst) {
            break;
        }
        let id = EventId(Uuid::from_u128((of.0.as_u128() << 64) + attempt));
        let mut append = step(of, version);
        append.events[0].id = id;
        match ledger.append(append).await {
            Ok(_) => {
                version += 1;
                answered.insert(id);
                count.fetch_add(1, Ordering::SeqCst);
            }
            // It may have been stored all the same.
            Err(LedgerError::Unavailable { .. }) => version = stored_version(ledger, of).await,
            Err(error) => panic!("{error:?}"),
        }
    }
    answered
}

/// The sale's version, once the ledger answers.
async fn stored_version(ledger: &dyn Ledger, of: SaleId) -> u64 {
    loop {
        match ledger.events(of).await {
            Ok(events) => return u64::try_from(events.len()).unwrap(),
            Err(LedgerError::Unavailable { .. }) => tokio::time::sleep(PAUSE).await,
            Err(error) => panic!("{error:?}"),
        }
    }
}
