//! Decisions about an undo: whether there is anything to undo, and by which acts.

use jiff::Timestamp;

use super::limits::check_text;
use super::money::everything_worth;
use crate::act::{Act, ActKind};
use crate::order::{Order, OrderStatus};
use crate::refusal::Refusal;
use crate::sale::Sale;
use crate::undo::{UndoPlan, UndoWish};

impl Sale {
    /// Whether there is something to undo at a moment, and nothing stands in its way.
    pub fn may_undo(&self, at: Timestamp) -> Result<(), Refusal> {
        self.first_of_undo(&UndoWish::default(), at).map(|_| ())
    }

    /// The acts that undo the order as it is at a moment: nothing captured is cancelled; the rest
    /// of what is captured in part is released; what is captured is refunded.
    pub fn plan_undo(&self, wish: &UndoWish, at: Timestamp) -> Result<UndoPlan, Refusal> {
        let first = self.first_of_undo(wish, at)?;
        let (first, mut sale) = self.carried_out(first, at)?;
        let mut rest = Vec::new();
        while let Some(act) = sale.order.as_ref().and_then(|order| order.undoing_act(wish, at)) {
            let (step, after) = sale.carried_out(act, at)?;
            rest.push(step);
            sale = after;
        }
        Ok(UndoPlan { first, rest })
    }

    fn first_of_undo(&self, wish: &UndoWish, at: Timestamp) -> Result<Act, Refusal> {
        let order = self.order.as_ref().ok_or(Refusal::NoOrder)?;
        check_text("reference", wish.reference.as_deref())?;
        check_text("description", wish.description.as_deref())?;
        // Whichever money act it begins with, all of them have to wait for the same.
        self.check_nothing_in_doubt(ActKind::Cancel)?;
        let nothing = Refusal::NothingToUndo { status: order.status(at) };
        order.undoing_act(wish, at).ok_or(nothing)
    }
}

impl Order {
    /// The act with which undoing goes on at a moment; none where nothing is left to undo.
    pub(crate) fn undoing_act(&self, wish: &UndoWish, at: Timestamp) -> Option<Act> {
        let refunded_amount = self.amounts(at).refundable_amount();
        match self.status(at) {
            OrderStatus::Authorized => Some(Act::Cancel),
            // Before the refund, so that nothing is captured behind it.
            OrderStatus::PartCaptured => Some(Act::Release),
            OrderStatus::Captured if refunded_amount > 0 => Some(Act::Refund {
                refunded_amount,
                lines: everything_worth(&self.cart, &self.unrefunded_lines(), refunded_amount),
                reference: wish.reference.clone(),
                description: wish.description.clone(),
            }),
            OrderStatus::Captured | OrderStatus::Cancelled | OrderStatus::Expired => None,
        }
    }
}
