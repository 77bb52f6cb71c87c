//! The line before a budget: calls wait in it until it is their turn, or until they waited long
//! enough.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use klarna::retry::Jitter;
use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;

use super::budget::{Budget, Heard, NoTurn, Share, Ticket};
use super::{Class, ClassReport, Limit};

/// The line before one category's budget.
pub(super) struct Line {
    began: Instant,
    state: Mutex<State>,
    /// Something changed that may give somebody a turn.
    changed: Notify,
}

struct State {
    budget: Budget,
    waiting: HashMap<Ticket, oneshot::Sender<()>>,
    /// Whether a task calls those that wait.
    is_called: bool,
    called: [u64; 3],
    held_back: [u64; 3],
    refused: u64,
}

/// How a line stands.
pub(super) struct LineReport {
    pub(super) share: Option<u32>,
    pub(super) refused: u64,
    pub(super) classes: [ClassReport; 3],
}

impl Line {
    pub(super) fn new(limit: Limit) -> Arc<Self> {
        let state = State {
            budget: Budget::new(limit),
            waiting: HashMap::new(),
            is_called: false,
            called: [0; 3],
            held_back: [0; 3],
            refused: 0,
        };
        Arc::new(Self { began: Instant::now(), state: Mutex::new(state), changed: Notify::new() })
    }

    /// Waits for a turn, at most so long; then says when to come again.
    pub(super) async fn turn(
        self: &Arc<Self>,
        class: Class,
        wait: Duration,
    ) -> Result<Turn, Duration> {
        let (called, mut turn) = {
            let (sender, called) = oneshot::channel();
            let mut state = self.state();
            let ticket = state.budget.enter(class);
            state.waiting.insert(ticket, sender);
            let turn = Turn { line: Arc::clone(self), ticket, is_taken: false };
            if self.call(&mut state).is_some() && !state.is_called {
                state.is_called = true;
                tokio::spawn(Arc::clone(self).call_those_who_wait());
            }
            (called, turn)
        };
        if let Ok(Ok(())) = tokio::time::timeout(wait, called).await {
            turn.is_taken = true;
            return Ok(turn);
        }
        let mut state = self.state();
        state.held_back[class as usize] += 1;
        let retry_after = state.budget.retry_after(self.now());
        drop(state);
        drop(turn);
        Err(retry_after)
    }

    pub(super) fn set_share(&self, share: Share) {
        self.state().budget.set_share(share);
        self.changed.notify_one();
    }

    pub(super) fn report(&self) -> LineReport {
        let state = self.state();
        LineReport {
            share: state.budget.share(),
            refused: state.refused,
            classes: Class::ALL.map(|class| ClassReport {
                class,
                waiting: state.budget.waiting(class),
                called: state.called[class as usize],
                held_back: state.held_back[class as usize],
            }),
        }
    }

    async fn call_those_who_wait(self: Arc<Self>) {
        loop {
            let next = {
                let mut state = self.state();
                let next = self.call(&mut state);
                state.is_called = next.is_some();
                next
            };
            let Some(next) = next else { return };
            let _ = tokio::time::timeout_at(self.began + next, self.changed.notified()).await;
        }
    }

    /// Calls everybody whose turn it is, and says when to look again, if somebody waits.
    fn call(&self, state: &mut State) -> Option<Duration> {
        loop {
            match state.budget.turn(self.now()) {
                Err(NoTurn::NobodyWaits) => return None,
                Err(NoTurn::Until(next)) => return Some(next),
                Ok((ticket, class)) => {
                    let caller = state.waiting.remove(&ticket);
                    if caller.is_some_and(|caller| caller.send(()).is_ok()) {
                        state.called[class as usize] += 1;
                    } else {
                        state.budget.leave(ticket);
                    }
                }
            }
        }
    }

    fn leave(&self, ticket: Ticket) {
        let mut state = self.state();
        state.waiting.remove(&ticket);
        state.budget.leave(ticket);
        drop(state);
        self.changed.notify_one();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Duration {
        self.began.elapsed()
    }
}

/// A place in the line, then a turn. A call that is dropped while it waits leaves the line; one
/// that is dropped under way still counts, since Klarna may have counted it.
pub(super) struct Turn {
    line: Arc<Line>,
    ticket: Ticket,
    is_taken: bool,
}

impl Turn {
    /// The call is over.
    pub(super) fn ended(self, heard: &Heard, jitter: Jitter) {
        let now = self.line.now();
        let mut state = self.line.state();
        state.refused += u64::from(heard.refused);
        state.budget.ended(self.ticket, now, heard, jitter);
        drop(state);
        self.line.changed.notify_one();
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if !self.is_taken {
            self.line.leave(self.ticket);
        }
    }
}

#[cfg(test)]
mod tests;
