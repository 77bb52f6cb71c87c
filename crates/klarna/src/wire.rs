//! Order lines and amounts as they go out.

use kvitt_money::{
    Cart, LineType, OrderLine, OrderLineFields, ProductIdentifiers, Subscription, TaxRate, TaxStyle,
};
use serde::Serialize;

use crate::Error;
use crate::check::{FieldError, count};

/// Most lines in one request (Klarna's API description).
const LINES_MAX: usize = 1_000;

/// One line with Klarna's member names. Where tax is a line of its own, the others carry none,
/// not even zero (Klarna documentation: tax handling).
#[derive(Serialize)]
pub(crate) struct Line<'a> {
    r#type: LineType,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<&'a str>,
    name: &'a str,
    quantity: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    quantity_unit: Option<&'a str>,
    unit_price: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    tax_rate: Option<TaxRate>,
    total_amount: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    total_discount_amount: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    total_tax_amount: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    product_url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    image_url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    merchant_data: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    product_identifiers: Option<&'a ProductIdentifiers>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subscription: Option<&'a Subscription>,
}

impl<'a> Line<'a> {
    fn new(line: &'a OrderLineFields, style: TaxStyle) -> Self {
        let inclusive = style == TaxStyle::Inclusive;
        Self {
            r#type: line.line_type,
            reference: line.reference.as_deref(),
            name: &line.name,
            quantity: line.quantity,
            quantity_unit: line.quantity_unit.as_deref(),
            unit_price: line.unit_price,
            tax_rate: inclusive.then_some(line.tax_rate),
            total_amount: line.total_amount,
            total_discount_amount: (line.total_discount_amount != 0)
                .then_some(line.total_discount_amount),
            total_tax_amount: inclusive.then_some(line.total_tax_amount),
            product_url: line.product_url.as_deref(),
            image_url: line.image_url.as_deref(),
            merchant_data: line.merchant_data.as_deref(),
            product_identifiers: line.product_identifiers.as_ref(),
            subscription: line.subscription.as_ref(),
        }
    }
}

/// A cart's lines and sums.
#[derive(Serialize)]
#[expect(clippy::struct_field_names, reason = "the names are Klarna's")]
pub(crate) struct CartBody<'a> {
    order_amount: i64,
    order_tax_amount: i64,
    order_lines: Vec<Line<'a>>,
}

impl<'a> CartBody<'a> {
    pub(crate) fn new(cart: &'a Cart) -> Self {
        let totals = cart.totals();
        Self {
            order_amount: totals.order_amount,
            order_tax_amount: totals.order_tax_amount,
            order_lines: cart_lines(cart),
        }
    }
}

/// A cart's lines in the style of its country.
pub(crate) fn cart_lines(cart: &Cart) -> Vec<Line<'_>> {
    let style = cart.purchase_country().market().tax_style;
    cart.order_lines().iter().map(|line| Line::new(line, style)).collect()
}

/// The lines of a capture or refund. They do not know their country; where tax is a line of its
/// own, the others carry a tax of zero, which is accepted there too (recorded exchange).
pub(crate) fn portion_lines(lines: &[OrderLineFields]) -> Vec<Line<'_>> {
    lines.iter().map(|line| Line::new(line, TaxStyle::Inclusive)).collect()
}

/// Refuses lines of a capture or refund that are wrong in themselves, or that do not add up to
/// its amount. Klarna itself does not compare the two, as far as is documented, but allocates a
/// refund, and prints a customer's invoice, by them.
pub(crate) fn check_portion(
    field: &'static str,
    amount: i64,
    lines: &[OrderLineFields],
) -> Result<(), Error> {
    count("order_lines", lines.len(), LINES_MAX)?;
    for (index, line) in lines.iter().enumerate() {
        // The tax of a part may be a rounding away from the tax formula, since the parts must
        // add up to the line; everything else holds for a part as well.
        let mut line = line.clone();
        line.total_tax_amount = line.tax_rate.tax_in(line.total_amount);
        OrderLine::try_from(line).map_err(|error| error.at(index))?;
    }
    let sum: i128 = lines.iter().map(|line| i128::from(line.total_amount)).sum();
    if !lines.is_empty() && sum != i128::from(amount) {
        let expected = format!("{sum}, the sum of the lines, or no lines at all");
        return Err(FieldError::new(field, amount, expected).into());
    }
    Ok(())
}
