//! Lines as they are shown.

use std::collections::BTreeMap;

use kvitt_core::{LineId, LinePart, SaleCart};
use kvitt_money::OrderLineFields;
use serde::Serialize;
use utoipa::ToSchema;

use crate::input::{LineType, ProductIdentifiers, Subscription};

/// One line of a checkout, an order, a capture or a refund. Amounts are minor units.
#[derive(Clone, Serialize, ToSchema)]
pub(crate) struct OrderLine {
    /// The line's own id, by which captures and refunds pick it.
    line_id: String,
    /// What the line stands for.
    #[serde(rename = "type")]
    line_type: LineType,
    /// The shop's number of the product.
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
    /// Name shown to the customer.
    name: String,
    /// How many.
    quantity: i64,
    /// Unit of `quantity`.
    #[serde(skip_serializing_if = "Option::is_none")]
    quantity_unit: Option<String>,
    /// Price of one, tax included (except where tax is a line of its own), discount excluded.
    unit_price: i64,
    /// Tax rate in basis points.
    tax_rate: i64,
    /// What the line costs.
    total_amount: i64,
    /// Discount on the whole line, tax included.
    total_discount_amount: i64,
    /// Tax contained in `total_amount`.
    total_tax_amount: i64,
    /// Page of the product.
    #[serde(skip_serializing_if = "Option::is_none")]
    product_url: Option<String>,
    /// Picture of the product.
    #[serde(skip_serializing_if = "Option::is_none")]
    image_url: Option<String>,
    /// Passed through to the order.
    #[serde(skip_serializing_if = "Option::is_none")]
    merchant_data: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    product_identifiers: Option<ProductIdentifiers>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subscription: Option<Subscription>,
    /// What of the line is captured. Orders only.
    #[serde(skip_serializing_if = "Option::is_none")]
    captured: Option<Part>,
    /// What of the line is refunded. Orders only.
    #[serde(skip_serializing_if = "Option::is_none")]
    refunded: Option<Part>,
    /// What of the line can still be captured. Orders only.
    #[serde(skip_serializing_if = "Option::is_none")]
    left_to_capture: Option<Part>,
    /// What of the line can still be refunded. Orders only.
    #[serde(skip_serializing_if = "Option::is_none")]
    left_to_refund: Option<Part>,
}

/// A part of a line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Part {
    /// How many.
    quantity: i64,
    /// What they cost, in minor units.
    total_amount: i64,
    /// Tax contained in it, in minor units.
    total_tax_amount: i64,
}

impl Part {
    fn of(line: &OrderLineFields) -> Self {
        Self {
            quantity: line.quantity,
            total_amount: line.total_amount,
            total_tax_amount: line.total_tax_amount,
        }
    }

    fn minus(self, other: Self) -> Self {
        Self {
            quantity: self.quantity - other.quantity,
            total_amount: self.total_amount - other.total_amount,
            total_tax_amount: self.total_tax_amount - other.total_tax_amount,
        }
    }
}

impl OrderLine {
    fn new(line_id: &LineId, line: &OrderLineFields) -> Self {
        Self {
            line_id: line_id.0.clone(),
            line_type: line.line_type.into(),
            reference: line.reference.clone(),
            name: line.name.clone(),
            quantity: line.quantity,
            quantity_unit: line.quantity_unit.clone(),
            unit_price: line.unit_price,
            tax_rate: line.tax_rate.basis_points(),
            total_amount: line.total_amount,
            total_discount_amount: line.total_discount_amount,
            total_tax_amount: line.total_tax_amount,
            product_url: line.product_url.clone(),
            image_url: line.image_url.clone(),
            merchant_data: line.merchant_data.clone(),
            product_identifiers: line.product_identifiers.clone().map(Into::into),
            subscription: line.subscription.clone().map(Into::into),
            captured: None,
            refunded: None,
            left_to_capture: None,
            left_to_refund: None,
        }
    }

    /// The lines of a cart.
    pub(super) fn of_cart(cart: &SaleCart) -> Vec<Self> {
        cart.lines().map(|(id, line)| Self::new(id, line)).collect()
    }

    /// The parts of lines that were captured or refunded.
    pub(super) fn of_parts(parts: &[LinePart]) -> Vec<Self> {
        parts.iter().map(|part| Self::new(&part.line_id, &part.line)).collect()
    }

    /// The lines of an order, each with what became of it.
    pub(super) fn of_order(order: &kvitt_core::Order, capturable: bool) -> Vec<Self> {
        let uncaptured = order.uncaptured_lines();
        let unrefunded = order.unrefunded_lines();
        let line = |(id, line): (&LineId, &kvitt_money::OrderLine)| {
            let left = part_of(&uncaptured, id);
            let captured = Part::of(line).minus(left);
            let refundable = part_of(&unrefunded, id);
            Self {
                captured: Some(captured),
                refunded: Some(captured.minus(refundable)),
                left_to_capture: Some(if capturable { left } else { Part::default() }),
                left_to_refund: Some(refundable),
                ..Self::new(id, line)
            }
        };
        order.cart.lines().map(line).collect()
    }
}

fn part_of(lines: &BTreeMap<LineId, OrderLineFields>, id: &LineId) -> Part {
    lines.get(id).map(Part::of).unwrap_or_default()
}
