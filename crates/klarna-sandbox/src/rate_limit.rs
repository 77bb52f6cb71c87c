//! How often one credential may call: Klarna counts by category in windows of a second, and says
//! in every answer what is left.

use std::collections::HashMap;

use jiff::Timestamp;

use crate::{answer::Answer, settings::Settings};

/// Which of Klarna's categories a call belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Category {
    /// Creating sessions: one category for each kind.
    Sessions(&'static str),
    Others,
}

impl Category {
    /// What the playground allows, in calls a second (Klarna documentation; the first observed).
    fn playground(self) -> u32 {
        match self {
            Self::Sessions(_) => 5,
            Self::Others => 50,
        }
    }
}

/// What is left of a window after a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Allowance {
    limit: u32,
    remaining: u32,
    pub(crate) is_exceeded: bool,
}

impl Allowance {
    /// Says so in an answer's headers.
    pub(crate) fn told_in(self, answer: Answer) -> Answer {
        let Self { limit, remaining, .. } = self;
        answer
            .with("x-ratelimit-limit", format!("{limit}, {limit};w=1"))
            .with("x-ratelimit-remaining", remaining.to_string())
            .with("x-ratelimit-reset", "1")
    }

    /// The answer to a call too many. As recorded: no body, no content type, no correlation id, no
    /// `Retry-After`.
    pub(crate) fn too_many_requests(self) -> Answer {
        let answer = Answer::empty(429).with("x-envoy-ratelimited", "true");
        Self { remaining: 0, ..self }.told_in(answer)
    }
}

/// What stands in the headers where nothing is limited: the playground's limits, with only this
/// call counted.
pub(crate) fn unlimited(category: Category) -> Allowance {
    let limit = category.playground();
    Allowance { limit, remaining: limit - 1, is_exceeded: false }
}

/// How many credentials are counted in one second before all counts begin anew.
const CREDENTIALS_MAX: usize = 10_000;

/// Calls of the second that runs, by credential and category.
#[derive(Default)]
pub(crate) struct RateLimits {
    second: i64,
    calls: HashMap<(String, Category), u32>,
}

impl RateLimits {
    /// Counts a call. The window is a second of the machine's clock, however fast the sandbox's
    /// own runs.
    pub(crate) fn count(
        &mut self,
        credential: &str,
        category: Category,
        settings: &Settings,
        now: Timestamp,
    ) -> Allowance {
        let limit = match category {
            Category::Sessions(_) => settings.rate_limit_sessions,
            Category::Others => settings.rate_limit_others,
        };
        if limit == 0 {
            return unlimited(category);
        }
        if self.second != now.as_second() {
            self.second = now.as_second();
            self.calls.clear();
        }
        if self.calls.len() >= CREDENTIALS_MAX {
            self.calls.clear();
        }
        let calls = self.calls.entry((credential.to_owned(), category)).or_default();
        *calls = calls.saturating_add(1);
        Allowance { limit, remaining: limit.saturating_sub(*calls), is_exceeded: *calls > limit }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_credential_and_category_has_its_own_window() {
        let settings =
            Settings { rate_limit_sessions: 2, rate_limit_others: 1, ..Settings::default() };
        let mut limits = RateLimits::default();
        let first: Timestamp = "2026-03-01T12:00:00Z".parse().unwrap();
        let sessions = Category::Sessions("payments");
        let mut count = |credential, category, now| {
            let allowed = limits.count(credential, category, &settings, now);
            (allowed.remaining, allowed.is_exceeded)
        };
        assert_eq!(count("a", sessions, first), (1, false));
        assert_eq!(count("a", sessions, first), (0, false));
        assert_eq!(count("a", sessions, first), (0, true));
        assert_eq!(count("a", Category::Sessions("hpp"), first), (1, false));
        assert_eq!(count("b", sessions, first), (1, false));
        assert_eq!(count("a", Category::Others, first), (0, false));
        let next = "2026-03-01T12:00:01Z".parse().unwrap();
        assert_eq!(count("a", sessions, next), (1, false));
    }

    #[test]
    fn so_many_credentials_are_counted() {
        let settings = Settings { rate_limit_others: 1, ..Settings::default() };
        let mut limits = RateLimits::default();
        for number in 0..=2 * CREDENTIALS_MAX {
            let credential = number.to_string();
            limits.count(&credential, Category::Others, &settings, Timestamp::UNIX_EPOCH);
            assert!(limits.calls.len() <= CREDENTIALS_MAX);
        }
    }

    #[test]
    fn without_limits_the_headers_are_the_playgrounds() {
        let mut limits = RateLimits::default();
        let settings = Settings::default();
        for _ in 0..100 {
            let allowed = limits.count("a", Category::Others, &settings, Timestamp::UNIX_EPOCH);
            assert_eq!(allowed, Allowance { limit: 50, remaining: 49, is_exceeded: false });
        }
        assert!(limits.calls.is_empty());
    }
}
