//! All lines of one purchase with their sums.

use serde::{Deserialize, Serialize};

use crate::{
    AmountError, Country, Error, LineType, Money, OrderLine, OrderLineFields, Rule, TaxStyle,
    line::AMOUNT_MAX,
};

/// Most lines in one order (Klarna's API description).
const LINES_MAX: usize = 1_000;

/// The sums that a shop claims for its lines, in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Totals {
    /// Sum of all lines' `total_amount`.
    pub order_amount: i64,
    /// Sum of all lines' tax.
    pub order_tax_amount: i64,
}

/// The members of a [`Cart`], not yet checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CartFields {
    /// The country whose currency and tax style apply.
    pub purchase_country: Country,
    /// The claimed sums.
    #[serde(flatten)]
    pub totals: Totals,
    /// The lines, in the shop's order.
    pub order_lines: Vec<OrderLineFields>,
}

/// Lines whose sums agree, in the currency and tax style of their country.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "CartFields", into = "CartFields")]
pub struct Cart {
    country: Country,
    totals: Totals,
    lines: Vec<OrderLine>,
}

impl Cart {
    /// A cart of these lines; the sums are computed.
    ///
    /// Where a discount takes nearly everything, the rounding of the lines alone can leave less
    /// than no tax. The order's tolerance covers that, and an order's tax is never negative, so the
    /// cart then carries none.
    pub fn sum(country: Country, lines: Vec<OrderLine>) -> Result<Self, Error> {
        check_style(country.market().tax_style, &lines)?;
        let mut totals = totals_of(&lines)?;
        if (-tolerance(&lines)..0).contains(&totals.order_tax_amount) {
            totals.order_tax_amount = 0;
        }
        Self::with_totals(country, lines, totals)
    }

    /// A cart of these lines, refused unless the claimed sums are right: `order_amount` exactly,
    /// `order_tax_amount` within one minor unit per line.
    pub fn with_totals(
        country: Country,
        lines: Vec<OrderLine>,
        claimed: Totals,
    ) -> Result<Self, Error> {
        if !(1..=LINES_MAX).contains(&lines.len()) {
            return Err(AmountError::new(
                "order_lines",
                format_args!("{} lines", lines.len()),
                format_args!("1 to {LINES_MAX} lines"),
                Rule::Length,
            )
            .into());
        }
        check_style(country.market().tax_style, &lines)?;
        if let Some(index) = lines.iter().position(|line| line.line_type == LineType::ReturnFee) {
            return Err(AmountError::new(
                "type",
                "return_fee",
                "any other type; a return fee belongs into a refund",
                Rule::Range,
            )
            .at(index)
            .into());
        }
        check_sums(claimed, totals_of(&lines)?, tolerance(&lines))?;
        Ok(Self { country, totals: claimed, lines })
    }

    /// A cart from unchecked lines, naming the line that is wrong.
    pub fn check(
        country: Country,
        lines: Vec<OrderLineFields>,
        claimed: Totals,
    ) -> Result<Self, Error> {
        Self::with_totals(country, check_lines(lines)?, claimed)
    }

    /// The country whose currency and tax style apply.
    pub fn purchase_country(&self) -> Country {
        self.country
    }

    /// What the customer pays.
    pub fn order_amount(&self) -> Money {
        Money::new(self.totals.order_amount, self.country.market().currency)
    }

    /// The tax in it.
    pub fn order_tax_amount(&self) -> Money {
        Money::new(self.totals.order_tax_amount, self.country.market().currency)
    }

    /// Both sums, in minor units.
    pub fn totals(&self) -> Totals {
        self.totals
    }

    /// The lines, in the shop's order.
    pub fn order_lines(&self) -> &[OrderLine] {
        &self.lines
    }
}

impl TryFrom<CartFields> for Cart {
    type Error = Error;

    fn try_from(fields: CartFields) -> Result<Self, Error> {
        Self::check(fields.purchase_country, fields.order_lines, fields.totals)
    }
}

impl From<Cart> for CartFields {
    fn from(cart: Cart) -> Self {
        Self {
            purchase_country: cart.country,
            totals: cart.totals,
            order_lines: cart.lines.into_iter().map(Into::into).collect(),
        }
    }
}

fn check_lines(lines: Vec<OrderLineFields>) -> Result<Vec<OrderLine>, Error> {
    let check = |(index, fields): (usize, OrderLineFields)| {
        OrderLine::try_from(fields).map_err(|error: AmountError| error.at(index))
    };
    Ok(lines.into_iter().enumerate().map(check).collect::<Result<_, _>>()?)
}

fn check_style(style: TaxStyle, lines: &[OrderLine]) -> Result<(), AmountError> {
    for (index, line) in lines.iter().enumerate() {
        let is_tax = line.line_type == LineType::SalesTax;
        let problem = match style {
            TaxStyle::Inclusive if is_tax => {
                Some(AmountError::new("type", "sales_tax", "another type", Rule::InclusiveStyle))
            }
            TaxStyle::SalesTax if line.tax_rate.basis_points() != 0 => {
                Some(AmountError::new("tax_rate", line.tax_rate, 0, Rule::SalesTaxStyle))
            }
            TaxStyle::SalesTax if line.total_tax_amount != 0 => Some(AmountError::new(
                "total_tax_amount",
                line.total_tax_amount,
                0,
                Rule::SalesTaxStyle,
            )),
            TaxStyle::Inclusive | TaxStyle::SalesTax => None,
        };
        if let Some(error) = problem {
            return Err(error.at(index));
        }
    }
    Ok(())
}

/// The sums of the lines. A `sales_tax` line counts as tax with its whole amount (Klarna
/// documentation, tax handling: the sample for the United States).
fn totals_of(lines: &[OrderLine]) -> Result<Totals, Error> {
    let sum = |of: fn(&OrderLine) -> i64, name: &str| {
        let total: i128 = lines.iter().map(|line| i128::from(of(line))).sum();
        i64::try_from(total)
            .map_err(|_| Error::Overflow { calculation: format!("sum of all {name}") })
    };
    Ok(Totals {
        order_amount: sum(|line| line.total_amount, "total_amount")?,
        order_tax_amount: sum(
            |line| match line.line_type {
                LineType::SalesTax => line.total_amount,
                _ => line.total_tax_amount,
            },
            "total_tax_amount",
        )?,
    })
}

/// How far `order_tax_amount` may be from the sum of the lines' tax, in minor units. "Number of
/// items" is read as number of lines, the stricter reading (a guess).
fn tolerance(lines: &[OrderLine]) -> i64 {
    i64::try_from(lines.len()).unwrap_or(i64::MAX)
}

fn check_sums(claimed: Totals, actual: Totals, tolerance: i64) -> Result<(), AmountError> {
    let ranges = [
        ("order_amount", claimed.order_amount, AMOUNT_MAX),
        ("order_tax_amount", claimed.order_tax_amount, i64::MAX),
    ];
    for (field, value, highest) in ranges {
        if value < 0 {
            return Err(AmountError::new(field, value, "0 or more", Rule::Range));
        }
        if value > highest {
            let expected = format_args!("{highest} or less");
            return Err(AmountError::new(field, value, expected, Rule::Range));
        }
    }
    if claimed.order_amount != actual.order_amount {
        return Err(AmountError::new(
            "order_amount",
            claimed.order_amount,
            actual.order_amount,
            Rule::OrderTotal,
        ));
    }
    let lowest = actual.order_tax_amount.saturating_sub(tolerance).max(0);
    let highest = actual.order_tax_amount.saturating_add(tolerance);
    if !(lowest..=highest).contains(&claimed.order_tax_amount) {
        return Err(AmountError::new(
            "order_tax_amount",
            claimed.order_tax_amount,
            format_args!("{lowest} to {highest}"),
            Rule::OrderTax,
        ));
    }
    Ok(())
}
