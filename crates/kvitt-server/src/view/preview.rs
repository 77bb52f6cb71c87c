//! What an act would do.

use kvitt_core::{Act, Amounts};
use serde::Serialize;
use utoipa::ToSchema;

use super::OrderLine;

/// What an act would do now. Nothing was stored, and Klarna was not asked.
#[derive(Serialize, ToSchema)]
pub(crate) struct Preview {
    /// Always true.
    preview: bool,
    /// The act.
    kind: &'static str,
    /// How much would move, in minor units.
    #[serde(skip_serializing_if = "Option::is_none")]
    amount: Option<i64>,
    /// Of which lines, or the new lines; empty where none are touched.
    order_lines: Vec<OrderLine>,
    /// The order's state now.
    status_before: &'static str,
    /// The sums now.
    before: Sums,
    /// The order's state afterwards.
    status_after: &'static str,
    /// The sums afterwards.
    after: Sums,
}

/// An order's sums, in minor units.
#[derive(Serialize, ToSchema)]
pub(crate) struct Sums {
    /// Current total of the authorization.
    order_amount: i64,
    /// Sum of all captures.
    captured_amount: i64,
    /// Sum of all refunds.
    refunded_amount: i64,
    /// What can still be refunded.
    refundable_amount: i64,
    /// What can still be captured.
    remaining_authorized_amount: i64,
}

impl From<Amounts> for Sums {
    fn from(amounts: Amounts) -> Self {
        Self {
            order_amount: amounts.order_amount,
            captured_amount: amounts.captured_amount,
            refunded_amount: amounts.refunded_amount,
            refundable_amount: amounts.refundable_amount(),
            remaining_authorized_amount: amounts.remaining_authorized_amount,
        }
    }
}

impl From<kvitt_core::Preview> for Preview {
    fn from(preview: kvitt_core::Preview) -> Self {
        let (amount, order_lines) = match &preview.act {
            Act::Capture { captured_amount, lines, .. } => {
                (Some(*captured_amount), OrderLine::of_parts(lines))
            }
            Act::Refund { refunded_amount, lines, .. } => {
                (Some(*refunded_amount), OrderLine::of_parts(lines))
            }
            Act::UpdateAuthorization { cart, .. } => {
                (Some(cart.cart().totals().order_amount), OrderLine::of_cart(cart))
            }
            _ => (None, Vec::new()),
        };
        Self {
            preview: true,
            kind: preview.act.kind().as_str(),
            amount,
            order_lines,
            status_before: preview.status_before.as_str(),
            before: preview.before.into(),
            status_after: preview.status_after.as_str(),
            after: preview.after.into(),
        }
    }
}
