//! Moments, to the second.

use jiff::Timestamp;

/// A moment as the API gives it, without fractions of a second. What is no moment stays as it is.
pub(super) fn to_the_second(at: &str) -> String {
    match at.parse::<Timestamp>() {
        Ok(at) => at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        Err(_) => at.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fractions_are_left_out() {
        assert_eq!(to_the_second("2026-11-22T22:22:44.407234Z"), "2026-11-22T22:22:44Z");
        assert_eq!(to_the_second("2026-12-20T01:00:00+01:00"), "2026-12-20T00:00:00Z");
        assert_eq!(to_the_second("soon"), "soon");
    }
}
