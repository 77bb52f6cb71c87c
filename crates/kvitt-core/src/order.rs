//! An order as it follows from its sale's events.

use std::collections::BTreeMap;

use jiff::Timestamp;
use kvitt_money::OrderLineFields;
use serde::{Deserialize, Serialize};

use crate::act::{LinePart, ShippingInfo};
use crate::cart::{LineId, SaleCart};
use crate::expiry::ExpiryState;
use crate::ids::IntentId;

/// Klarna's word on fraud. A value that is not known is kept, and is never a good one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum FraudStatus {
    /// Klarna takes the risk.
    Accepted,
    /// Klarna is still looking.
    Pending,
    /// Klarna does not take the risk.
    Rejected,
    /// Something else, as Klarna wrote it.
    Other(String),
}

impl FraudStatus {
    /// Klarna's word.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Accepted => "ACCEPTED",
            Self::Pending => "PENDING",
            Self::Rejected => "REJECTED",
            Self::Other(text) => text,
        }
    }
}

impl From<String> for FraudStatus {
    fn from(text: String) -> Self {
        match text.to_ascii_uppercase().as_str() {
            "ACCEPTED" => Self::Accepted,
            "PENDING" => Self::Pending,
            "REJECTED" => Self::Rejected,
            _ => Self::Other(text),
        }
    }
}

impl From<FraudStatus> for String {
    fn from(status: FraudStatus) -> Self {
        status.as_str().to_owned()
    }
}

/// An order's state, in Klarna's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum OrderStatus {
    /// Nothing captured, all of it can be.
    Authorized,
    /// Some captured, more can be.
    PartCaptured,
    /// Captured, and nothing left to capture. A refund does not change it.
    Captured,
    /// Cancelled before anything was captured.
    Cancelled,
    /// The time to capture ran out before anything was captured.
    Expired,
}

impl OrderStatus {
    /// Klarna's word, such as `PART_CAPTURED`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Authorized => "AUTHORIZED",
            Self::PartCaptured => "PART_CAPTURED",
            Self::Captured => "CAPTURED",
            Self::Cancelled => "CANCELLED",
            Self::Expired => "EXPIRED",
        }
    }

    /// Whether a word of Klarna's is one of these states. `CLOSED` is not: Klarna does not describe
    /// it.
    pub(crate) fn is_known(word: &str) -> bool {
        let known =
            [Self::Authorized, Self::PartCaptured, Self::Captured, Self::Cancelled, Self::Expired];
        known.iter().any(|status| status.is(word))
    }

    /// Whether a word of Klarna's, in either case, is this state.
    pub(crate) fn is(self, word: &str) -> bool {
        self.as_str().eq_ignore_ascii_case(word)
    }
}

/// What Klarna says of an order. Amounts are minor units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderSnapshot {
    /// Klarna's word for the state, as it was written.
    pub status: String,
    /// Klarna's word on fraud.
    pub fraud_status: FraudStatus,
    /// Current total.
    pub order_amount: i64,
    /// Total at placement.
    pub original_order_amount: i64,
    /// Sum of all captures.
    pub captured_amount: i64,
    /// Sum of all refunds.
    pub refunded_amount: i64,
    /// What can still be captured. A cancelled order keeps the figure it had (recorded).
    pub remaining_authorized_amount: i64,
    /// Until when can be captured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// Klarna's short reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub klarna_reference: Option<String>,
}

/// A capture that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capture {
    /// The intent that it came from; none where somebody else captured, in Klarna's portal or by
    /// another program.
    pub intent: Option<IntentId>,
    /// Klarna's id.
    pub capture_id: String,
    /// How much.
    pub captured_amount: i64,
    /// Of which lines; empty where only an amount was captured.
    pub lines: Vec<LinePart>,
    /// The shop's reference.
    pub reference: Option<String>,
    /// Shown to the customer.
    pub description: Option<String>,
    /// Tracking, as far as known.
    pub shipping_info: Vec<ShippingInfo>,
    /// When the answer was recorded; when Klarna says, where somebody else captured.
    pub captured_at: Timestamp,
}

/// A refund that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refund {
    /// The intent that it came from; none where somebody else refunded.
    pub intent: Option<IntentId>,
    /// Klarna's id.
    pub refund_id: String,
    /// How much.
    pub refunded_amount: i64,
    /// Of which lines; empty where only an amount was refunded.
    pub lines: Vec<LinePart>,
    /// The shop's reference.
    pub reference: Option<String>,
    /// Shown to the customer.
    pub description: Option<String>,
    /// When the answer was recorded; when Klarna says, where somebody else refunded.
    pub refunded_at: Timestamp,
}

/// An order's sums at one moment, in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Amounts {
    /// Current total of the authorization.
    pub order_amount: i64,
    /// Total at placement.
    pub original_order_amount: i64,
    /// Sum of all captures; refunds do not lower it.
    pub captured_amount: i64,
    /// Sum of all refunds.
    pub refunded_amount: i64,
    /// What can still be captured: nothing once cancelled, released or expired.
    pub remaining_authorized_amount: i64,
}

impl Amounts {
    /// What can still be refunded.
    pub fn refundable_amount(&self) -> i64 {
        self.captured_amount - self.refunded_amount
    }
}

/// What Klarna accepted for a sale.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Klarna's id.
    pub klarna_order_id: String,
    /// Klarna's short reference, once the order was read.
    pub klarna_reference: Option<String>,
    /// When the answer to placing it was recorded.
    pub placed_at: Timestamp,
    /// Lines and sums, in the version that Klarna accepted last.
    pub cart: SaleCart,
    /// Total at placement, in minor units.
    pub original_order_amount: i64,
    /// Klarna's last word on fraud.
    pub fraud_status: FraudStatus,
    /// Until when can be captured, once the order was read.
    pub expires_at: Option<Timestamp>,
    /// Where Klarna wants the shopper's browser to pass through.
    pub redirect_url: Option<String>,
    /// How the customer pays, in Klarna's words.
    pub payment_method: Option<String>,
    /// Every capture, oldest first.
    pub captures: Vec<Capture>,
    /// Every refund, oldest first.
    pub refunds: Vec<Refund>,
    /// Cancelled.
    pub cancelled: bool,
    /// The cancellation that was asked for although it was cancelled: it was alive at Klarna.
    pub(crate) cancelled_again: Option<IntentId>,
    /// What was left was released.
    pub released: bool,
    /// A callback asked not to ship.
    pub stopped: bool,
    /// Tracking that belongs to no single capture.
    pub shipping_info: Vec<ShippingInfo>,
    /// What Klarna said when the order was last read, and when that was.
    pub last_read: Option<(OrderSnapshot, Timestamp)>,
    /// When the order was last read, unless an act that moves money was open then or wanted since.
    pub(crate) comparable_at: Option<Timestamp>,
    /// What was done about the time to capture.
    pub(crate) expiry: ExpiryState,
}

impl Order {
    /// An order that was just placed.
    pub(crate) fn placed(
        klarna_order_id: &str,
        cart: &SaleCart,
        fraud_status: &FraudStatus,
        placed_at: Timestamp,
    ) -> Self {
        Self {
            klarna_order_id: klarna_order_id.to_owned(),
            klarna_reference: None,
            placed_at,
            cart: cart.clone(),
            original_order_amount: cart.cart().totals().order_amount,
            fraud_status: fraud_status.clone(),
            expires_at: None,
            redirect_url: None,
            payment_method: None,
            captures: Vec::new(),
            refunds: Vec::new(),
            cancelled: false,
            cancelled_again: None,
            released: false,
            stopped: false,
            shipping_info: Vec::new(),
            last_read: None,
            comparable_at: None,
            expiry: ExpiryState::default(),
        }
    }

    /// Whether the time to capture has run out.
    pub fn is_expired(&self, at: Timestamp) -> bool {
        self.expires_at.is_some_and(|expires_at| at >= expires_at)
    }

    /// Whether what is left is to be released because the last shipment is captured.
    pub fn is_release_due(&self, at: Timestamp) -> bool {
        self.expiry.release_due && self.status(at) == OrderStatus::PartCaptured
    }

    /// The sums at a moment. What is left falls to nothing when the time to capture has run out.
    pub fn amounts(&self, at: Timestamp) -> Amounts {
        let order_amount = self.cart.cart().totals().order_amount;
        let captured_amount = sum(self.captures.iter().map(|capture| capture.captured_amount));
        let closed = self.cancelled || self.released || self.is_expired(at);
        Amounts {
            order_amount,
            original_order_amount: self.original_order_amount,
            captured_amount,
            refunded_amount: sum(self.refunds.iter().map(|refund| refund.refunded_amount)),
            remaining_authorized_amount: if closed { 0 } else { order_amount - captured_amount },
        }
    }

    /// The state at a moment. An order of which a part was captured before the time ran out is
    /// captured (a guess about Klarna; its sums are the same either way).
    pub fn status(&self, at: Timestamp) -> OrderStatus {
        let amounts = self.amounts(at);
        if self.cancelled {
            OrderStatus::Cancelled
        } else if amounts.remaining_authorized_amount > 0 {
            if amounts.captured_amount > 0 {
                OrderStatus::PartCaptured
            } else {
                OrderStatus::Authorized
            }
        } else if self.is_expired(at) && amounts.captured_amount == 0 {
            OrderStatus::Expired
        } else {
            OrderStatus::Captured
        }
    }

    /// Whether Klarna's word for the state, when the order was last read, is known here.
    pub(crate) fn is_read_status_known(&self) -> bool {
        self.last_read.as_ref().is_none_or(|(read, _)| OrderStatus::is_known(&read.status))
    }

    /// What is left of each line to capture: quantity and amounts less what was captured.
    pub fn uncaptured_lines(&self) -> BTreeMap<LineId, OrderLineFields> {
        let captured = self.captures.iter().flat_map(|capture| &capture.lines);
        let whole = self.cart.lines().map(|(id, line)| (id.clone(), (**line).clone()));
        subtract(whole.collect(), captured)
    }

    /// What is left of each captured line to refund: what was captured less what was refunded.
    pub fn unrefunded_lines(&self) -> BTreeMap<LineId, OrderLineFields> {
        let mut captured: BTreeMap<LineId, OrderLineFields> = BTreeMap::new();
        for part in self.captures.iter().flat_map(|capture| &capture.lines) {
            captured
                .entry(part.line_id.clone())
                .and_modify(|sum| *sum = sum.plus(&part.line))
                .or_insert_with(|| part.line.clone());
        }
        subtract(captured, self.refunds.iter().flat_map(|refund| &refund.lines))
    }
}

/// A sum that stops at the largest number, where it breaks a law that the fold checks.
pub(crate) fn sum(amounts: impl Iterator<Item = i64>) -> i64 {
    amounts.fold(0, i64::saturating_add)
}

pub(crate) fn subtract<'a>(
    mut lines: BTreeMap<LineId, OrderLineFields>,
    parts: impl Iterator<Item = &'a LinePart>,
) -> BTreeMap<LineId, OrderLineFields> {
    for part in parts {
        if let Some(left) = lines.get_mut(&part.line_id) {
            *left = left.minus(&part.line);
        }
    }
    lines
}
