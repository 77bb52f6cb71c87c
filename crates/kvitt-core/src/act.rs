//! Acts: what is wanted of Klarna, decided and ready to be sent, and what came of them.

use kvitt_money::OrderLineFields;
use serde::{Deserialize, Serialize};

use crate::cart::{LineId, SaleCart};
use crate::event::Evidence;
use crate::order::FraudStatus;

/// The kinds of acts, without their details.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActKind {
    /// Place the order.
    Place,
    /// Capture money for goods that ship.
    Capture,
    /// Give captured money back.
    Refund,
    /// Cancel an order of which nothing was captured.
    Cancel,
    /// Release what is left to capture.
    Release,
    /// Extend the time in which can be captured.
    Extend,
    /// Change lines and amount of the authorization.
    UpdateAuthorization,
    /// Change the shop's references.
    UpdateReferences,
    /// Change the shipping address.
    UpdateShippingAddress,
    /// Add tracking to the order or a capture.
    AddShippingInfo,
    /// Have the customer's message of a capture sent once more.
    TriggerSendOut,
}

impl ActKind {
    /// Every act on an order, in the order in which they are shown.
    pub const ON_ORDERS: [Self; 10] = [
        Self::Capture,
        Self::Refund,
        Self::Cancel,
        Self::Release,
        Self::Extend,
        Self::UpdateAuthorization,
        Self::UpdateReferences,
        Self::UpdateShippingAddress,
        Self::AddShippingInfo,
        Self::TriggerSendOut,
    ];

    /// The name in events and in the API, such as `capture`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Place => "place",
            Self::Capture => "capture",
            Self::Refund => "refund",
            Self::Cancel => "cancel",
            Self::Release => "release",
            Self::Extend => "extend",
            Self::UpdateAuthorization => "update_authorization",
            Self::UpdateReferences => "update_references",
            Self::UpdateShippingAddress => "update_shipping_address",
            Self::AddShippingInfo => "add_shipping_info",
            Self::TriggerSendOut => "trigger_send_out",
        }
    }

    /// Whether it moves money or changes how much may be moved. Such acts wait for each other.
    pub fn moves_money(self) -> bool {
        match self {
            Self::Place
            | Self::Capture
            | Self::Refund
            | Self::Cancel
            | Self::Release
            | Self::Extend
            | Self::UpdateAuthorization => true,
            Self::UpdateReferences
            | Self::UpdateShippingAddress
            | Self::AddShippingInfo
            | Self::TriggerSendOut => false,
        }
    }
}

/// A part of a line of the order, as captured or refunded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinePart {
    /// The line of the order that it is a part of.
    pub line_id: LineId,
    /// The part; its quantity and amounts are those of the part.
    pub line: OrderLineFields,
}

/// Tracking of one parcel. The names and limits are Klarna's.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ShippingInfo {
    /// Carrier, at most 100 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shipping_company: Option<String>,
    /// One of Klarna's methods, such as `Home` or `PickUpPoint`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shipping_method: Option<String>,
    /// Tracking number, at most 100 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tracking_number: Option<String>,
    /// Page on which the parcel is followed, at most 1,024 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tracking_uri: Option<String>,
    /// Carrier for a return, at most 100 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub return_shipping_company: Option<String>,
    /// Tracking number for a return, at most 100 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub return_tracking_number: Option<String>,
    /// Page on which a return is followed, at most 1,024 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub return_tracking_uri: Option<String>,
}

impl ShippingInfo {
    /// What the parcel is called by: its tracking number, else its carrier.
    pub fn name(&self) -> &str {
        [&self.tracking_number, &self.shipping_company]
            .into_iter()
            .filter_map(Option::as_deref)
            .find(|text| !text.is_empty())
            .unwrap_or("a parcel")
    }
}

/// One wanted act with everything that was decided about it. Amounts are minor units of the
/// sale's currency. Personal data is not in here: it stands apart, under the intent's id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Act {
    /// Place the order with exactly the lines that were authorized.
    Place {
        /// Digest of the authorization used.
        authorization: String,
        /// What is bought.
        cart: SaleCart,
    },
    /// Capture.
    Capture {
        /// How much.
        captured_amount: i64,
        /// Of which lines; empty where only an amount is captured.
        lines: Vec<LinePart>,
        /// The shop's reference.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reference: Option<String>,
        /// Shown to the customer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        description: Option<String>,
        /// Tracking.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        shipping_info: Vec<ShippingInfo>,
        /// Nothing else will ship: what is left is released once this is captured.
        #[serde(default, rename = "final", skip_serializing_if = "std::ops::Not::not")]
        is_final: bool,
    },
    /// Refund.
    Refund {
        /// How much.
        refunded_amount: i64,
        /// Of which lines; empty where only an amount is refunded.
        lines: Vec<LinePart>,
        /// The shop's reference.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reference: Option<String>,
        /// Shown to the customer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        description: Option<String>,
    },
    /// Cancel.
    Cancel,
    /// Release what is left.
    Release,
    /// Extend the authorization.
    Extend,
    /// Change lines and amount.
    UpdateAuthorization {
        /// The new lines and sums.
        cart: SaleCart,
        /// Shown to the customer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        description: Option<String>,
    },
    /// Change the shop's references; an absent one stays, an empty one is cleared.
    UpdateReferences {
        /// The shop's order number.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        merchant_reference1: Option<String>,
        /// The shop's second reference.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        merchant_reference2: Option<String>,
    },
    /// Change the shipping address to the one that stands under the intent's id.
    UpdateShippingAddress,
    /// Add tracking.
    AddShippingInfo {
        /// To this capture; to the order where absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        capture_id: Option<String>,
        /// The parcels.
        shipping_info: Vec<ShippingInfo>,
    },
    /// Have the customer's message sent once more.
    TriggerSendOut {
        /// Of this capture.
        capture_id: String,
    },
}

impl Act {
    /// The act without its details.
    pub fn kind(&self) -> ActKind {
        match self {
            Self::Place { .. } => ActKind::Place,
            Self::Capture { .. } => ActKind::Capture,
            Self::Refund { .. } => ActKind::Refund,
            Self::Cancel => ActKind::Cancel,
            Self::Release => ActKind::Release,
            Self::Extend => ActKind::Extend,
            Self::UpdateAuthorization { .. } => ActKind::UpdateAuthorization,
            Self::UpdateReferences { .. } => ActKind::UpdateReferences,
            Self::UpdateShippingAddress => ActKind::UpdateShippingAddress,
            Self::AddShippingInfo { .. } => ActKind::AddShippingInfo,
            Self::TriggerSendOut { .. } => ActKind::TriggerSendOut,
        }
    }
}

/// What came of an act that Klarna carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Outcome {
    /// The order is placed.
    Placed {
        /// Klarna's id of the order.
        klarna_order_id: String,
        /// Klarna's first word on fraud.
        fraud_status: FraudStatus,
        /// Where Klarna wants the shopper's browser to pass through.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        redirect_url: Option<String>,
        /// How the customer pays, in Klarna's words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        payment_method: Option<String>,
    },
    /// The capture is made.
    Captured {
        /// Klarna's id of the capture.
        capture_id: String,
    },
    /// The refund is made.
    Refunded {
        /// Klarna's id of the refund.
        refund_id: String,
    },
    /// The change that was asked for is made.
    Changed,
}

/// A definite refusal by Klarna.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Refused {
    /// Klarna's `error_code`, such as `CAPTURE_NOT_ALLOWED`.
    pub error_code: String,
    /// Klarna's messages, for people.
    pub error_messages: Vec<String>,
    /// Klarna's answer.
    pub evidence: Evidence,
}
