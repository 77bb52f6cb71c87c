//! How long an authorization may last.

use std::{fmt, ops::RangeInclusive};

use serde::de::{Deserializer, Error, Unexpected, Visitor};

use crate::rules::lifetime;

/// A day at least; and as long as Klarna agrees to by contract, which is also as far as an
/// extension reaches (Klarna documentation).
const DAYS: RangeInclusive<u16> = 1..=lifetime::AUTHORIZATION_DAYS_MAX;

/// Reads the days of an authorization.
pub(super) fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u16, D::Error> {
    deserializer.deserialize_u16(Days)
}

struct Days;

impl Days {
    fn checked<E: Error>(&self, days: Option<u16>, sent: Unexpected<'_>) -> Result<u16, E> {
        let days = days.filter(|days| DAYS.contains(days));
        days.ok_or_else(|| E::invalid_value(sent, self))
    }
}

impl Visitor<'_> for Days {
    type Value = u16;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a whole number of days from {} to {}", DAYS.start(), DAYS.end())
    }

    fn visit_u64<E: Error>(self, days: u64) -> Result<u16, E> {
        self.checked(u16::try_from(days).ok(), Unexpected::Unsigned(days))
    }

    fn visit_i64<E: Error>(self, days: i64) -> Result<u16, E> {
        self.checked(u16::try_from(days).ok(), Unexpected::Signed(days))
    }
}
