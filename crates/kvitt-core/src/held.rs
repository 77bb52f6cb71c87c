//! Held captures: wanted while Klarna still reviews the order, made by themselves once it accepts.

use std::collections::BTreeMap;

use kvitt_money::OrderLineFields;

use crate::act::{Act, LinePart, Refused};
use crate::cart::LineId;
use crate::event::{Event, Evidence};
use crate::intent::{Intent, IntentState};
use crate::order::{FraudStatus, Order, subtract, sum};
use crate::sale::Sale;

/// The code under which a held capture stands that Klarna's rejection ended.
pub const FRAUD_REJECTED: &str = "FRAUD_REJECTED";

/// The code under which a held capture stands that the order's end ended.
pub const ORDER_CLOSED: &str = "ORDER_CLOSED";

impl Sale {
    /// Whether an act is not asked for yet: a capture of an order that Klarna still reviews.
    pub fn holds(&self, act: &Act) -> bool {
        let is_reviewed =
            self.order.as_ref().is_some_and(|order| order.fraud_status == FraudStatus::Pending);
        is_reviewed && matches!(act, Act::Capture { .. })
    }

    /// What becomes of held captures as the order now is: they go on, or they are dropped. Nothing
    /// while Klarna still reviews it, or asked to stop the shipment.
    pub fn decide_held(&self) -> Vec<Event> {
        let Some(order) = &self.order else { return Vec::new() };
        let drop_as = |code: &str, message: &str| {
            let refused = Refused {
                error_code: code.to_owned(),
                error_messages: vec![message.to_owned()],
                evidence: Evidence::default(),
            };
            let event = |it: &Intent| Event::Refused { intent: it.id, refused: refused.clone() };
            self.held().map(event).collect()
        };
        if order.cancelled {
            return drop_as(ORDER_CLOSED, "The order was cancelled before Klarna accepted it.");
        }
        match order.fraud_status {
            FraudStatus::Rejected => {
                drop_as(FRAUD_REJECTED, "Klarna rejected the order; it was not asked to capture.")
            }
            FraudStatus::Accepted if !order.stopped => {
                self.held().map(|intent| Event::Resumed { intent: intent.id }).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Captures that are held, oldest first.
    pub fn held(&self) -> impl Iterator<Item = &Intent> {
        self.intents.values().filter(|intent| intent.state == IntentState::Held)
    }

    /// How much held captures will take.
    pub(crate) fn held_amount(&self) -> i64 {
        sum(self.held().filter_map(|intent| match &intent.act {
            Act::Capture { captured_amount, .. } => Some(*captured_amount),
            _ => None,
        }))
    }

    /// What is left of each line to capture, less what held captures will take.
    pub(crate) fn unclaimed_lines(&self, order: &Order) -> BTreeMap<LineId, OrderLineFields> {
        let parts = self.held().flat_map(|intent| -> &[LinePart] {
            match &intent.act {
                Act::Capture { lines, .. } => lines,
                _ => &[],
            }
        });
        subtract(order.uncaptured_lines(), parts)
    }
}
