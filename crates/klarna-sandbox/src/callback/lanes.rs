//! How many callbacks are under way: bounded, and so that no receiver holds up another.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};

/// How many requests are under way at once, and how many of them to one receiver.
const IN_FLIGHT_MAX: usize = 256;
const IN_FLIGHT_TO_ONE_MAX: usize = 32;
/// How many deliveries may wait for their turn, for a fault's delay or for their next attempt.
const WAITING_MAX: usize = 10_000;

/// All receivers' lanes.
pub(crate) struct Lanes {
    all: Semaphore,
    of_receivers: Mutex<HashMap<String, Arc<Semaphore>>>,
    waiting: AtomicUsize,
}

impl Default for Lanes {
    fn default() -> Self {
        Self {
            all: Semaphore::new(IN_FLIGHT_MAX),
            of_receivers: Mutex::default(),
            waiting: AtomicUsize::new(0),
        }
    }
}

/// A delivery's place among those that wait, until it is dropped.
pub(crate) struct Place<'a>(&'a Lanes);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The right to send one request, until it is dropped.
pub(crate) struct Turn<'a> {
    lanes: &'a Lanes,
    receiver: &'a str,
    own: Option<OwnedSemaphorePermit>,
    shared: Option<SemaphorePermit<'a>>,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        drop((self.own.take(), self.shared.take()));
        let mut receivers = self.lanes.of_receivers();
        // The table's own reference is the last: nobody waits for this receiver.
        if receivers.get(self.receiver).is_some_and(|lane| Arc::strong_count(lane) == 1) {
            receivers.remove(self.receiver);
        }
    }
}

impl Lanes {
    /// A place; none if too many are waiting.
    pub(crate) fn place(&self) -> Option<Place<'_>> {
        let place = self.waiting.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |waiting| {
            (waiting < WAITING_MAX).then_some(waiting + 1)
        });
        place.is_ok().then_some(Place(self))
    }

    /// Waits for a turn. Whoever waits for a slow receiver keeps nobody else from theirs.
    pub(crate) async fn turn<'a>(&'a self, receiver: &'a str) -> Turn<'a> {
        let lane = {
            let mut receivers = self.of_receivers();
            let new = || Arc::new(Semaphore::new(IN_FLIGHT_TO_ONE_MAX));
            Arc::clone(receivers.entry(receiver.to_owned()).or_insert_with(new))
        };
        let mut turn = Turn { lanes: self, receiver, own: None, shared: None };
        // No semaphore is ever closed, which is all that could fail.
        turn.own = lane.acquire_owned().await.ok();
        turn.shared = self.all.acquire().await.ok();
        turn
    }

    fn of_receivers(&self) -> MutexGuard<'_, HashMap<String, Arc<Semaphore>>> {
        self.of_receivers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::task::Poll;

    use super::*;

    /// A turn, if it is to be had at once.
    async fn at_once<'a>(lanes: &'a Lanes, receiver: &'a str) -> Option<Turn<'a>> {
        let mut turn = Box::pin(tokio::task::unconstrained(lanes.turn(receiver)));
        std::future::poll_fn(|cx| {
            Poll::Ready(match turn.as_mut().poll(cx) {
                Poll::Ready(turn) => Some(turn),
                Poll::Pending => None,
            })
        })
        .await
    }

    #[tokio::test]
    async fn a_slow_receiver_holds_up_nobody_else() {
        let lanes = Lanes::default();
        let mut turns = Vec::new();
        for _ in 0..IN_FLIGHT_TO_ONE_MAX {
            turns.push(at_once(&lanes, "slow").await.unwrap());
        }
        assert!(at_once(&lanes, "slow").await.is_none());
        assert!(at_once(&lanes, "other").await.is_some());
        turns.pop();
        assert!(at_once(&lanes, "slow").await.is_some());
        turns.clear();
        assert!(lanes.of_receivers().is_empty());
    }

    #[tokio::test]
    async fn all_together_are_bounded() {
        let lanes = Lanes::default();
        let names: Vec<String> = (0..IN_FLIGHT_MAX).map(|number| number.to_string()).collect();
        let mut turns = Vec::new();
        for name in &names {
            turns.push(at_once(&lanes, name).await.unwrap());
        }
        assert!(at_once(&lanes, "one more").await.is_none());
        turns.pop();
        assert!(at_once(&lanes, "one more").await.is_some());
        turns.clear();
        assert!(lanes.of_receivers().is_empty());
    }

    #[test]
    fn so_many_may_wait() {
        let lanes = Lanes::default();
        let mut places: Vec<Place<'_>> = (0..WAITING_MAX).map_while(|_| lanes.place()).collect();
        assert_eq!(places.len(), WAITING_MAX);
        assert!(lanes.place().is_none());
        places.pop();
        assert!(lanes.place().is_some());
    }
}
