//! A part of a line, for partial captures and refunds.

use crate::{AmountError, Error, OrderLineFields, Rule, tax::round_div};

impl OrderLineFields {
    /// The part of this line made of `quantity` pieces after the first `taken` ones. Discount and
    /// tax are shared by position, not by size, so that the parts of a line add up to the line
    /// whatever the order and size in which they are taken.
    ///
    /// Nothing here is recomputed from a price list: the part is derived from the line alone. Its
    /// total is exact; its tax may be a rounding away from the tax formula, since the sum over
    /// all parts comes first, so it is given back unchecked. A line of no pieces has one part, the
    /// whole line: no pieces after none.
    ///
    /// ```
    /// use kvitt_money::{OrderLine, TaxRate};
    ///
    /// let line = OrderLine::tax_inclusive("Cup", 100, TaxRate::new(2500)?, 3)?.discounted(50)?;
    /// let parts = [line.portion(0, 1)?, line.portion(1, 2)?];
    /// assert_eq!(parts[0].total_amount + parts[1].total_amount, line.total_amount);
    /// assert_eq!(parts[0].total_tax_amount + parts[1].total_tax_amount, line.total_tax_amount);
    /// # Ok::<(), kvitt_money::Error>(())
    /// ```
    pub fn portion(&self, taken: i64, quantity: i64) -> Result<OrderLineFields, Error> {
        if self.quantity == 0 && taken == 0 && quantity == 0 {
            return Ok(self.clone());
        }
        if !(0..=self.quantity).contains(&taken) {
            let expected = format!("0 to {}", self.quantity);
            return Err(AmountError::new("taken", taken, expected, Rule::Portion).into());
        }
        let left = self.quantity - taken;
        if !(1..=left).contains(&quantity) {
            let expected = if left > 0 { format!("1 to {left}") } else { "nothing".to_owned() };
            return Err(AmountError::new("quantity", quantity, expected, Rule::Portion).into());
        }
        let share = |amount: i64| -> Result<i64, Error> {
            let upto = |pieces: i64| {
                round_div(i128::from(amount) * i128::from(pieces), self.quantity.into())
            };
            upto(taken + quantity)
                .zip(upto(taken))
                .and_then(|(after, before)| after.checked_sub(before))
                .ok_or_else(|| Error::Overflow { calculation: format!("part of {amount}") })
        };
        let total_discount_amount = share(self.total_discount_amount)?;
        let total_amount = quantity
            .checked_mul(self.unit_price)
            .and_then(|full| full.checked_sub(total_discount_amount))
            .ok_or_else(|| Error::Overflow {
                calculation: format!("{quantity} * {}", self.unit_price),
            })?;
        Ok(OrderLineFields {
            quantity,
            total_amount,
            total_discount_amount,
            total_tax_amount: share(self.total_tax_amount)?,
            ..self.clone()
        })
    }

    /// This line and another part of the same line, taken together.
    pub fn plus(&self, other: &Self) -> Self {
        self.combine(other, i64::saturating_add)
    }

    /// What is left of this line when a part of it is taken away.
    pub fn minus(&self, part: &Self) -> Self {
        self.combine(part, i64::saturating_sub)
    }

    fn combine(&self, other: &Self, operation: fn(i64, i64) -> i64) -> Self {
        Self {
            quantity: operation(self.quantity, other.quantity),
            total_amount: operation(self.total_amount, other.total_amount),
            total_discount_amount: operation(
                self.total_discount_amount,
                other.total_discount_amount,
            ),
            total_tax_amount: operation(self.total_tax_amount, other.total_tax_amount),
            ..self.clone()
        }
    }
}
