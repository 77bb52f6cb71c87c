//! Values that several tests start from.

use kvitt_money::{OrderLine, OrderLineFields, TaxRate};

/// A rate in basis points.
pub(crate) fn rate(basis_points: i64) -> TaxRate {
    TaxRate::new(basis_points).unwrap()
}

/// Two shirts at 249.00 with 25 % tax in it.
pub(crate) fn shirts() -> OrderLineFields {
    OrderLineFields {
        name: "Shirt".to_owned(),
        quantity: 2,
        unit_price: 24_900,
        tax_rate: rate(2500),
        total_amount: 49_800,
        total_tax_amount: 9_960,
        ..OrderLineFields::default()
    }
}

/// One piece at a price with tax.
pub(crate) fn one(unit_price: i64, basis_points: i64) -> OrderLine {
    OrderLine::tax_inclusive("Thing", unit_price, rate(basis_points), 1).unwrap()
}

/// What a changed line is refused with.
pub(crate) fn refusal(change: impl FnOnce(&mut OrderLineFields)) -> String {
    let mut fields = shirts();
    change(&mut fields);
    OrderLine::try_from(fields).unwrap_err().to_string()
}
