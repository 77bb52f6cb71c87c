//! How long things last.

use jiff::{SignedDuration, Timestamp};

/// A session and its client token (Klarna documentation).
pub(crate) const SESSION: SignedDuration = SignedDuration::from_hours(48);
/// How long before its payment session a session of the hosted payment page ends (Klarna
/// documentation).
pub(crate) const HPP_BEFORE_SESSION: SignedDuration = SignedDuration::from_hours(1);
/// An authorization token (Klarna documentation).
pub(crate) const AUTHORIZATION_TOKEN: SignedDuration = SignedDuration::from_mins(60);
/// An idempotency key (Klarna documentation).
pub(crate) const IDEMPOTENCY_KEY: SignedDuration = SignedDuration::from_hours(24);
/// How long a rejected order may still be captured (Klarna documentation).
pub(crate) const AFTER_REJECTION: SignedDuration = SignedDuration::from_hours(4);
/// The time between two fraud notifications, and how long they go on (Klarna documentation).
pub(crate) const NOTIFICATION_EVERY: SignedDuration = SignedDuration::from_mins(10);
pub(crate) const NOTIFICATION_FOR: SignedDuration = SignedDuration::from_hours(24);
/// When a push is sent, counted from the purchase, until the order is acknowledged: first at these
/// times, then regularly, and until the end of two days (Klarna documentation, for Checkout; that
/// Payments does the same, and that all is counted from the purchase, are guesses).
pub(crate) const PUSH_TURNS: [SignedDuration; 5] = [
    SignedDuration::from_mins(2),
    SignedDuration::from_mins(5),
    SignedDuration::from_mins(15),
    SignedDuration::from_mins(30),
    SignedDuration::from_mins(60),
];
pub(crate) const PUSH_EVERY: SignedDuration = SignedDuration::from_hours(4);
pub(crate) const PUSH_FOR: SignedDuration = SignedDuration::from_hours(48);
/// How long an expired session is still known to have been one, so that a buyer's page can say so.
pub(crate) const SESSION_REMEMBERED: SignedDuration = SignedDuration::from_hours(48);
/// The longest that an account's authorizations last, in days; nor does any extension reach beyond
/// so many after creation (Klarna documentation).
pub(crate) const AUTHORIZATION_DAYS_MAX: u16 = 180;

/// How long a refund takes until the capture it belongs to shows it. Right after a refund whose
/// lines were the capture's, the capture read 0 (recorded exchange); the minute is a guess.
pub(crate) const ALLOCATION: SignedDuration = SignedDuration::from_mins(1);

const DAY_SECONDS: i64 = 86_400;

/// Midnight UTC at the start of the day so many days after this one (Klarna's sample order:
/// created 2022-07-08T09:48, expires 2022-08-05T00:00).
pub(crate) fn midnight_after(time: Timestamp, days: i64) -> Timestamp {
    let day = time.as_second().div_euclid(DAY_SECONDS).saturating_add(days);
    Timestamp::from_second(day.saturating_mul(DAY_SECONDS)).unwrap_or(Timestamp::MAX)
}

/// The expiry that an extension asked for now gives.
pub(crate) fn extended(
    created: Timestamp,
    expires: Timestamp,
    now: Timestamp,
    days: i64,
) -> Timestamp {
    midnight_after(now, days)
        .min(midnight_after(created, i64::from(AUTHORIZATION_DAYS_MAX)))
        .max(expires)
}

/// So much later, or the end of time.
pub(crate) fn later(time: Timestamp, by: SignedDuration) -> Timestamp {
    time.checked_add(by).unwrap_or(Timestamp::MAX)
}

/// So much earlier, or the beginning of time.
pub(crate) fn earlier(time: Timestamp, by: SignedDuration) -> Timestamp {
    time.checked_sub(by).unwrap_or(Timestamp::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn klarnas_sample_order_expires_at_midnight() {
        let expires = midnight_after(at("2022-07-08T09:48:16.680Z"), 28);
        assert_eq!(expires, at("2022-08-05T00:00:00Z"));
        assert_eq!(midnight_after(at("2022-07-08T00:00:00Z"), 28), expires);
        assert_eq!(midnight_after(at("1969-12-31T23:00:00Z"), 1), at("1970-01-01T00:00:00Z"));
    }

    #[test]
    fn extensions_count_from_today_up_to_180_days() {
        let created = at("2026-01-01T10:00:00Z");
        let expires = midnight_after(created, 28);
        let extended_to = |now| extended(created, expires, at(now), 28);
        assert_eq!(extended_to("2026-01-15T08:00:00Z"), at("2026-02-12T00:00:00Z"));
        assert_eq!(extended_to("2026-01-15T23:59:59Z"), at("2026-02-12T00:00:00Z"));
        assert_eq!(extended_to("2026-06-20T08:00:00Z"), at("2026-06-30T00:00:00Z"));
    }

    #[test]
    fn the_end_of_time_is_not_passed() {
        assert_eq!(midnight_after(Timestamp::MAX, i64::MAX), Timestamp::MAX);
        assert_eq!(later(Timestamp::MAX, SESSION), Timestamp::MAX);
        assert_eq!(earlier(Timestamp::MIN, SESSION), Timestamp::MIN);
    }
}
