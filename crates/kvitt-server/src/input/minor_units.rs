//! Whole numbers only: an amount that was a float somewhere is refused, not rounded.

use std::fmt;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer};

/// A whole number; an amount in minor units, a quantity, or a rate in basis points.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Whole(pub i64);

impl<'de> Deserialize<'de> for Whole {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;

        impl Visitor<'_> for Reader {
            type Value = Whole;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(
                    "a whole number without quotes or decimals (amounts are minor units: 149.90 \
                     is written 14990)",
                )
            }

            fn visit_i64<E: Error>(self, value: i64) -> Result<Whole, E> {
                Ok(Whole(value))
            }

            fn visit_u64<E: Error>(self, value: u64) -> Result<Whole, E> {
                i64::try_from(value).map(Whole).map_err(|_| {
                    E::custom(format_args!("{value} is too large: at most {}", i64::MAX))
                })
            }
        }

        deserializer.deserialize_i64(Reader)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_numbers_are_read() {
        assert!(matches!(serde_json::from_str("14990"), Ok(Whole(14_990))));
        assert!(matches!(serde_json::from_str("-5"), Ok(Whole(-5))));
        for bad in ["10.5", "10.0", "1e3", "\"10\"", "null", "true", "9223372036854775808"] {
            let read = serde_json::from_str::<Whole>(bad);
            let message = read.err().expect(bad).to_string();
            assert!(message.contains("whole number") || message.contains("too large"), "{message}");
        }
    }
}
