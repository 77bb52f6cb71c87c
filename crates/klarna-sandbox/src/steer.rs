//! The clock and the switches, for those who run a sandbox in their own process.

use std::{sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp};

use crate::{Sandbox, SettingError, callback, state::limits::StoreLimits};

impl Sandbox {
    /// The sandbox's time.
    pub fn now(&self) -> Timestamp {
        self.0.now(&self.0.state())
    }

    /// Moves the sandbox's clock forward, lets happen what becomes due, and waits for the
    /// notifications that this sends.
    pub async fn advance(&self, by: Duration) {
        let by = SignedDuration::try_from(by).unwrap_or(SignedDuration::MAX);
        let due = {
            let mut state = self.0.state();
            state.clock.advance(self.0.base_time(), by);
            let now = self.0.now(&state);
            state.settle(now, &*self.0.ids, StoreLimits::of(&self.0.config));
            std::mem::take(&mut state.outbox)
        };
        callback::send_and_wait(&self.0, due).await;
    }

    /// Lets the sandbox's clock run so many times as fast as the machine's from now on, at least
    /// once and at most 1,000,000 times.
    pub fn set_pace(&self, pace: u32) {
        self.0.state().clock.set_pace(self.0.base_time(), pace);
    }

    /// Moves one of the switches, as `PATCH /sandbox/v1/settings` does. The value is written as in
    /// JSON; a bare word is a text.
    ///
    /// # Errors
    /// There is no switch of this name, or it does not take this value.
    pub fn set(&self, name: &str, value: &str) -> Result<(), SettingError> {
        Arc::make_mut(&mut self.0.state().settings).set(name, value)
    }
}
