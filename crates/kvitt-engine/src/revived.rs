//! An order that is cancelled here and alive at Klarna is cancelled there once more.

use kvitt_core::{Cause, Event, Recorded, Sale, SaleId};

use crate::EngineError;
use crate::engine::{Caller, Draft, Engine};
use crate::rate::Class;
use crate::work;

impl Engine {
    /// Cancels at Klarna what came alive there, if it still has to be, and reads what came of it.
    pub(crate) async fn cancel_again(&self, id: SaleId) -> Result<Sale, EngineError> {
        let mut cancel = None;
        let sale = self
            .write(id, &Cause::Kvitt, |seen| {
                cancel = None;
                let mut draft = Draft::default();
                if let Some(act) = seen.sale.decide_cancel_again() {
                    tracing::warn!(%id, "an order that was cancelled is alive at Klarna");
                    let nobody = Caller::without_key(Cause::Kvitt);
                    draft = self.intent_draft(seen, act, None, &nobody)?;
                    cancel = draft.events.iter().find_map(Event::intent);
                    // Whatever becomes of this process, somebody sees whether it is alive then.
                    work::schedule_read(id, self, &mut draft);
                }
                work::finish(id, work::CANCEL_AGAIN, &mut draft);
                Ok(draft)
            })
            .await?;
        match cancel {
            Some(intent) => {
                self.carry_out(id, intent, None).await?;
                self.read_order(id, None, Class::Act).await
            }
            None => Ok(sale),
        }
    }
}

/// Whether these new events say that a cancelled order is alive at Klarna.
pub(crate) fn is_told_by(sale: &Sale, new: &[Recorded]) -> bool {
    new.iter().any(|recorded| matches!(recorded.event, Event::OrderRead { .. }))
        && sale.decide_cancel_again().is_some()
}
