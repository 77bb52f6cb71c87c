//! How far the storm has come, for whoever watches and for whoever strikes.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// An order's number, and a wish's; placing is wished by nobody.
pub(crate) type Waiting = (u32, Option<u32>);

/// Counted while it goes on.
#[derive(Debug, Default)]
pub struct Counts {
    /// Acts that will be wanted.
    pub acts_max: AtomicU64,
    /// Acts that were answered for good, or never sent.
    acts: AtomicU64,
    /// Requests of the shop that had to be repeated.
    repeats: AtomicU64,
    /// The shop waits for nothing any more.
    closing: AtomicBool,
    /// Since when each act waits that is wanted now.
    waiting: Mutex<BTreeMap<Waiting, Instant>>,
    stage: Mutex<String>,
}

impl Counts {
    /// Acts that are over.
    pub fn acts(&self) -> u64 {
        self.acts.load(Ordering::Relaxed)
    }

    /// What is going on.
    pub fn stage(&self) -> String {
        self.stage.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn begin(&self, act: Waiting) {
        self.waiting().insert(act, Instant::now());
    }

    pub(crate) fn end(&self, act: Waiting) {
        self.waiting().remove(&act);
        self.acts.fetch_add(1, Ordering::Relaxed);
    }

    /// How long the act waits that waits longest.
    pub(crate) fn longest_wait(&self) -> Duration {
        self.waiting().values().min().map(Instant::elapsed).unwrap_or_default()
    }

    /// Lets all of them wait anew.
    pub(crate) fn forget_waits(&self) {
        self.waiting().values_mut().for_each(|since| *since = Instant::now());
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, BTreeMap<Waiting, Instant>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn repeat(&self) {
        self.repeats.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn repeats(&self) -> u64 {
        self.repeats.load(Ordering::Relaxed)
    }

    pub(crate) fn close(&self) {
        self.closing.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Relaxed)
    }

    pub(crate) fn say(&self, stage: impl Into<String>) {
        *self.stage.lock().unwrap_or_else(PoisonError::into_inner) = stage.into();
    }
}
