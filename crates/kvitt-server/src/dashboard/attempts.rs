//! How often signing in may fail before it has to wait. Kept in this process only: it slows
//! guessing down, and forgets nothing that matters when the server starts anew.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

/// How long a failure counts.
const WINDOW: Duration = Duration::from_mins(15);
/// Failures under one name after which its next attempt waits.
const OF_A_NAME_MAX: usize = 5;
/// Failures under any names after which everybody's next attempt waits: many, since a stranger who
/// makes them keeps everybody out, and few enough to be kept.
const OF_ALL_MAX: usize = 1_000;

/// Attempts of late that failed or are under way, oldest first; never more than
/// [`OF_ALL_MAX`].
///
/// An attempt counts from its beginning, so that many at once get no further than one after the
/// other. Those that have to wait do not count: waiting is enough.
#[derive(Default)]
pub(crate) struct Attempts(Mutex<VecDeque<(Instant, Attempt)>>);

/// An attempt under a name, by the name's digest: a name may be long, or a password that was
/// typed into the wrong place.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Attempt([u8; 32]);

impl Attempts {
    /// Begins an attempt, which counts as failed until it is told otherwise; or says how long to
    /// wait.
    pub(super) fn begin(&self, name: &str, now: Instant) -> Result<Attempt, Duration> {
        let attempt = Attempt(Sha256::digest(name.to_ascii_lowercase()).into());
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counted.retain(|(at, _)| now.saturating_duration_since(*at) < WINDOW);
        let of_all = counted.iter().map(|(at, _)| *at);
        let of_name = counted.iter().filter(|(_, it)| *it == attempt).map(|(at, _)| *at);
        let wait = [wait(of_all, OF_ALL_MAX, now), wait(of_name, OF_A_NAME_MAX, now)];
        if let Some(wait) = wait.into_iter().flatten().max() {
            return Err(wait);
        }
        counted.push_back((now, attempt));
        Ok(attempt)
    }

    /// The attempt was a good one: whoever made it may err anew.
    pub(super) fn succeeded(&self, attempt: Attempt) {
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counted.retain(|(_, other)| *other != attempt);
    }
}

/// How long to wait where as many count as may: until the oldest of them is forgotten.
fn wait(counted: impl Iterator<Item = Instant>, most: usize, now: Instant) -> Option<Duration> {
    let counted: Vec<Instant> = counted.collect();
    let oldest = counted.first().filter(|_| counted.len() >= most)?;
    Some(WINDOW.saturating_sub(now.saturating_duration_since(*oldest)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_mins(1);

    #[test]
    fn after_five_failures_a_name_waits_until_the_first_is_forgotten() {
        let (attempts, start) = (Attempts::default(), Instant::now());
        for minute in 0..5 {
            assert!(attempts.begin("Asa", start + MINUTE * minute).is_ok(), "{minute}");
        }
        assert_eq!(attempts.begin("asa", start + MINUTE * 5).err(), Some(MINUTE * 10));
        assert!(attempts.begin("Bo", start + MINUTE * 5).is_ok(), "another name");
        let almost = start + MINUTE * 14 + Duration::from_secs(59);
        assert_eq!(attempts.begin("ASA", almost).err(), Some(Duration::from_secs(1)));
        assert!(attempts.begin("asa", start + MINUTE * 15).is_ok(), "waiting did not count");
        assert_eq!(attempts.begin("asa", start + MINUTE * 15).err(), Some(MINUTE));
    }

    #[test]
    fn success_gives_a_name_and_only_that_one_all_its_attempts_back() {
        let (attempts, now) = (Attempts::default(), Instant::now());
        for _ in 0..4 {
            attempts.begin("asa", now).ok().unwrap();
            attempts.begin("bo", now).ok().unwrap();
        }
        attempts.succeeded(attempts.begin("asa", now).ok().unwrap());
        for _ in 0..5 {
            assert!(attempts.begin("asa", now).is_ok());
        }
        assert!(attempts.begin("asa", now).is_err());
        assert!(attempts.begin("bo", now).is_ok());
        assert!(attempts.begin("bo", now).is_err());
    }

    #[test]
    fn a_thousand_failures_make_everybody_wait_and_are_all_that_is_kept() {
        let (attempts, start) = (Attempts::default(), Instant::now());
        for number in 0..1_000 {
            let at = start + Duration::from_millis(number);
            assert!(attempts.begin(&format!("name {number}"), at).is_ok(), "{number}");
        }
        let now = start + MINUTE;
        for number in 0..1_000 {
            let wait = attempts.begin(&format!("other {number}"), now).err();
            assert_eq!(wait, Some(MINUTE * 14));
        }
        assert_eq!(attempts.0.lock().unwrap().len(), 1_000);
        assert!(attempts.begin("other", start + WINDOW).is_ok());
    }
}
