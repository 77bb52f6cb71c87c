//! When a request is sent again. Pure: the caller brings the attempt's number and the jitter.

use std::time::Duration;

use crate::operation::Repeat;
use crate::{Failure, RateLimit, Request};

/// How often and how patiently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// Most attempts for one call, the first included; at least 1.
    pub attempts_max: u32,
    /// Wait before the second attempt; it doubles with each further one.
    pub first_wait: Duration,
    /// Longest wait. Where Klarna asks for a longer one, the call is not repeated.
    pub wait_max: Duration,
}

impl Policy {
    /// Never repeats: for callers that keep their own record of attempts.
    pub const OFF: Self =
        Self { attempts_max: 1, first_wait: Duration::ZERO, wait_max: Duration::ZERO };
}

impl Default for Policy {
    /// Three attempts, 300 ms before the second, never more than 10 s between two.
    fn default() -> Self {
        Self {
            attempts_max: 3,
            first_wait: Duration::from_millis(300),
            wait_max: Duration::from_secs(10),
        }
    }
}

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending<'a> {
    /// With an answer.
    Answered {
        /// HTTP status.
        status: u16,
        /// The calls that are left, where Klarna says so.
        rate_limit: Option<RateLimit>,
    },
    /// Without one.
    Failed(&'a Failure),
}

/// A share of the wait that is left to chance, so that many clients do not come back at once: 0
/// to 1,000 thousandths. Larger values count as 1,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Jitter(pub u16);

impl Jitter {
    fn of(self, duration: Duration) -> Duration {
        duration * u32::from(self.0.min(1000)) / 1000
    }
}

/// Whether to send again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// No: the attempt's ending is the call's.
    No,
    /// Yes, after this wait.
    After(Duration),
}

/// Decides whether a request is sent again after its attempt of this number (the first is 1).
///
/// - What surely had no effect may always be repeated: the connection was not made, or Klarna
///   answered 429. After a 429 the wait is what Klarna asks for.
/// - What may have had its effect (a time-out, a broken connection, a 5xx, a 408) is repeated
///   only where a second effect is harmless: reads; Order Management writes with their
///   idempotency key; creating a session, where at worst one is left unused; cancelling an
///   authorization, since deleting what is deleted changes nothing (the repetition may be
///   answered 404 although the first attempt succeeded). Placing an order, updating a session
///   and creating a customer token have no such protection and are not repeated.
/// - Every other answer stands.
///
/// ```
/// use klarna::retry::{Ending, Jitter, Policy, Retry, decide};
/// use klarna::{AuthorizationToken, OrderId, orders, payments};
///
/// let unavailable = Ending::Answered { status: 503, rate_limit: None };
/// let read = orders::get(&OrderId::new("f3392f8b-6116-4073-ab96-e330819e2c07")?)?;
/// let again = decide(&read, &unavailable, 1, &Policy::default(), Jitter(0));
/// assert!(matches!(again, Retry::After(_)));
/// assert_eq!(decide(&read, &unavailable, 3, &Policy::default(), Jitter(0)), Retry::No);
/// # Ok::<(), klarna::Error>(())
/// ```
pub fn decide(
    request: &Request,
    ending: &Ending<'_>,
    attempt: u32,
    policy: &Policy,
    jitter: Jitter,
) -> Retry {
    if attempt >= policy.attempts_max {
        return Retry::No;
    }
    let without_effect = match ending {
        Ending::Answered { status: 429, .. } => true,
        Ending::Answered { status: 408 | 500..=599, .. } => false,
        Ending::Answered { .. } => return Retry::No,
        Ending::Failed(failure) => failure.is_before_sending(),
    };
    let repeatable = match request.operation().repeat() {
        Repeat::Freely => true,
        Repeat::WithKey => request.idempotency_key().is_some(),
        Repeat::WhileWithoutEffect => false,
    };
    if !without_effect && !repeatable {
        return Retry::No;
    }
    let wait = match ending {
        Ending::Answered { status: 429, rate_limit } => {
            // Klarna's windows are one second long (Klarna documentation: rate limit).
            let reset = rate_limit.and_then(|limit| limit.reset());
            let reset = reset.unwrap_or(Duration::from_secs(1));
            reset + jitter.of(policy.first_wait)
        }
        _ => {
            let doubled = 1_u32.checked_shl(attempt.saturating_sub(1)).unwrap_or(u32::MAX);
            let whole = policy.first_wait.saturating_mul(doubled).min(policy.wait_max);
            whole / 2 + jitter.of(whole / 2)
        }
    };
    if wait > policy.wait_max { Retry::No } else { Retry::After(wait) }
}
