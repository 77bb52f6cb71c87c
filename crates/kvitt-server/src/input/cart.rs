//! Lines and sums, checked together.

use kvitt_core::SaleCart;
use kvitt_money::{Cart, Country, OrderLine, Totals};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{OrderLineInput, Whole};
use crate::problem::{MemberError, Problem, codes};

/// Lines and their sums. Amounts are minor units.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CartInput {
    /// What the customer pays: the sum of all lines' `total_amount`.
    #[schema(value_type = i64)]
    pub order_amount: Whole,
    /// Tax in it. Computed where absent; where given it must be right to one minor unit per line.
    #[schema(value_type = Option<i64>)]
    pub order_tax_amount: Option<Whole>,
    /// All of the lines, 1 to 1,000.
    pub order_lines: Vec<OrderLineInput>,
}

impl CartInput {
    /// A part of the cart was given, and this was not.
    pub(crate) fn missing(member: &str) -> Problem {
        let message = format!("{member} is missing: lines change together with their sum");
        Problem::new(codes::INVALID_MEMBER, &message).with_error(MemberError {
            path: member.to_owned(),
            value: None,
            expected: None,
            message,
        })
    }

    /// The cart, if its amounts agree; `order_tax_amount` is computed where it is absent.
    pub(crate) fn check(self, country: Country) -> Result<SaleCart, Problem> {
        let wanted: Vec<_> = self.order_lines.iter().map(OrderLineInput::wanted_id).collect();
        let lines = self
            .order_lines
            .into_iter()
            .enumerate()
            .map(|(index, line)| -> Result<OrderLine, kvitt_money::Error> {
                Ok(OrderLine::try_from(line.into_fields(index)?)
                    .map_err(|error| error.at(index))?)
            })
            .collect::<Result<Vec<_>, _>>()?;
        let order_tax_amount = match self.order_tax_amount {
            Some(amount) => amount.0,
            None => Cart::sum(country, lines.clone())?.totals().order_tax_amount,
        };
        let claimed = Totals { order_amount: self.order_amount.0, order_tax_amount };
        Ok(SaleCart::new(Cart::with_totals(country, lines, claimed)?, &wanted)?)
    }
}
