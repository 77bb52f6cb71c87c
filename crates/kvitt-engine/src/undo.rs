//! Undoing: as many acts as it takes, each stored and carried out like any other, and each decided
//! only once the one before it is over.

use kvitt_core::{Cause, Event, IntentId, Recorded, Sale, SaleId, UndoPlan, UndoStep, UndoWish};

use crate::EngineError;
use crate::act::Answered;
use crate::engine::{Caller, Draft, Engine};
use crate::rate::Class;
use crate::work::{self, Claim};

/// What is to be done outside of the ledger before an undo is looked at again.
enum Next {
    CarryOut(IntentId),
    ReadOrder,
    Rest,
}

impl Engine {
    /// What an undo would do now, without doing it.
    pub async fn plan_undo(&self, id: SaleId, wish: &UndoWish) -> Result<UndoPlan, EngineError> {
        let sale = self.sale(id).await?;
        Ok(sale.plan_undo(wish, self.now().await)?)
    }

    /// Undoes an order: cancels it, or releases what is left of it and refunds what is captured.
    /// Where it does not come to its end in time, the answer says so and it goes on by itself.
    pub async fn undo(
        &self,
        id: SaleId,
        wish: UndoWish,
        caller: &Caller,
    ) -> Result<Answered, EngineError> {
        let alone = self.alone_with(id).await;
        if let Some(answered) = self.answered_before(id, caller).await? {
            return Ok(answered);
        }
        let mut undo = None;
        let stored = self
            .write(id, &caller.cause, |seen| {
                // Without its account no act could leave; better refused than stored and stuck.
                self.parts.accounts.get(&seen.sale.terms.account)?;
                seen.sale.plan_undo(&wish, seen.at)?;
                let intent = self.new_intent(seen.at);
                undo = Some(intent);
                let UndoWish { reference, description } = wish.clone();
                let event = Event::UndoRequested { intent, reference, description };
                Ok(Draft::of([event]).answering(caller, undo, seen.at))
            })
            .await;
        let intent = match (stored, undo) {
            (Ok(_), Some(intent)) => intent,
            (Ok(_), None) => return Err(EngineError::Internal("an undo without an id".to_owned())),
            // As with an act: the same request may have reached another replica first.
            (Err(error), _) => return self.answered_before(id, caller).await?.ok_or(error),
        };
        let engine = self.clone();
        let undone = async move {
            engine.go_on_undoing(id).await?;
            engine.history(id).await
        };
        let (sale, events) = self.in_time(id, intent, alone, undone).await?;
        Ok(Answered { sale, events, intent, replayed: false })
    }

    /// Goes on with the sale's open undo until it is over or has to wait for an act in doubt. Safe
    /// to do twice at once: each step is decided on the version of the sale that it is stored on.
    pub(crate) async fn go_on_undoing(&self, id: SaleId) -> Result<Sale, EngineError> {
        loop {
            let mut next = Next::Rest;
            let sale = self
                .write(id, &Cause::Kvitt, |seen| {
                    next = Next::Rest;
                    let mut draft = Draft::default();
                    let undo = seen.sale.open_undo();
                    match undo.map(|undo| (undo.id, seen.sale.next_undo_step(undo, seen.at))) {
                        Some((undo, UndoStep::Act(act))) => {
                            let nobody = Caller::without_key(Cause::Kvitt);
                            draft = self.part_draft(seen, act, None, &nobody, Some(undo))?;
                            if let Some(intent) = draft.events.iter().find_map(Event::intent) {
                                next = Next::CarryOut(intent);
                            }
                        }
                        Some((_, UndoStep::ReadOrder)) => next = Next::ReadOrder,
                        Some((_, UndoStep::End(event))) => {
                            draft.events.push(event);
                            work::finish(id, work::UNDO, &mut draft);
                        }
                        // The end of an act that is under way makes the undo due again.
                        Some((_, UndoStep::Wait)) | None => {
                            work::finish(id, work::UNDO, &mut draft);
                        }
                    }
                    Ok(draft)
                })
                .await?;
            match next {
                Next::CarryOut(intent) => drop(self.carry_out(id, intent, None).await?),
                Next::ReadOrder => drop(self.read_order(id, None, Class::Act).await?),
                Next::Rest => return Ok(sale),
            }
        }
    }

    /// Carries an intent out that somebody left, and what it is a part of.
    pub(crate) async fn finish_intent(
        &self,
        id: SaleId,
        intent: IntentId,
        claim: Claim,
    ) -> Result<Sale, EngineError> {
        let sale = self.carry_out(id, intent, Some(claim)).await?;
        if has_part(&sale, intent) { self.go_on_undoing(id).await } else { Ok(sale) }
    }
}

/// Whether these new events leave an undo that somebody has to go on with.
pub(crate) fn has_to_go_on(sale: &Sale, new: &[Recorded]) -> bool {
    new.iter().any(|recorded| match &recorded.event {
        Event::UndoRequested { .. } => true,
        Event::Done { intent, .. } | Event::Refused { intent, .. } => has_part(sale, *intent),
        _ => false,
    })
}

/// Whether an intent is over, and part of an undo that is not.
fn has_part(sale: &Sale, intent: IntentId) -> bool {
    let of_intent = sale.intents.get(&intent).filter(|it| it.state.is_settled());
    let part_of = of_intent.and_then(|intent| intent.part_of);
    part_of.is_some() && sale.open_undo().map(|undo| undo.id) == part_of
}
