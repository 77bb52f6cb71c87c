//! Klarna's handwriting: member order, defaults and spacing of its two back ends.

pub(crate) mod json;
pub(crate) mod orders;
pub(crate) mod payments;
pub(crate) mod pretty;
mod token;

use jiff::Timestamp;

pub(crate) use token::client_token;

/// A time as both back ends write it: `2022-07-08T09:48:16.680Z`.
pub(crate) fn time(time: Timestamp) -> String {
    format!("{time:.3}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_milliseconds_always() {
        for (sent, written) in [
            ("2022-07-08T09:48:16.6805Z", "2022-07-08T09:48:16.680Z"),
            ("2022-08-05T00:00:00Z", "2022-08-05T00:00:00.000Z"),
        ] {
            assert_eq!(time(sent.parse().unwrap()), written);
        }
    }
}
