//! How long something took, as it is told.

use std::time::Duration;

/// Milliseconds to the microsecond: what is finer is noise, and would be written with the digits of
/// a binary fraction.
pub(crate) fn milliseconds(took: Duration) -> f64 {
    (took.as_secs_f64() * 1e6).round() / 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_with_three_decimals_at_most() {
        for (nanoseconds, written) in [
            (28_507_849, "28.508"),
            (28_507_499, "28.507"),
            (499, "0.0"),
            (500, "0.001"),
            (100_000, "0.1"),
            (3_000_000_000, "3000.0"),
            (86_400_000_000_001, "86400000.0"),
            (8_640_000_123_456_789, "8640000123.457"),
        ] {
            let told = milliseconds(Duration::from_nanos(nanoseconds));
            assert_eq!(serde_json::to_string(&told).unwrap(), written, "{nanoseconds}");
        }
    }
}
