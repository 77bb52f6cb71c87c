//! Decides acts: from a sale, a wish and a moment to an [`Act`] ready to be stored, or a
//! [`Refusal`]. Nothing here changes anything, so a preview is a decision that is not stored.

mod checkout;
mod limits;
mod money;
mod order;
mod undo;

pub use checkout::check_worth;
pub use limits::SHIPPING_METHODS;
pub use money::{CaptureWish, LinePick, RefundWish};
pub(crate) use order::keeps_captured_lines;
pub use order::{AuthorizationWish, ReferencesWish};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::act::{Act, ActKind, Outcome, ShippingInfo};
use crate::event::{Event, Evidence};
use crate::ids::IntentId;
use crate::intent::IntentState;
use crate::order::{Amounts, OrderStatus};
use crate::refusal::Refusal;
use crate::sale::Sale;

/// What somebody wants done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    /// Place the order with the authorization at hand.
    Place,
    /// Capture.
    Capture(CaptureWish),
    /// Refund.
    Refund(RefundWish),
    /// Cancel.
    Cancel,
    /// Release what is left.
    Release,
    /// Extend the authorization.
    Extend,
    /// Change lines and amount.
    UpdateAuthorization(AuthorizationWish),
    /// Change the shop's references.
    UpdateReferences(ReferencesWish),
    /// Change the shipping address to one that the caller keeps under the intent's id.
    UpdateShippingAddress,
    /// Add tracking.
    AddShippingInfo {
        /// To this capture; to the order where absent.
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

impl Wish {
    /// The kind of act wanted.
    pub fn kind(&self) -> ActKind {
        match self {
            Self::Place => ActKind::Place,
            Self::Capture(_) => ActKind::Capture,
            Self::Refund(_) => ActKind::Refund,
            Self::Cancel => ActKind::Cancel,
            Self::Release => ActKind::Release,
            Self::Extend => ActKind::Extend,
            Self::UpdateAuthorization(_) => ActKind::UpdateAuthorization,
            Self::UpdateReferences(_) => ActKind::UpdateReferences,
            Self::UpdateShippingAddress => ActKind::UpdateShippingAddress,
            Self::AddShippingInfo { .. } => ActKind::AddShippingInfo,
            Self::TriggerSendOut { .. } => ActKind::TriggerSendOut,
        }
    }
}

/// What an act will do, without doing it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preview {
    /// The act as it would be stored.
    pub act: Act,
    /// The order's state now.
    pub status_before: OrderStatus,
    /// The sums now.
    pub before: Amounts,
    /// The order's state once Klarna did it.
    pub status_after: OrderStatus,
    /// The sums once Klarna did it.
    pub after: Amounts,
}

impl Sale {
    /// Decides a wish at a moment.
    pub fn decide(&self, wish: Wish, at: Timestamp) -> Result<Act, Refusal> {
        self.may(wish.kind(), at)?;
        match wish {
            Wish::Place => self.decide_place(at),
            Wish::Capture(wish) => self.decide_capture(wish, at),
            Wish::Refund(wish) => self.decide_refund(wish, at),
            Wish::Cancel => Ok(Act::Cancel),
            Wish::Release => Ok(Act::Release),
            Wish::Extend => Ok(Act::Extend),
            Wish::UpdateAuthorization(wish) => self.decide_update(wish),
            Wish::UpdateReferences(wish) => order::decide_references(wish),
            Wish::UpdateShippingAddress => Ok(Act::UpdateShippingAddress),
            Wish::AddShippingInfo { capture_id, shipping_info } => {
                self.decide_shipping_info(capture_id, shipping_info)
            }
            Wish::TriggerSendOut { capture_id } => self.decide_send_out(capture_id),
        }
    }

    /// Whether the sale's state allows a kind of act at a moment, whatever its details.
    pub fn may(&self, kind: ActKind, at: Timestamp) -> Result<(), Refusal> {
        if kind == ActKind::Place {
            return self.may_place(at);
        }
        self.check_nothing_in_doubt(kind)?;
        self.may_on_order(kind, at)
    }

    /// The kinds of acts that the order's state allows at a moment.
    pub fn allowed_acts(&self, at: Timestamp) -> Vec<ActKind> {
        ActKind::ON_ORDERS.into_iter().filter(|kind| self.may(*kind, at).is_ok()).collect()
    }

    /// What an act on an order would do at a moment. Placing has no preview: there is no order yet.
    pub fn preview(&self, wish: Wish, at: Timestamp) -> Result<Preview, Refusal> {
        let act = self.decide(wish, at)?;
        Ok(self.carried_out(act, at)?.0)
    }

    /// What an act does, and the sale once Klarna did it. The fold itself says so, so that a preview
    /// cannot differ from the act.
    fn carried_out(&self, act: Act, at: Timestamp) -> Result<(Preview, Self), Refusal> {
        let order = self.order.as_ref().ok_or(Refusal::NoOrder)?;
        // Each act of a plan needs an id of its own, which no stored one has.
        let intent = IntentId(uuid::Uuid::from_u128(u128::MAX - u128::from(self.version)));
        let requested = Event::Requested {
            intent,
            act: act.clone(),
            idempotency_key: String::new(),
            part_of: None,
        };
        let (outcome, evidence) = (outcome_of(&act, intent), Evidence::default());
        let sale = self
            .with(&[requested, Event::Done { intent, outcome, evidence }])
            .map_err(|_| Refusal::NoOrder)?;
        let changed = sale.order.as_ref().unwrap_or(order);
        let preview = Preview {
            status_before: order.status(at),
            before: order.amounts(at),
            status_after: changed.status(at),
            after: changed.amounts(at),
            act,
        };
        Ok((preview, sale))
    }

    /// Acts that move money wait for each other, for an undo, and all of them for one that is in
    /// doubt.
    fn check_nothing_in_doubt(&self, kind: ActKind) -> Result<(), Refusal> {
        // New lines might not have what a held capture is to take.
        if let Some(held) = self.held().next().filter(|_| kind == ActKind::UpdateAuthorization) {
            return Err(Refusal::ActInProgress { kind: held.act.kind(), intent: held.id });
        }
        let same_or_money =
            |act: &Act| act.kind() == kind || (kind.moves_money() && act.kind().moves_money());
        match self.open_intent(same_or_money) {
            None => match self.open_undo().filter(|_| kind.moves_money()) {
                Some(undo) => Err(Refusal::UndoInProgress { intent: undo.id }),
                None => Ok(()),
            },
            Some(intent) if intent.state == IntentState::Requested => {
                Err(Refusal::ActInProgress { kind: intent.act.kind(), intent: intent.id })
            }
            Some(intent) => {
                Err(Refusal::OutcomeUnknown { kind: intent.act.kind(), intent: intent.id })
            }
        }
    }
}

fn outcome_of(act: &Act, intent: IntentId) -> Outcome {
    match act {
        Act::Capture { .. } => Outcome::Captured { capture_id: intent.to_string() },
        Act::Refund { .. } => Outcome::Refunded { refund_id: intent.to_string() },
        _ => Outcome::Changed,
    }
}
