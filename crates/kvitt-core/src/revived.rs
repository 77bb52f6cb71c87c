//! An order that comes alive again at Klarna after it was cancelled, as by an acceptance that
//! crossed the cancellation.

use crate::act::{Act, ActKind};
use crate::ids::IntentId;
use crate::order::OrderStatus;
use crate::sale::Sale;

impl Sale {
    /// The cancellation that is due because Klarna has the order alive again with nothing of it
    /// captured. It is asked for once: what is alive even then is for a person.
    pub fn decide_cancel_again(&self) -> Option<Act> {
        let order = self.order.as_ref()?;
        order.comparable_at?;
        let (read, _) = order.last_read.as_ref()?;
        let is_alive = order.cancelled
            && OrderStatus::Authorized.is(&read.status)
            && read.captured_amount == 0;
        let is_quiet = self.open_intent(|act| act.kind().moves_money()).is_none();
        (is_alive && is_quiet && order.cancelled_again.is_none()).then_some(Act::Cancel)
    }

    /// An act is wanted: remembers when it cancels what is cancelled already.
    pub(crate) fn note_cancel_again(&mut self, kind: ActKind, intent: IntentId) {
        let cancelled = self.order.as_mut().filter(|order| order.cancelled);
        if let Some(order) = cancelled.filter(|_| kind == ActKind::Cancel) {
            order.cancelled_again = Some(intent);
        }
    }
}
