//! Klarna's handwriting: member order, defaults and spacing of its two back ends.

pub(crate) mod hpp;
pub(crate) mod json;
pub(crate) mod orders;
pub(crate) mod payments;
pub(crate) mod qr;
pub(crate) mod sdk;
pub(crate) mod text;
mod token;

use jiff::{Timestamp, fmt::temporal::DateTimePrinter};

pub(crate) use token::client_token;

/// A time as both back ends write it: `2022-07-08T09:48:16.680Z`.
pub(crate) fn time(time: Timestamp) -> String {
    const PRINTER: DateTimePrinter = DateTimePrinter::new().precision(Some(3));
    PRINTER.timestamp_to_string(&time)
}

/// An amount for people: minor units of a currency of two decimals, as all of Klarna's markets
/// have.
pub(crate) fn amount(minor: i64, currency: Option<&str>) -> String {
    let sign = if minor < 0 { "-" } else { "" };
    let (major, rest) = (minor.unsigned_abs() / 100, minor.unsigned_abs() % 100);
    format!("{sign}{major}.{rest:02} {}", currency.unwrap_or_default().to_ascii_uppercase())
}

/// A tax rate for people, from hundredths of a percent.
pub(crate) fn rate(hundredths: i64) -> String {
    let (whole, rest) = (hundredths / 100, hundredths % 100);
    if rest == 0 { format!("{whole} %") } else { format!("{whole}.{rest:02} %") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_two_decimals() {
        assert_eq!(amount(92_500, Some("sek")), "925.00 SEK");
        assert_eq!(amount(-5, Some("USD")), "-0.05 USD");
        assert_eq!(amount(i64::MIN, None), "-92233720368547758.08 ");
    }

    #[test]
    fn rates_have_decimals_where_needed() {
        assert_eq!([0, 2500, 875, 5].map(rate), ["0 %", "25 %", "8.75 %", "0.05 %"]);
    }

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
