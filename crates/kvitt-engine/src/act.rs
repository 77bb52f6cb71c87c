//! Acts: from a wish to a stored intent, to the call, to the outcome.

use std::time::Duration;

use kvitt_core::{
    ActKind, Cause, Event, Evidence, Intent, IntentId, IntentState, Preview, Recorded, Refused,
    Sale, SaleId, Wish,
};
use kvitt_ledger::{LedgerError, Private, PrivateChange, WorkChange};
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

use crate::calls::{self, Verdict};
use crate::doubt::may_exist;
use crate::engine::{Caller, Draft, Engine, Idempotency, Known, Seen};
use crate::rate::Class;
use crate::shopper::impersonal;
use crate::work::{self, Claim};
use crate::{EngineError, names};

/// How often an answer of Klarna's is offered to a ledger that cannot take it just now.
const VERDICT_WRITES_MAX: u32 = 4;

/// The code under which a placing stands that Klarna's session tells did not take effect.
const NOT_PLACED: &str = "NOT_PLACED";

/// What is known of an act when its caller is answered.
#[derive(Debug, Clone)]
pub struct Answered {
    /// The sale as it is now.
    pub sale: Sale,
    /// The events that it follows from, oldest first.
    pub events: Vec<Recorded>,
    /// The act's intent, or the undo.
    pub intent: IntentId,
    /// Whether an earlier request under the same key is answered again.
    pub replayed: bool,
}

impl Answered {
    /// How far the act or undo has come.
    pub fn state(&self) -> Option<IntentState> {
        self.sale.state_of(self.intent)
    }
}

impl Engine {
    /// What an act on an order would do now, without doing it.
    pub async fn preview(&self, id: SaleId, wish: Wish) -> Result<Preview, EngineError> {
        let sale = self.sale(id).await?;
        Ok(sale.preview(wish, self.now().await)?)
    }

    /// Stores what is wanted, carries it out, and answers with what came of it. Where the outcome
    /// is not known in time, the answer says so and the act goes on by itself.
    ///
    /// `shipping_address` is the address of an [`Wish::UpdateShippingAddress`], as JSON.
    pub async fn act(
        &self,
        id: SaleId,
        wish: Wish,
        shipping_address: Option<SecretString>,
        caller: &Caller,
    ) -> Result<Answered, EngineError> {
        let alone = self.alone_with(id).await;
        // Whether the same request was taken before is only looked for where this one is refused:
        // the ledger takes no key twice, and most requests are new.
        let mut intent = None;
        // An order is placed with what the sale keeps in private; acts on it need nothing of that.
        let known = if wish == Wish::Place { None } else { Some(self.known_to_act(id).await?) };
        let stored = self
            .write_on(id, &caller.cause, known, |seen| {
                let act = seen.sale.decide(wish.clone(), seen.at)?;
                let draft = self.intent_draft(seen, act, shipping_address.as_ref(), caller)?;
                intent = draft.events.iter().find_map(Event::intent);
                Ok(draft)
            })
            .await;
        let (known, intent) = match (stored, intent) {
            (Ok(known), Some(intent)) => (known, intent),
            (Ok(_), None) => return Err(EngineError::Internal("an act without intent".to_owned())),
            // What stands in its way may be its own first copy.
            (Err(error), _) => return self.answered_before(id, caller).await?.ok_or(error),
        };
        if known.sale.state_of(intent) == Some(IntentState::Held) {
            let Known { sale, events, .. } = known;
            return Ok(Answered { sale, events, intent, replayed: false });
        }
        let engine = self.clone();
        let carried_out =
            async move { Box::pin(engine.carry_out_on(id, intent, None, Some(known))).await };
        let (sale, events) = self.in_time(id, intent, alone, carried_out).await?;
        Ok(Answered { sale, events, intent, replayed: false })
    }

    /// The sale once an act was carried out, or as it is when the caller has waited long enough.
    /// The work is a task of its own: a caller who hangs up does not stop what is under way.
    pub(crate) async fn in_time(
        &self,
        id: SaleId,
        intent: IntentId,
        alone: tokio::sync::OwnedMutexGuard<()>,
        carried_out: impl Future<Output = Result<(Sale, Vec<Recorded>), EngineError>> + Send + 'static,
    ) -> Result<(Sale, Vec<Recorded>), EngineError> {
        let task = tokio::spawn(async move {
            let _alone = alone;
            carried_out.await
        });
        match tokio::time::timeout(self.parts.settings.answer_within, task).await {
            Ok(Ok(Ok(history))) => Ok(history),
            Ok(Ok(Err(error))) => {
                // The intent is stored: its work finishes it. The caller hears "not known yet".
                tracing::error!(%id, %intent, %error, "an act was left to the worker");
                self.history(id).await
            }
            Ok(Err(_)) | Err(_) => self.history(id).await,
        }
    }

    pub(crate) async fn answered_before(
        &self,
        id: SaleId,
        caller: &Caller,
    ) -> Result<Option<Answered>, EngineError> {
        let Some(record) = self.replayed(id, caller).await? else { return Ok(None) };
        // A key that was used for something that is not an act cannot be this request again.
        let intent = record.intent.ok_or(EngineError::IdempotencyKeyReused)?;
        let (sale, events) = self.history(id).await?;
        Ok(Some(Answered { sale, events, intent, replayed: true }))
    }

    /// The write that stores an intent: event, call, key and due work, all at once.
    pub(crate) fn intent_draft(
        &self,
        seen: &Seen,
        act: kvitt_core::Act,
        shipping_address: Option<&SecretString>,
        caller: &Caller,
    ) -> Result<Draft, EngineError> {
        self.part_draft(seen, act, shipping_address, caller, None)
    }

    /// The same for an act that may be a part of an undo.
    pub(crate) fn part_draft(
        &self,
        seen: &Seen,
        act: kvitt_core::Act,
        shipping_address: Option<&SecretString>,
        caller: &Caller,
        part_of: Option<IntentId>,
    ) -> Result<Draft, EngineError> {
        // Without its account the call could not leave; better refused than stored and stuck.
        self.parts.accounts.get(&seen.sale.terms.account)?;
        let is_placing = act.kind() == ActKind::Place;
        let is_held = seen.sale.holds(&act);
        let intent = self.new_intent(seen.at);
        let idempotency_key = key_at_klarna(seen, intent, caller);
        let call = calls::build(self, seen, intent, &act, &idempotency_key, shipping_address)?;
        let requested = Event::Requested { intent, act, idempotency_key, part_of };
        let mut draft = Draft::of([requested]).answering(caller, Some(intent), seen.at);
        draft.private.push(PrivateChange::SetSecret { name: names::call(intent), value: call });
        if let Some(address) = shipping_address {
            draft.private.push(PrivateChange::SetPersonal {
                name: names::staged_shipping_address(intent),
                value: address.clone(),
            });
        }
        if is_held {
            draft.events.push(Event::Held { intent });
        } else {
            draft.work.push(WorkChange::Schedule {
                work_id: intent.0,
                kind: work::INTENT.to_owned(),
                due_in: self.parts.settings.lease,
            });
        }
        if is_placing {
            work::finish(seen.sale.id, work::PLACE, &mut draft);
        }
        Ok(draft)
    }

    /// Makes an intent's call and records what came of it. Safe to repeat: the call is the stored
    /// one, with its stored key.
    pub(crate) async fn carry_out(
        &self,
        id: SaleId,
        intent: IntentId,
        claim: Option<Claim>,
    ) -> Result<Sale, EngineError> {
        Box::pin(self.carry_out_on(id, intent, claim, None)).await.map(|(sale, _)| sale)
    }

    /// The same for who has just stored the intent, and knows the sale from that. The events go
    /// with the sale.
    async fn carry_out_on(
        &self,
        id: SaleId,
        intent: IntentId,
        claim: Option<Claim>,
        mut known: Option<Known>,
    ) -> Result<(Sale, Vec<Recorded>), EngineError> {
        let read;
        let (sale, private) = if let Some(known) = &known {
            (&known.sale, Some(&known.private))
        } else {
            read = self.sale(id).await?;
            (&read, None)
        };
        let unknown = || EngineError::NotFound { what: "intent", id: intent.to_string() };
        let stored = sale.intents.get(&intent).ok_or_else(unknown)?;
        let verdict = if stored.state.is_settled() || stored.state == IntentState::Held {
            None
        } else {
            Some(self.call(sale, stored, claim, private).await?)
        };
        // A refusal is told without what the sale keeps in private, and an address that was erased
        // during the call must not be written back.
        if !matches!(verdict, Some(Verdict::Done { .. }))
            || stored.act.kind() == ActKind::UpdateShippingAddress
        {
            known = None;
        }
        let hold = claim.map_or_else(|| work::unclaimed(intent), Claim::fence);
        let mut tries = 1;
        let Known { sale, events, .. } = loop {
            let written = self
                .write_on(id, &Cause::Kvitt, known.take(), |seen| {
                    self.verdict_draft(seen, intent, verdict.as_ref(), Some(hold))
                })
                .await;
            match written {
                // Klarna may not say it a second time, least of all which order it placed.
                Err(EngineError::Ledger(LedgerError::Unavailable { .. } | LedgerError::Full))
                    if verdict.is_some() && tries < VERDICT_WRITES_MAX =>
                {
                    tokio::time::sleep(self.pause_after(tries)).await;
                    tries += 1;
                }
                // Too slow: a worker has it now, and may have made the call itself. A refusal may
                // be of the second call, so what came of the act is the worker's to tell.
                Err(EngineError::Ledger(LedgerError::LeaseLost)) if claim.is_none() => {
                    tracing::warn!(%id, %intent, "an act took longer than its lease");
                    return self.history(id).await;
                }
                written => break written?,
            }
        };
        let version = sale.version;
        let mut sale = self.follow_up(sale).await?;
        if sale.order.as_ref().is_some_and(|order| order.is_release_due(sale.updated_at)) {
            // The capture is made, and its caller hears so, whatever becomes of the rest.
            match Box::pin(self.release_rest(id)).await {
                Ok(released) => sale = released,
                Err(error) => tracing::warn!(%id, %error, "the rest will be released later"),
            }
        }
        if sale.version == version { Ok((sale, events)) } else { self.history(id).await }
    }

    async fn call(
        &self,
        sale: &Sale,
        intent: &Intent,
        claim: Option<Claim>,
        private: Option<&Private>,
    ) -> Result<Verdict, EngineError> {
        let at = self.now().await;
        let too_late = at.duration_since(intent.requested_at) > calls::KEY_LIFETIME;
        // A worker that finds an intent merely requested cannot know how far the one before came.
        let in_doubt = intent.may_have_taken_effect()
            || claim.is_some_and(|claim| {
                claim.follows_silence() || matches!(intent.state, IntentState::Requested)
            });
        if matches!(intent.act, kvitt_core::Act::Place { .. }) {
            return self.call_placing(sale, intent, in_doubt, too_late, private).await;
        }
        // With its key forgotten, the call would be another one. What Klarna has tells whether it
        // is still to be made.
        if too_late
            && in_doubt
            && let Some(verdict) = self.recognised(sale, intent).await
        {
            return Ok(verdict);
        }
        match self.make_call(sale, intent, in_doubt, private).await? {
            // A try before this one may have had effect, and be what Klarna refuses this one for.
            Verdict::Refused(refused) if in_doubt => {
                Ok(self.recognised(sale, intent).await.unwrap_or(Verdict::Refused(refused)))
            }
            verdict => Ok(verdict),
        }
    }

    /// Placing knows no idempotency key, so each of its doubts has ways of its own out.
    async fn call_placing(
        &self,
        sale: &Sale,
        intent: &Intent,
        in_doubt: bool,
        too_late: bool,
        private: Option<&Private>,
    ) -> Result<Verdict, EngineError> {
        if in_doubt && let Some(verdict) = self.placed_as_heard(sale, intent).await? {
            return Ok(verdict);
        }
        // The token died long ago: nothing can come of asking again, and nothing did if the session
        // is still no order.
        if in_doubt && too_late {
            let refused = Refused { error_code: "nothing".to_owned(), ..Refused::default() };
            return match self.placed_by_session(sale, intent, refused, false).await? {
                Verdict::Refused(_) => Ok(Verdict::Refused(Refused {
                    error_code: NOT_PLACED.to_owned(),
                    error_messages: vec![
                        "Klarna's answer never came, and its session is still no order.".to_owned(),
                    ],
                    evidence: Evidence::default(),
                })),
                verdict => Ok(verdict),
            };
        }
        match self.make_call(sale, intent, in_doubt, private).await? {
            Verdict::OrderMayExist { refused, says_so } => {
                match self.placed_as_heard(sale, intent).await? {
                    Some(verdict) => Ok(verdict),
                    None => self.placed_by_session(sale, intent, refused, says_so).await,
                }
            }
            verdict => Ok(verdict),
        }
    }

    async fn make_call(
        &self,
        sale: &Sale,
        intent: &Intent,
        in_doubt: bool,
        private: Option<&Private>,
    ) -> Result<Verdict, EngineError> {
        let read;
        let private = if let Some(private) = private {
            private
        } else {
            read = self.parts.ledger.private(sale.id).await?;
            &read
        };
        let Some(call) = private.secret(&names::call(intent.id)) else {
            return Ok(Verdict::NeedsHuman {
                reason: "the stored call is gone: look at the order at Klarna".to_owned(),
                evidence: Evidence::default(),
            });
        };
        let class = match intent.act {
            kvitt_core::Act::Place { .. } => Class::Shopper,
            _ => Class::Act,
        };
        let client = self.klarna(sale, class)?;
        calls::make(client, &intent.act, call.expose_secret(), in_doubt).await
    }

    /// What a verdict writes. `hold` is what its finder has of the intent's work; a person has
    /// nothing of it.
    pub(crate) fn verdict_draft(
        &self,
        seen: &Seen,
        intent: IntentId,
        verdict: Option<&Verdict>,
        hold: Option<(Uuid, u64)>,
    ) -> Result<Draft, EngineError> {
        let unknown = || EngineError::NotFound { what: "intent", id: intent.to_string() };
        let stored = seen.sale.intents.get(&intent).ok_or_else(unknown)?;
        // That Klarna did it is a fact, whoever holds the work by now.
        let fence = match verdict {
            Some(Verdict::Done { .. }) => None,
            _ => hold,
        };
        // Whoever stored an intent knows of no call but its own; a worker's made it more than that.
        let is_first = fence == Some(work::unclaimed(intent));
        if is_first && !matches!(stored.state, IntentState::Requested) {
            return Err(LedgerError::LeaseLost.into());
        }
        let mut draft = Draft { fence, ..Draft::default() };
        let is_news = |verdict: &&Verdict| {
            let still_waits = matches!(
                (verdict, &stored.state),
                (
                    Verdict::NeedsHuman { .. } | Verdict::OrderMayExist { .. },
                    IntentState::NeedsHuman { .. }
                )
            );
            !stored.state.is_settled() && !still_waits
        };
        let Some(verdict) = verdict.filter(is_news) else {
            if let (Some(Verdict::Done { .. }), IntentState::Refused(_)) = (verdict, &stored.state)
            {
                let id = seen.sale.id;
                tracing::error!(%id, %intent, "Klarna did what it had refused: look at the order");
            }
            draft.work.push(WorkChange::Finish { work_id: intent.0 });
            return Ok(draft);
        };
        let event = match verdict.clone() {
            Verdict::Done { outcome, evidence } => Event::Done { intent, outcome, evidence },
            Verdict::Refused(refused) => {
                Event::Refused { intent, refused: impersonal(&seen.private, refused) }
            }
            Verdict::NeedsHuman { reason, evidence } => {
                Event::NeedsHuman { intent, reason, evidence }
            }
            Verdict::OrderMayExist { refused, .. } => Event::NeedsHuman {
                intent,
                reason: may_exist(&refused),
                evidence: refused.evidence,
            },
            Verdict::Unknown { problem, evidence, may_have_taken_effect } => {
                let attempt = stored.attempts() + 1;
                draft.work.push(WorkChange::Schedule {
                    work_id: intent.0,
                    kind: work::INTENT.to_owned(),
                    due_in: self.pause_after(attempt),
                });
                Event::OutcomeUnknown { intent, attempt, problem, may_have_taken_effect, evidence }
            }
        };
        if matches!(event, Event::NeedsHuman { .. }) && stored.act.kind() == ActKind::Place {
            // An order's id that was told after the last look for one is looked at now: whoever
            // tells it from here on finds that it is waited for.
            work::schedule_intent(intent, Duration::ZERO, &mut draft);
        } else if !matches!(event, Event::OutcomeUnknown { .. }) {
            draft.work.push(WorkChange::Finish { work_id: intent.0 });
        }
        if matches!(event, Event::Done { .. } | Event::Refused { .. }) {
            draft.private.push(PrivateChange::RemoveSecret { name: names::call(intent) });
            settle_address(seen, intent, &event, &mut draft);
        }
        if let Event::Done { .. } = event {
            work::schedule_follow_up(&stored.act, seen.sale.id, self, &mut draft);
        }
        if let Event::Refused { .. } = event {
            work::schedule_read_after_refusal(&stored.act, seen.sale.id, self, &mut draft);
        }
        if let (Event::Refused { .. }, kvitt_core::Act::Place { .. }) = (&event, &stored.act) {
            work::schedule_release(seen.sale.id, self, &mut draft);
            // An authorization that came meanwhile had to wait for this one's end.
            if seen.sale.places_automatically() && seen.sale.usable_authorization().is_some() {
                work::schedule_place(seen.sale.id, Duration::ZERO, &mut draft);
            }
        }
        if let (Event::Done { .. }, kvitt_core::Act::Place { authorization, .. }) =
            (&event, &stored.act)
        {
            draft.private.push(PrivateChange::RemoveSecret {
                name: names::authorization_token(authorization),
            });
        }
        draft.events.push(event);
        Ok(draft)
    }
}

/// The key that goes with an intent's call. A request that has a key of its own leads to the same one
/// whenever it comes, so that it is not carried out twice at Klarna either: not even by a ledger that
/// was restored from before it came. Another request under the same key has another.
fn key_at_klarna(seen: &Seen, intent: IntentId, caller: &Caller) -> String {
    let id = match &caller.idempotency {
        None => Uuid::new_v5(&seen.sale.id.0, intent.0.as_bytes()),
        Some(Idempotency { requester, key, request_hash }) => {
            let requester = requester.to_string();
            let request = [requester.as_bytes(), b"/", request_hash, key.as_bytes()].concat();
            Uuid::new_v5(&seen.sale.id.0, &request)
        }
    };
    id.to_string()
}

/// An address that Klarna accepted becomes the order's; one that it refused is forgotten.
fn settle_address(seen: &Seen, intent: IntentId, event: &Event, draft: &mut Draft) {
    let staged = names::staged_shipping_address(intent);
    if let Some(address) = seen.private.personal(&staged) {
        if matches!(event, Event::Done { .. }) {
            draft.private.push(PrivateChange::SetPersonal {
                name: names::SHIPPING_ADDRESS.to_owned(),
                value: address.clone(),
            });
        }
        draft.private.push(PrivateChange::RemovePersonal { name: staged });
    }
}
