//! Amounts by their currency's own exponent.

use kvitt_money::{Currency, Money};

/// An amount of minor units, such as `149.90 SEK`. Of a currency that is not known, the minor
/// units.
pub(super) fn amount(minor: i64, currency: &str) -> String {
    match Currency::from_code(currency) {
        Some(known) => Money::new(minor, known).to_string(),
        None => format!("{minor} minor units of {currency}"),
    }
}

/// The part of the total, such as `298.00 of 498.00 SEK`.
pub(super) fn part(minor: i64, total: i64, currency: &str) -> String {
    format!("{} of {}", digits(minor, currency), amount(total, currency))
}

/// The amount without its currency, where that stands beside it.
pub(crate) fn digits(minor: i64, currency: &str) -> String {
    let amount = amount(minor, currency);
    amount.strip_suffix(currency).map_or(amount.as_str(), str::trim_end).to_owned()
}

/// A rate in basis points, such as `25 %`.
pub(super) fn rate(basis_points: i64) -> String {
    let (whole, rest) = (basis_points / 100, (basis_points % 100).abs());
    let text = format!("{whole}.{rest:02}");
    format!("{} %", text.trim_end_matches('0').trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_read_as_people_write_them() {
        assert_eq!(amount(14_990, "SEK"), "149.90 SEK");
        assert_eq!(amount(500, "JPY"), "500 JPY");
        assert_eq!(amount(500, "???"), "500 minor units of ???");
        assert_eq!(part(29_800, 49_800, "SEK"), "298.00 of 498.00 SEK");
    }

    #[test]
    fn rates_have_no_more_decimals_than_they_need() {
        for (basis_points, text) in
            [(2500, "25 %"), (550, "5.5 %"), (1_025, "10.25 %"), (0, "0 %"), (10_000, "100 %")]
        {
            assert_eq!(rate(basis_points), text);
        }
    }
}
