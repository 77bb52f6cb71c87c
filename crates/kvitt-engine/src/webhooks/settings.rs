//! How webhooks are sent.

use std::time::Duration;

use jiff::SignedDuration;

/// How webhooks are sent.
#[derive(Debug, Clone)]
pub struct WebhookSettings {
    /// The pause after the first attempt that was in vain, after the second, and so on; after the
    /// last of them it stays the same. Each is made up to a fifth longer by chance.
    pub pauses: Vec<Duration>,
    /// How long a message is sent again and again, by the business clock.
    pub give_up_after: SignedDuration,
    /// How long an endpoint has to answer.
    pub answer_within: Duration,
    /// How long who sends a sale's messages holds it. Longer than `answer_within`.
    pub lease: Duration,
    /// How many sales' messages this process sends to one endpoint at a time.
    pub at_once: usize,
    /// Whether endpoints may be on this machine or in a private network.
    pub allow_private: bool,
}

impl Default for WebhookSettings {
    /// The pauses that Standard Webhooks recommends, for three days; only endpoints in the
    /// public internet.
    fn default() -> Self {
        let minutes = Duration::from_mins;
        Self {
            pauses: vec![
                Duration::from_secs(5),
                minutes(5),
                minutes(30),
                minutes(2 * 60),
                minutes(5 * 60),
                minutes(10 * 60),
            ],
            give_up_after: SignedDuration::from_hours(3 * 24),
            answer_within: Duration::from_secs(20),
            lease: Duration::from_mins(1),
            at_once: 8,
            allow_private: false,
        }
    }
}

impl WebhookSettings {
    /// The pause after so many attempts in vain; `chance` is any number.
    pub(crate) fn pause_after(&self, attempts: u32, chance: u64) -> Duration {
        let index = usize::try_from(attempts.saturating_sub(1)).unwrap_or(usize::MAX);
        let pause = self.pauses.get(index).or(self.pauses.last()).copied().unwrap_or_default();
        let share = u32::try_from(chance % 1_001).unwrap_or_default();
        pause.saturating_add(pause / 5_000 * share)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pauses_grow_to_ten_hours_and_are_spread() {
        let settings = WebhookSettings::default();
        let minutes: Vec<u64> =
            (1..=8).map(|attempts| settings.pause_after(attempts, 0).as_secs() / 60).collect();
        assert_eq!(minutes, [0, 5, 30, 120, 300, 600, 600, 600]);
        assert_eq!(settings.pause_after(0, 0), Duration::from_secs(5));
        assert_eq!(settings.pause_after(u32::MAX, 0), Duration::from_hours(10));
        assert_eq!(settings.pause_after(2, 1_000), Duration::from_mins(6));
        assert_eq!(settings.pause_after(2, 1_001), Duration::from_mins(5));
        let none = WebhookSettings { pauses: Vec::new(), ..settings };
        assert_eq!(none.pause_after(3, 7), Duration::ZERO);
    }
}
