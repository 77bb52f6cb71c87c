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
        duration / 1000 * u32::from(self.0.min(1000))
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
///   only where a second effect is harmless: reads; Order Management writes and recurring orders
///   with their idempotency key; creating a session, a hosted page's too, where at worst one is
///   left unused; cancelling an authorization or a customer token and disabling a hosted page,
///   since ending what has ended changes nothing (the repetition may be refused although the
///   first attempt succeeded). Placing an order, updating a session, creating a customer token
///   and sending a page's link to a shopper have no such protection and are not repeated.
/// - What the transport held back has waited its time already, and is not repeated.
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
        Ending::Answered { .. } | Ending::Failed(Failure::HeldBack { .. }) => return Retry::No,
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
    let wait = if let Ending::Answered { status: 429, rate_limit } = ending {
        // Klarna's windows are one second long (Klarna documentation: rate limit).
        let reset = rate_limit.and_then(|limit| limit.reset());
        reset.unwrap_or(Duration::from_secs(1)).saturating_add(jitter.of(policy.first_wait))
    } else {
        let doubled = 1_u32.checked_shl(attempt.saturating_sub(1)).unwrap_or(u32::MAX);
        let whole = policy.first_wait.saturating_mul(doubled).min(policy.wait_max);
        whole / 2 + jitter.of(whole / 2)
    };
    if wait > policy.wait_max { Retry::No } else { Retry::After(wait) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{IdempotencyKey, Method, Operation, RequestParts};

    fn request(operation: Operation, with_key: bool) -> Request {
        let key = IdempotencyKey::new("act-1").unwrap();
        Request::from_parts(RequestParts {
            operation,
            method: Method::Post,
            path: "/x".to_owned(),
            body: None,
            idempotency_key: with_key.then_some(key),
        })
        .unwrap()
    }

    fn status(status: u16) -> Ending<'static> {
        Ending::Answered { status, rate_limit: None }
    }

    fn repeats(operation: Operation, with_key: bool, ending: &Ending<'_>) -> bool {
        let request = request(operation, with_key);
        decide(&request, ending, 1, &Policy::default(), Jitter(500)) != Retry::No
    }

    #[test]
    fn reads_are_repeated_after_everything_that_may_pass() {
        for passing in [408, 429, 500, 502, 503, 504] {
            for read in
                [Operation::GetOrder, Operation::ReadHppSession, Operation::ReadCustomerToken]
            {
                assert!(repeats(read, false, &status(passing)), "{read} {passing}");
            }
        }
        for standing in [200, 204, 302, 400, 401, 403, 404, 409, 413, 422] {
            assert!(!repeats(Operation::GetOrder, false, &status(standing)), "{standing}");
        }
    }

    #[test]
    fn keyed_writes_need_their_key() {
        for operation in [
            Operation::Capture,
            Operation::Refund,
            Operation::PlaceCustomerTokenOrder,
            Operation::RawWrite,
        ] {
            assert!(repeats(operation, true, &status(503)));
            assert!(!repeats(operation, false, &status(503)));
            assert!(repeats(operation, false, &status(429)));
            let lost = Failure::Lost { status: None };
            assert!(repeats(operation, true, &Ending::Failed(&lost)));
            assert!(!repeats(operation, false, &Ending::Failed(&lost)));
        }
    }

    #[test]
    fn other_writes_are_repeated_where_a_second_effect_is_harmless() {
        let late = Failure::AnswerTimedOut;
        for (operation, harmless) in [
            (Operation::CreateSession, true),
            (Operation::CancelAuthorization, true),
            (Operation::UpdateSession, false),
            (Operation::PlaceOrder, false),
            (Operation::CreateCustomerToken, false),
            (Operation::CreateHppSession, true),
            (Operation::DisableHppSession, true),
            (Operation::DistributeHppSession, false),
            (Operation::CancelCustomerToken, true),
        ] {
            assert_eq!(repeats(operation, false, &Ending::Failed(&late)), harmless, "{operation}");
            assert_eq!(repeats(operation, false, &status(502)), harmless, "{operation}");
        }
    }

    #[test]
    fn what_was_held_back_is_left_to_the_caller() {
        let held_back = Failure::HeldBack { retry_after: Duration::from_secs(1) };
        for operation in Operation::ALL {
            assert!(!repeats(*operation, true, &Ending::Failed(&held_back)), "{operation}");
        }
        let error = held_back.into_error(Operation::PlaceOrder);
        assert_eq!(error.outcome(), crate::Outcome::NotSent);
    }

    #[test]
    fn a_429_waits_for_the_reset_but_not_for_ever() {
        let limited = |reset_seconds| Ending::Answered {
            status: 429,
            rate_limit: Some(RateLimit { limit: None, remaining: Some(0), reset_seconds }),
        };
        let read = request(Operation::GetOrder, false);
        let wait = |ending: &Ending<'_>| decide(&read, ending, 1, &Policy::default(), Jitter(0));
        assert_eq!(wait(&limited(Some(2))), Retry::After(Duration::from_secs(2)));
        assert_eq!(wait(&limited(None)), Retry::After(Duration::from_secs(1)));
        assert_eq!(wait(&status(429)), Retry::After(Duration::from_secs(1)));
        assert_eq!(wait(&limited(Some(3600))), Retry::No);
    }

    #[test]
    fn waits_double_and_keep_their_bounds() {
        let read = request(Operation::GetOrder, false);
        let policy = Policy { attempts_max: 100, ..Policy::default() };
        let wait = |attempt, jitter| decide(&read, &status(503), attempt, &policy, Jitter(jitter));
        let after = |millis| Retry::After(Duration::from_millis(millis));
        assert_eq!(wait(1, 1000), after(300));
        assert_eq!(wait(1, 0), after(150));
        assert_eq!(wait(2, 1000), after(600));
        assert_eq!(wait(3, 1000), after(1200));
        assert_eq!(wait(99, 1000), after(10_000));
        assert_eq!(wait(100, 1000), Retry::No);
    }

    fn failures() -> impl Strategy<Value = Failure> {
        prop_oneof![
            Just(Failure::Connect("refused".to_owned())),
            Just(Failure::ConnectTimedOut),
            Just(Failure::HeldBack { retry_after: Duration::from_secs(1) }),
            Just(Failure::AnswerTimedOut),
            proptest::option::of(100_u16..600).prop_map(|status| Failure::Lost { status }),
        ]
    }

    proptest! {
        #[test]
        fn an_order_that_may_have_been_placed_is_never_placed_again(
            answer in 100_u16..600,
            failure in failures(),
            attempt in 0_u32..10,
            attempts_max in 0_u32..10,
            jitter in 0_u16..=2000,
            with_key: bool,
        ) {
            let policy = Policy { attempts_max, ..Policy::default() };
            let place = request(Operation::PlaceOrder, with_key);
            let decide = |ending| decide(&place, &ending, attempt, &policy, Jitter(jitter));
            if answer != 429 {
                prop_assert_eq!(decide(status(answer)), Retry::No);
            }
            if !failure.is_before_sending() {
                prop_assert_eq!(decide(Ending::Failed(&failure)), Retry::No);
            }
        }

        #[test]
        fn nothing_is_repeated_beyond_its_bounds(
            operation in proptest::sample::select(Operation::ALL),
            answer in 100_u16..600,
            reset_seconds in proptest::option::of(any::<u32>()),
            attempt in any::<u32>(),
            jitter in any::<u16>(),
        ) {
            let rate_limit = Some(RateLimit { limit: None, remaining: None, reset_seconds });
            let ending = Ending::Answered { status: answer, rate_limit };
            let policy = Policy::default();
            let request = request(operation, true);
            match decide(&request, &ending, attempt, &policy, Jitter(jitter)) {
                Retry::No => {}
                Retry::After(wait) => {
                    prop_assert!(attempt < policy.attempts_max);
                    prop_assert!(wait <= policy.wait_max);
                }
            }
            let off = decide(&request, &ending, attempt.max(1), &Policy::OFF, Jitter(jitter));
            prop_assert_eq!(off, Retry::No);
        }
    }
}
