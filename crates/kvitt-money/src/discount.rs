//! An order-level discount as lines of their own, one for each tax rate.

use std::collections::BTreeMap;

use crate::{AmountError, Error, LineType, OrderLine, OrderLineFields, Rule, TaxRate};

/// Splits a discount (positive, tax included, minor units) over the tax rates of the lines it
/// reduces, in proportion to what they cost, so that each rate's tax falls with it. Returns one
/// negative line of type `discount` for each rate; together they are worth exactly
/// `discount_amount`. Refused where the discount is negative or larger than the lines.
///
/// ```
/// use kvitt_money::{OrderLine, TaxRate, split_discount};
///
/// let food = OrderLine::tax_inclusive("Bread", 1_000, TaxRate::new(1200)?, 1)?;
/// let book = OrderLine::tax_inclusive("Book", 2_000, TaxRate::new(600)?, 1)?;
/// let lines = split_discount(&[food, book], 100, "Welcome")?;
/// assert_eq!((lines[0].tax_rate.basis_points(), lines[0].total_amount), (600, -67));
/// assert_eq!((lines[1].tax_rate.basis_points(), lines[1].total_amount), (1200, -33));
/// # Ok::<(), kvitt_money::Error>(())
/// ```
pub fn split_discount(
    lines: &[OrderLine],
    discount_amount: i64,
    name: &str,
) -> Result<Vec<OrderLine>, Error> {
    let mut gross: BTreeMap<TaxRate, i128> = BTreeMap::new();
    for line in lines.iter().filter(|line| line.line_type != LineType::SalesTax) {
        *gross.entry(line.tax_rate).or_default() += i128::from(line.total_amount);
    }
    // A rate whose lines are already worth nothing, or less, has nothing left to reduce.
    gross.retain(|_, amount| *amount > 0);
    let available: i128 = gross.values().sum();
    let discount = i128::from(discount_amount);
    if !(0..=available).contains(&discount) {
        let expected = format!("0 to {available}");
        return Err(
            AmountError::new("discount_amount", discount_amount, expected, Rule::Range).into()
        );
    }
    share_out(&gross, available, discount)
        .into_iter()
        .filter(|(_, share)| *share != 0)
        .map(|(tax_rate, share)| {
            let overflow =
                |_| Error::Overflow { calculation: format!("share of discount {discount_amount}") };
            let total_amount = -i64::try_from(share).map_err(overflow)?;
            Ok(OrderLine::try_from(OrderLineFields {
                line_type: LineType::Discount,
                name: name.to_owned(),
                quantity: 1,
                unit_price: total_amount,
                tax_rate,
                total_amount,
                total_tax_amount: tax_rate.tax_in(total_amount),
                ..OrderLineFields::default()
            })?)
        })
        .collect()
}

/// Shares in proportion, by largest remainder: they add up exactly, and none exceeds its rate's
/// own amount.
fn share_out(
    gross: &BTreeMap<TaxRate, i128>,
    available: i128,
    discount: i128,
) -> Vec<(TaxRate, i128)> {
    if available == 0 {
        return Vec::new();
    }
    let mut shares: Vec<(TaxRate, i128, i128)> = gross
        .iter()
        .map(|(rate, amount)| {
            let product = discount * amount;
            (*rate, product / available, product % available)
        })
        .collect();
    let mut left = discount - shares.iter().map(|(_, share, _)| share).sum::<i128>();
    shares.sort_by(|a, b| b.2.cmp(&a.2).then(a.0.cmp(&b.0)));
    for (_, share, _) in &mut shares {
        if left == 0 {
            break;
        }
        *share += 1;
        left -= 1;
    }
    shares.sort_by_key(|(rate, _, _)| *rate);
    shares.into_iter().map(|(rate, share, _)| (rate, share)).collect()
}
