//! The tax contained in a price.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{AmountError, Rule};

/// A tax rate in basis points: 2500 is 25 %. Between 0 and 10,000 (Klarna Payments' own limit).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(try_from = "i64", into = "i64")]
pub struct TaxRate(i64);

impl TaxRate {
    /// No tax.
    pub const ZERO: Self = Self(0);
    /// The highest rate that Klarna Payments accepts: 100 %.
    pub const MAX: Self = Self(10_000);

    /// A rate of so many basis points. Refused outside 0 to 10,000.
    pub fn new(basis_points: i64) -> Result<Self, AmountError> {
        if (0..=Self::MAX.0).contains(&basis_points) {
            Ok(Self(basis_points))
        } else {
            Err(AmountError::new(
                "tax_rate",
                basis_points,
                "0 to 10000 (2500 is 25 %)",
                Rule::Range,
            ))
        }
    }

    /// The rate in basis points.
    pub const fn basis_points(self) -> i64 {
        self.0
    }

    /// The tax contained in a price that includes it, in minor units, rounded half away from zero:
    /// `total - total * 10000 / (10000 + rate)`.
    pub fn tax_in(self, total_amount: i64) -> i64 {
        let divisor = i128::from(10_000 + self.0);
        // The quotient is never larger than `total_amount`, so it always fits.
        round_div(i128::from(total_amount) * i128::from(self.0), divisor).unwrap_or_default()
    }

    /// The price with tax of a price without, in minor units, rounded half away from zero.
    /// `None` where it does not fit into 64 bits.
    pub fn add_to(self, net_amount: i64) -> Option<i64> {
        round_div(i128::from(net_amount) * i128::from(10_000 + self.0), 10_000)
    }
}

impl TryFrom<i64> for TaxRate {
    type Error = AmountError;

    fn try_from(basis_points: i64) -> Result<Self, AmountError> {
        Self::new(basis_points)
    }
}

impl From<TaxRate> for i64 {
    fn from(rate: TaxRate) -> Self {
        rate.0
    }
}

impl fmt::Display for TaxRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// How a country's prices carry their tax.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TaxStyle {
    /// Prices include tax; each line says how much.
    Inclusive,
    /// Prices exclude tax; one or more lines of type `sales_tax` add it (United States).
    SalesTax,
}

/// The amounts of tax that are accepted for a line, in minor units: everything within one unit
/// of the exact tax contained in `total_amount` (Klarna documentation; the form that fits every
/// recorded acceptance and refusal).
pub fn tax_within(total_amount: i64, rate: TaxRate) -> std::ops::RangeInclusive<i64> {
    let divisor = i128::from(10_000 + rate.0);
    let exact = i128::from(total_amount) * i128::from(rate.0);
    let highest = (exact + divisor).div_euclid(divisor);
    let lowest = -(divisor - exact).div_euclid(divisor);
    let clamp = |value: i128| i64::try_from(value).unwrap_or(total_amount);
    clamp(lowest)..=clamp(highest)
}

/// Division that rounds half away from zero.
pub(crate) fn round_div(dividend: i128, divisor: i128) -> Option<i64> {
    let half = divisor / 2;
    let shifted = if dividend < 0 { dividend - half } else { dividend + half };
    i64::try_from(shifted / divisor).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(basis_points: i64) -> TaxRate {
        TaxRate::new(basis_points).unwrap()
    }

    #[test]
    fn contained_tax_is_what_recorded_orders_carry() {
        assert_eq!(rate(2300).tax_in(9_999), 1_870);
        assert_eq!(rate(2300).tax_in(12_300), 2_300);
        assert_eq!(rate(2500).tax_in(9_900), 1_980);
        assert_eq!(rate(2100).tax_in(1_800), 312);
        assert_eq!(rate(2500).tax_in(-500), -100);
        assert_eq!(TaxRate::ZERO.tax_in(9_900), 0);
    }

    #[test]
    fn one_minor_unit_is_forgiven_two_are_not() {
        // Accepted by Klarna: 160 on 1000 at 19 %, where the exact tax is 159.66.
        assert_eq!(tax_within(1_000, rate(1900)), 159..=160);
        // Refused by Klarna: 41 on 495 at 7 %, where the exact tax is 32.38.
        assert_eq!(tax_within(495, rate(700)), 32..=33);
        assert_eq!(tax_within(9_900, rate(2500)), 1_979..=1_981);
        assert_eq!(tax_within(-500, rate(2500)), -101..=-99);
        assert_eq!(tax_within(10, rate(10)), 0..=1);
    }

    #[test]
    fn a_rate_above_all_or_below_nothing_is_refused() {
        assert!(TaxRate::new(-1).is_err());
        assert!(TaxRate::new(10_001).is_err());
        assert_eq!(
            TaxRate::new(250_000).unwrap_err().to_string(),
            "tax_rate is 250000, expected 0 to 10000 (2500 is 25 %): the value is outside its range"
        );
    }

    #[test]
    fn tax_is_added_with_rounding_half_away_from_zero() {
        assert_eq!(rate(2500).add_to(10), Some(13));
        assert_eq!(rate(2500).add_to(-10), Some(-13));
        assert_eq!(rate(10_000).add_to(i64::MAX), None);
    }
}
