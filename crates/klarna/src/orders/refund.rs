//! Refunds.

use bon::bon;
use kvitt_money::OrderLineFields;
use serde::Serialize;

use crate::answer::from_json;
use crate::check::{at_most, range};
use crate::read;
use crate::tolerant::tolerant;
use crate::wire::{Line, check_portion, portion_lines};
use crate::{DateTime, Error, RefundId};

/// A refund to be made: an amount in minor units, 1 to 200,000,000, and best the lines that it is
/// for, by which Klarna finds the capture. A line of type `return_fee` is kept from it. Lines
/// that do not add up to the amount are refused.
///
/// ```
/// use klarna::orders::NewRefund;
///
/// let refund = NewRefund::builder(4_950).description("One cup came broken").build()?;
/// # Ok::<(), klarna::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRefund {
    refunded_amount: i64,
    order_lines: Vec<OrderLineFields>,
    reference: Option<String>,
    description: Option<String>,
}

#[bon]
impl NewRefund {
    /// A refund of this amount. `reference` and `description` have at most 255 characters.
    #[builder(start_fn = builder, finish_fn = build, on(String, into))]
    pub fn new(
        #[builder(start_fn)] refunded_amount: i64,
        #[builder(default)] order_lines: Vec<OrderLineFields>,
        reference: Option<String>,
        description: Option<String>,
    ) -> Result<Self, Error> {
        // Klarna's schema allows 0; a refund of nothing is taken for a mistake (a guess).
        range("refunded_amount", refunded_amount, 1..=200_000_000)?;
        check_portion("refunded_amount", refunded_amount, &order_lines)?;
        at_most("reference", reference.as_deref(), 255)?;
        at_most("description", description.as_deref(), 255)?;
        Ok(Self { refunded_amount, order_lines, reference, description })
    }

    /// What is refunded, in minor units.
    pub fn refunded_amount(&self) -> i64 {
        self.refunded_amount
    }

    pub(super) fn body(&self) -> impl Serialize + '_ {
        Body {
            refunded_amount: self.refunded_amount,
            order_lines: portion_lines(&self.order_lines),
            reference: self.reference.as_deref(),
            description: self.description.as_deref(),
        }
    }
}

#[derive(Serialize)]
struct Body<'a> {
    refunded_amount: i64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    order_lines: Vec<Line<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
}

tolerant! {
    /// A refund as read back.
    #[derive(Debug)]
    pub struct Refund {
        required {
            /// What was refunded, in minor units.
            refunded_amount: i64,
        }
        optional {
            /// Klarna's id of the refund.
            refund_id: RefundId,
            /// The shop's reference.
            reference: String,
            /// When.
            refunded_at: DateTime,
            /// The shop's description.
            description: String,
            /// Whether it is a credit invoice (B2B).
            credit_invoice: bool,
        }
        lists {
            /// The lines.
            order_lines: read::OrderLine,
        }
    }
}

from_json!(Refund);
