//! Whether goods may leave. One function, whose answer every page, API, command and tool shows.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::act::ActKind;
use crate::intent::{Intent, IntentState};
use crate::order::OrderStatus;
use crate::sale::{Sale, fraud_problem};

/// Whether goods may leave, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct MayShip {
    /// Whether they may.
    pub allowed: bool,
    /// Why, or why not.
    pub reason: MayShipReason,
}

/// Why goods may leave, or may not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MayShipReason {
    /// Authorized, accepted, not stopped, not expired, not cancelled.
    Authorized,
    /// Captured: the money is the shop's.
    Captured,
    /// There is no order yet.
    NoOrder,
    /// Klarna is still looking at it.
    FraudPending,
    /// Klarna does not take the risk.
    FraudRejected,
    /// Klarna said something about fraud that is not known.
    FraudUnknown,
    /// A callback asked to stop the shipment.
    Stopped,
    /// Klarna calls the order's state something that is not known, such as `CLOSED`.
    StatusUnknown,
    /// Klarna's sums are others than those here.
    DiffersAtKlarna,
    /// The order is cancelled.
    Cancelled,
    /// The time to capture has run out.
    Expired,
    /// All of it was refunded.
    Refunded,
    /// Whether the last act took effect is not known yet.
    OutcomeUnknown,
}

impl MayShipReason {
    /// The reason in a sentence.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Authorized => "authorized and accepted by Klarna",
            Self::Captured => "captured and accepted by Klarna",
            Self::NoOrder => "there is no order yet",
            Self::FraudPending => "Klarna is still reviewing the order: wait for its decision",
            Self::FraudRejected => "Klarna rejected the order: do not ship at Klarna's risk",
            Self::FraudUnknown => "Klarna's word on fraud is not known to this version: ask Klarna",
            Self::Stopped => "Klarna asked to stop the shipment",
            Self::StatusUnknown => {
                "Klarna's word for the order's state is not known to this version: ask Klarna"
            }
            Self::DiffersAtKlarna => {
                "Klarna has other amounts for the order than those here: settle which are right first"
            }
            Self::Cancelled => "the order is cancelled",
            Self::Expired => "the authorization has expired: what is not captured is not paid",
            Self::Refunded => "everything captured was refunded",
            Self::OutcomeUnknown => "the outcome of the last act is not known yet: wait for it",
        }
    }
}

/// Whether goods of this sale may leave at this moment: authorized, fraud accepted, not stopped,
/// not expired, not cancelled, and nothing about it in doubt.
pub fn may_ship(sale: &Sale, at: Timestamp) -> MayShip {
    let no = |reason| MayShip { allowed: false, reason };
    let Some(order) = &sale.order else { return no(MayShipReason::NoOrder) };
    // Final: no later word on fraud revives it, so waiting for one would be the wrong advice.
    if order.cancelled {
        return no(MayShipReason::Cancelled);
    }
    if let Some(reason) = fraud_problem(order) {
        return no(reason);
    }
    if !order.is_read_status_known() {
        return no(MayShipReason::StatusUnknown);
    }
    if sale.difference().is_some() {
        return no(MayShipReason::DiffersAtKlarna);
    }
    // Goods must not leave between the wish to cancel and Klarna's answer to it.
    let in_doubt = |intent: &Intent| {
        intent.state != IntentState::Requested || intent.act.kind() == ActKind::Cancel
    };
    if sale.open_intent(|act| act.kind().moves_money()).is_some_and(in_doubt) {
        return no(MayShipReason::OutcomeUnknown);
    }
    // The same between two acts of an undo.
    if sale.open_undo().is_some() {
        return no(MayShipReason::OutcomeUnknown);
    }
    let amounts = order.amounts(at);
    // What was released was not going to ship; the rest of a released order is paid.
    if order.is_expired(at) && !order.released && amounts.captured_amount < amounts.order_amount {
        return no(MayShipReason::Expired);
    }
    let refunded = amounts.captured_amount > 0 && amounts.refundable_amount() == 0;
    match order.status(at) {
        OrderStatus::Cancelled => no(MayShipReason::Cancelled),
        OrderStatus::Expired => no(MayShipReason::Expired),
        OrderStatus::Captured if refunded => no(MayShipReason::Refunded),
        OrderStatus::Captured => MayShip { allowed: true, reason: MayShipReason::Captured },
        OrderStatus::Authorized | OrderStatus::PartCaptured => {
            MayShip { allowed: true, reason: MayShipReason::Authorized }
        }
    }
}
