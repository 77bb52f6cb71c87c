//! An amount with its currency.

use std::fmt;

use iso_currency::Currency;
use serde::{Deserialize, Serialize};

use crate::Error;

/// An amount in minor units (öre, cents) of one currency. Never a fraction, never a float.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Money {
    /// Minor units; negative where money flows back.
    pub minor: i64,
    /// ISO 4217 currency.
    pub currency: Currency,
}

impl Money {
    /// An amount of `minor` units.
    pub const fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// Nothing, in a currency.
    pub const fn zero(currency: Currency) -> Self {
        Self::new(0, currency)
    }

    /// The sum. Fails where the currencies differ or the sum does not fit.
    pub fn checked_add(self, other: Self) -> Result<Self, Error> {
        self.combine(other, '+', i64::checked_add)
    }

    /// The difference. Fails where the currencies differ or the result does not fit.
    pub fn checked_sub(self, other: Self) -> Result<Self, Error> {
        self.combine(other, '-', i64::checked_sub)
    }

    fn combine(
        self,
        other: Self,
        sign: char,
        operation: fn(i64, i64) -> Option<i64>,
    ) -> Result<Self, Error> {
        if self.currency != other.currency {
            return Err(Error::CurrencyMismatch {
                left: self.currency.code(),
                right: other.currency.code(),
            });
        }
        operation(self.minor, other.minor).map(|minor| Self::new(minor, self.currency)).ok_or_else(
            || Error::Overflow { calculation: format!("{} {sign} {}", self.minor, other.minor) },
        )
    }

    /// Reads an amount as people write it, `149.90` or `149`, by the currency's own exponent.
    /// Refuses more decimals than the currency has, thousands separators and exponents.
    pub fn parse(text: &str, currency: Currency) -> Result<Self, Error> {
        Self::parse_minor(text, exponent(currency))
            .map(|minor| Self::new(minor, currency))
            .ok_or_else(|| Error::NotAnAmount {
                text: text.to_owned(),
                currency: currency.code(),
                example: Self::new(14_990, currency).digits(),
            })
    }

    fn parse_minor(text: &str, exponent: usize) -> Option<i64> {
        let (sign, digits) = match text.strip_prefix('-') {
            Some(rest) => ("-", rest),
            None => ("", text),
        };
        let (whole, decimals) = digits.split_once('.').unwrap_or((digits, ""));
        let only_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let point_without_decimals = digits.contains('.') && decimals.is_empty();
        if whole.is_empty()
            || !only_digits(whole)
            || !only_digits(decimals)
            || decimals.len() > exponent
            || point_without_decimals
        {
            return None;
        }
        // With its sign, since the smallest integer has no positive counterpart.
        format!("{sign}{whole}{decimals:0<exponent$}").parse().ok()
    }

    /// The amount without its currency's name, such as `149.90`.
    fn digits(self) -> String {
        let exponent = exponent(self.currency);
        let sign = if self.minor < 0 { "-" } else { "" };
        let digits = format!("{:0>width$}", self.minor.unsigned_abs(), width = exponent + 1);
        let (whole, decimals) = digits.split_at(digits.len() - exponent);
        if decimals.is_empty() {
            format!("{sign}{whole}")
        } else {
            format!("{sign}{whole}.{decimals}")
        }
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{} {}", self.digits(), self.currency.code()))
    }
}

/// Decimals by which the currency is written. Currencies without minor units (gold, say) have none.
fn exponent(currency: Currency) -> usize {
    currency.exponent().unwrap_or(0).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_shown_by_the_currencys_own_exponent() {
        assert_eq!(Money::new(14_990, Currency::SEK).to_string(), "149.90 SEK");
        assert_eq!(Money::new(-5, Currency::EUR).to_string(), "-0.05 EUR");
        assert_eq!(Money::new(500, Currency::JPY).to_string(), "500 JPY");
        assert_eq!(Money::new(1_234, Currency::KWD).to_string(), "1.234 KWD");
    }

    #[test]
    fn is_read_back_as_it_is_shown() {
        assert_eq!(Money::parse("149.90", Currency::SEK), Ok(Money::new(14_990, Currency::SEK)));
        assert_eq!(Money::parse("149", Currency::SEK), Ok(Money::new(14_900, Currency::SEK)));
        assert_eq!(Money::parse("149.9", Currency::SEK), Ok(Money::new(14_990, Currency::SEK)));
        assert_eq!(Money::parse("-1", Currency::JPY), Ok(Money::new(-1, Currency::JPY)));
    }

    #[test]
    fn too_many_decimals_are_refused_not_rounded() {
        let refusal = Money::parse("149.905", Currency::SEK).unwrap_err();
        assert_eq!(
            refusal.to_string(),
            "\"149.905\" is not an amount in SEK: write it like 149.90"
        );
        for bad in
            ["", ".", "1.", ".5", "1,50", "1e3", "1 000", "--1", "1.5.0", "9999999999999999999"]
        {
            assert!(Money::parse(bad, Currency::SEK).is_err(), "{bad:?} was accepted");
        }
        assert!(Money::parse("1.5", Currency::JPY).is_err());
    }

    #[test]
    fn currencies_do_not_mix_and_sums_do_not_wrap() {
        let krona = Money::new(1, Currency::SEK);
        assert!(krona.checked_add(Money::new(1, Currency::EUR)).is_err());
        assert!(krona.checked_add(Money::new(i64::MAX, Currency::SEK)).is_err());
        assert_eq!(krona.checked_sub(krona), Ok(Money::zero(Currency::SEK)));
    }
}
