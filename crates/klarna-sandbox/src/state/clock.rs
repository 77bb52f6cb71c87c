//! The sandbox's clock: how far it is ahead of its base, and how much faster it runs.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::rules::lifetime;

/// The fastest pace: a day passes in less than a tenth of a second.
pub(crate) const PACE_MAX: u32 = 1_000_000;

/// A clock that can be advanced and can run fast.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SandboxClock {
    /// How far it was ahead of its base when its pace was last set.
    offset_seconds: i64,
    offset_nanoseconds: i32,
    /// How many of its seconds pass in one of the base's.
    pace: u32,
    /// When the pace was last set, by the base.
    since: Timestamp,
}

impl Default for SandboxClock {
    fn default() -> Self {
        Self { offset_seconds: 0, offset_nanoseconds: 0, pace: 1, since: Timestamp::UNIX_EPOCH }
    }
}

impl SandboxClock {
    pub(crate) fn pace(&self) -> u32 {
        self.pace
    }

    /// How far it is ahead of its base.
    pub(crate) fn offset(&self, base: Timestamp) -> SignedDuration {
        let held = SignedDuration::new(self.offset_seconds, self.offset_nanoseconds);
        if self.pace <= 1 {
            return held;
        }
        let passed = base.duration_since(self.since).max(SignedDuration::ZERO);
        let extra = i32::try_from(self.pace - 1).unwrap_or(i32::MAX);
        held.saturating_add(passed.checked_mul(extra).unwrap_or(SignedDuration::MAX))
    }

    /// Its time.
    pub(crate) fn now(&self, base: Timestamp) -> Timestamp {
        lifetime::later(base, self.offset(base))
    }

    /// Moves it forward.
    pub(crate) fn advance(&mut self, base: Timestamp, by: SignedDuration) {
        self.hold(base, self.offset(base).saturating_add(by));
    }

    /// Lets it run so many times as fast as its base, from now on.
    pub(crate) fn set_pace(&mut self, base: Timestamp, pace: u32) {
        self.hold(base, self.offset(base));
        self.pace = pace.clamp(1, PACE_MAX);
    }

    /// Tells this time now, and goes on from it at its pace.
    pub(crate) fn go_on_from(&mut self, now: Timestamp, base: Timestamp) {
        self.hold(base, now.duration_since(base));
    }

    /// Whether it can be reckoned with: one that was read may say anything.
    pub(crate) fn is_sound(&self) -> bool {
        let longest = Timestamp::MAX.duration_since(Timestamp::MIN).as_secs();
        let second = -999_999_999..=999_999_999;
        (-longest..=longest).contains(&self.offset_seconds)
            && second.contains(&self.offset_nanoseconds)
            && (1..=PACE_MAX).contains(&self.pace)
    }

    fn hold(&mut self, base: Timestamp, offset: SignedDuration) {
        self.offset_seconds = offset.as_secs();
        self.offset_nanoseconds = offset.subsec_nanos();
        self.since = base;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn it_runs_fast_from_when_it_is_told_to() {
        let start = at("2026-03-01T12:00:00.25Z");
        let mut clock = SandboxClock::default();
        assert_eq!(clock.now(start), start);
        clock.advance(start, SignedDuration::from_hours(1));
        clock.set_pace(start, 60);
        assert_eq!(clock.now(start), at("2026-03-01T13:00:00.25Z"));
        let later = at("2026-03-01T12:01:00.25Z");
        assert_eq!(clock.now(later), at("2026-03-01T14:00:00.25Z"));
        clock.advance(later, SignedDuration::from_hours(1));
        clock.set_pace(later, 1);
        let end = at("2026-03-01T12:02:00.25Z");
        assert_eq!(clock.now(end), at("2026-03-01T15:01:00.25Z"));
    }

    #[test]
    fn neither_the_end_of_time_nor_a_base_that_goes_back_breaks_it() {
        let start = at("2026-03-01T12:00:00Z");
        let mut clock = SandboxClock::default();
        clock.set_pace(start, u32::MAX);
        assert_eq!(clock.pace(), PACE_MAX);
        assert_eq!(clock.now(at("2026-02-01T12:00:00Z")), at("2026-02-01T12:00:00Z"));
        clock.advance(start, SignedDuration::MAX);
        assert_eq!(clock.now(Timestamp::MAX), Timestamp::MAX);
    }
}
