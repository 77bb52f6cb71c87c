//! Captures.

use bon::bon;
use kvitt_money::OrderLineFields;
use serde::Serialize;

use super::ShippingInfo;
use super::shipping_info::check_all;
use crate::answer::from_json;
use crate::check::{at_most, range};
use crate::read;
use crate::tolerant::tolerant;
use crate::wire::{Line, check_portion, portion_lines};
use crate::{CaptureId, DateTime, Error};

/// A capture to be made: an amount in minor units, 1 to 200,000,000, and best the lines that it
/// is for. Lines that do not add up to the amount are refused.
///
/// ```
/// use klarna::orders::NewCapture;
///
/// let whole = NewCapture::builder(9_900).description("Shipped").build()?;
/// assert!(NewCapture::builder(0).build().is_err());
/// # Ok::<(), klarna::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCapture {
    captured_amount: i64,
    order_lines: Vec<OrderLineFields>,
    reference: Option<String>,
    description: Option<String>,
    shipping_info: Vec<ShippingInfo>,
    shipping_delay: Option<u32>,
}

#[bon]
impl NewCapture {
    /// A capture of this amount. `reference` and `description` have at most 255 characters;
    /// `shipping_delay` is in days, and above 0 only where Klarna enabled it.
    #[builder(start_fn = builder, finish_fn = build, on(String, into))]
    pub fn new(
        #[builder(start_fn)] captured_amount: i64,
        #[builder(default)] order_lines: Vec<OrderLineFields>,
        reference: Option<String>,
        description: Option<String>,
        #[builder(default)] shipping_info: Vec<ShippingInfo>,
        shipping_delay: Option<u32>,
    ) -> Result<Self, Error> {
        // Klarna's schema allows 0 in the request but 1 at least in the capture that it becomes.
        range("captured_amount", captured_amount, 1..=200_000_000)?;
        check_portion("captured_amount", captured_amount, &order_lines)?;
        at_most("reference", reference.as_deref(), 255)?;
        at_most("description", description.as_deref(), 255)?;
        check_all(&shipping_info)?;
        Ok(Self {
            captured_amount,
            order_lines,
            reference,
            description,
            shipping_info,
            shipping_delay,
        })
    }

    /// What is captured, in minor units.
    pub fn captured_amount(&self) -> i64 {
        self.captured_amount
    }

    pub(super) fn body(&self) -> impl Serialize + '_ {
        Body {
            captured_amount: self.captured_amount,
            order_lines: portion_lines(&self.order_lines),
            reference: self.reference.as_deref(),
            description: self.description.as_deref(),
            shipping_info: &self.shipping_info,
            shipping_delay: self.shipping_delay,
        }
    }
}

#[derive(Serialize)]
struct Body<'a> {
    captured_amount: i64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    order_lines: Vec<Line<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    shipping_info: &'a [ShippingInfo],
    #[serde(skip_serializing_if = "Option::is_none")]
    shipping_delay: Option<u32>,
}

tolerant! {
    /// A capture as read back.
    #[derive(Debug)]
    pub struct Capture {
        required {
            /// Klarna's id of the capture.
            capture_id: CaptureId,
            /// What was captured, in minor units.
            captured_amount: i64,
        }
        optional {
            /// The order's reference with a number behind it.
            klarna_reference: String,
            /// The shop's reference.
            reference: String,
            /// When.
            captured_at: DateTime,
            /// The shop's description.
            description: String,
            /// Refunds that Klarna allocated to this capture, in minor units. It may stay 0 while
            /// the order says otherwise (recorded exchange): do not compute with it.
            refunded_amount: i64,
            /// Billing address.
            billing_address: read::Address,
            /// Shipping address.
            shipping_address: read::Address,
        }
        lists {
            /// The lines; Klarna may leave them out even where the order has some.
            order_lines: read::OrderLine,
            /// Parcels.
            shipping_info: read::ShippingInfo,
        }
    }
}

from_json!(Capture, Vec<Capture>);
