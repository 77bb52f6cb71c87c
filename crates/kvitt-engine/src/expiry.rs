//! The time to capture and its end: extended where the merchant wants it, told of where not; and
//! what is left after the last shipment.

use jiff::Timestamp;
use kvitt_core::{
    Act, Cause, Event, ExpiryPlan, ExpiryPolicy, ExpiryStep, IntentId, Recorded, Sale, SaleId, Wish,
};

use crate::EngineError;
use crate::engine::{Caller, Draft, Engine};
use crate::rate::Class;
use crate::work;

/// What is to be done outside of the ledger before the end is looked at again.
enum Next {
    LookAgain,
    CarryOut(IntentId),
    ReadOrder,
    Rest,
}

impl Engine {
    /// What will become of an order's time to capture, while something can be captured.
    pub fn expiry_plan(&self, sale: &Sale, at: Timestamp) -> Option<ExpiryPlan> {
        sale.expiry_plan(&self.expiry_policy(sale), at)
    }

    /// What the sale's merchant wants done; nothing unusual where its account is not configured.
    pub(crate) fn expiry_policy(&self, sale: &Sale) -> ExpiryPolicy {
        let account = self.parts.accounts.get(&sale.terms.account);
        account.map(|account| account.expiry.clone()).unwrap_or_default()
    }

    /// Does what the end of an order's time to capture asks for now: extends it, or raises alarms.
    /// Safe to repeat: each step is decided by what the sale says was done.
    pub(crate) async fn look_after_expiry(&self, id: SaleId) -> Result<Sale, EngineError> {
        loop {
            let mut next = Next::Rest;
            let sale = self
                .write(id, &Cause::Kvitt, |seen| {
                    let policy = self.expiry_policy(&seen.sale);
                    let (step, draft) = match seen.sale.next_expiry_step(&policy, seen.at) {
                        ExpiryStep::Extend => {
                            let act = seen.sale.decide(Wish::Extend, seen.at)?;
                            let nobody = Caller::without_key(Cause::Kvitt);
                            let draft = self.intent_draft(seen, act, None, &nobody)?;
                            let intent = draft.events.iter().find_map(Event::intent);
                            (intent.map_or(Next::Rest, Next::CarryOut), draft)
                        }
                        ExpiryStep::ReadOrder => (Next::ReadOrder, Draft::default()),
                        ExpiryStep::Raise(alarm) => {
                            tracing::warn!(%id, alarm = alarm.name(None), "an authorization runs out");
                            (Next::LookAgain, Draft::of([*alarm]))
                        }
                        ExpiryStep::Wait => (Next::Rest, Draft::default()),
                    };
                    next = step;
                    Ok(draft)
                })
                .await?;
            match next {
                Next::LookAgain => {}
                Next::CarryOut(intent) => drop(self.carry_out(id, intent, None).await?),
                Next::ReadOrder => drop(self.read_order(id, None, Class::Bulk).await?),
                Next::Rest => return Ok(sale),
            }
        }
    }

    /// Releases what is left after the last shipment, unless that was tried since.
    pub(crate) async fn release_rest(&self, id: SaleId) -> Result<Sale, EngineError> {
        let mut release = None;
        let sale = self
            .write(id, &Cause::Kvitt, |seen| {
                release = None;
                let is_due =
                    seen.sale.order.as_ref().is_some_and(|order| order.is_release_due(seen.at));
                let mut draft = Draft::default();
                if is_due {
                    let act = seen.sale.decide(Wish::Release, seen.at)?;
                    let nobody = Caller::without_key(Cause::Kvitt);
                    draft = self.intent_draft(seen, act, None, &nobody)?;
                    release = draft.events.iter().find_map(Event::intent);
                }
                work::finish(id, work::RELEASE_REST, &mut draft);
                Ok(draft)
            })
            .await?;
        match release {
            Some(intent) => self.carry_out(id, intent, None).await,
            None => Ok(sale),
        }
    }
}

/// Whether one of these new events is the last shipment's capture, and leaves a rest to release.
pub(crate) fn leaves_a_rest(sale: &Sale, new: &[Recorded], at: Timestamp) -> bool {
    let is_final = |intent: &IntentId| {
        let act = sale.intents.get(intent).map(|intent| &intent.act);
        matches!(act, Some(Act::Capture { is_final: true, .. }))
    };
    let captured =
        |it: &Recorded| matches!(&it.event, Event::Done { intent, .. } if is_final(intent));
    new.iter().any(captured) && sale.order.as_ref().is_some_and(|order| order.is_release_due(at))
}
