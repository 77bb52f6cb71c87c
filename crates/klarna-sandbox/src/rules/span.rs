//! Times that a developer writes as an ISO 8601 duration from now.

use jiff::{Span, Timestamp, tz::TimeZone};

/// The time so much later, in UTC's calendar: `PT10M`, `P28D`, `P1M`.
///
/// # Errors
/// Why it cannot be, in words that follow the text.
pub(crate) fn later_by(now: Timestamp, text: &str) -> Result<Timestamp, &'static str> {
    let span: Span = text.parse().map_err(|_| "is no duration")?;
    let later = now
        .to_zoned(TimeZone::UTC)
        .checked_add(span)
        .map_err(|_| "leads beyond the end of time")?
        .timestamp();
    if later < now { Err("leads back") } else { Ok(later) }
}
