//! A person settles what nobody else can tell. What is said to be done is looked up at Klarna
//! first; what is said not to be done is believed.

use klarna::OrderId as KlarnaOrderId;
use kvitt_core::{
    Act, Evidence, Intent, IntentId, IntentState, MoveAtKlarna, Outcome, Refusal, Refused, Sale,
    SaleId,
};

use crate::EngineError;
use crate::act::Answered;
use crate::calls::Verdict;
use crate::engine::{Caller, Engine};
use crate::evidence::unavailable;
use crate::rate::Class;

/// The code under which an act stands that a person found not to be done.
pub const SETTLED_AS_NOT_DONE: &str = "SETTLED_AS_NOT_DONE";

/// What a person found out about an act in doubt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settlement {
    /// It took effect.
    Done {
        /// Klarna's id of what came of it: of the order that was placed, of the capture or the
        /// refund. Other acts make nothing that has an id.
        id: Option<String>,
    },
    /// It did not take effect, and is not wanted any more.
    NotDone,
}

impl Engine {
    /// Settles an act whose outcome is not known or that waits for a person.
    pub async fn settle(
        &self,
        id: SaleId,
        intent: IntentId,
        settlement: &Settlement,
        caller: &Caller,
    ) -> Result<Answered, EngineError> {
        let _alone = self.alone_with(id).await;
        if self.replayed(id, caller).await?.is_some() {
            let (sale, events) = self.history(id).await?;
            return Ok(Answered { sale, events, intent, replayed: true });
        }
        let sale = self.sale(id).await?;
        let stored = to_settle(&sale, intent, settlement)?;
        let verdict = match settlement {
            Settlement::Done { id } => self.found(&sale, stored, id.as_deref()).await?,
            Settlement::NotDone => Verdict::Refused(Refused {
                error_code: SETTLED_AS_NOT_DONE.to_owned(),
                error_messages: vec!["A person found that it did not take effect.".to_owned()],
                evidence: Evidence::default(),
            }),
        };
        let sale = self
            .write_once(id, caller, |seen| {
                // Klarna may have told meanwhile.
                to_settle(&seen.sale, intent, settlement)?;
                let draft = self.verdict_draft(seen, intent, Some(&verdict), None)?;
                Ok(draft.answering(caller, Some(intent), seen.at))
            })
            .await?;
        Box::pin(self.follow_up(sale)).await?;
        let (sale, events) = self.history(id).await?;
        Ok(Answered { sale, events, intent, replayed: false })
    }

    /// What is said to be done, as Klarna has it.
    async fn found(
        &self,
        sale: &Sale,
        intent: &Intent,
        id: Option<&str>,
    ) -> Result<Verdict, EngineError> {
        let not_there = || EngineError::Refused(Refusal::NotAtKlarna { kind: intent.act.kind() });
        if let Act::Place { .. } = intent.act {
            let klarna_id = KlarnaOrderId::new(id.ok_or_else(not_there)?.to_owned())
                .map_err(|_| not_there())?;
            return self
                .placed_as(sale, intent, &klarna_id, Class::Act)
                .await?
                .ok_or_else(not_there);
        }
        let (found, evidence) = self.look_at_klarna(sale, Class::Act).await?;
        let is_it = |amount: i64| {
            move |it: &&MoveAtKlarna| Some(it.id.as_str()) == id && it.amount == amount
        };
        let order = sale.order.as_ref().ok_or(Refusal::NoOrder)?;
        let outcome = match &intent.act {
            Act::Capture { captured_amount, .. } => {
                let known = order.captures.iter().any(|it| Some(it.capture_id.as_str()) == id);
                let capture = found.captures.iter().find(is_it(*captured_amount));
                let capture = capture.filter(|_| !known).ok_or_else(not_there)?;
                Outcome::Captured { capture_id: capture.id.clone() }
            }
            Act::Refund { refunded_amount, .. } => {
                let known = order.refunds.iter().any(|it| Some(it.refund_id.as_str()) == id);
                let refund = found.refunds.iter().find(is_it(*refunded_amount));
                let refund = refund.filter(|_| !known).ok_or_else(not_there)?;
                Outcome::Refunded { refund_id: refund.id.clone() }
            }
            _ => Outcome::Changed,
        };
        Ok(Verdict::Done { outcome, evidence })
    }

    /// The order of this id, if Klarna has it and it can be the one that the intent placed.
    pub(crate) async fn placed_as(
        &self,
        sale: &Sale,
        intent: &Intent,
        id: &KlarnaOrderId,
        class: Class,
    ) -> Result<Option<Verdict>, EngineError> {
        let client = self.klarna(sale, class)?;
        let answer = match client.orders().get(id).await {
            Ok(answer) => answer,
            // No order of ours, or no id at all.
            Err(error) if error.outcome() == klarna::Outcome::Refused => return Ok(None),
            Err(error) => return Err(unavailable(sale.id, &error)),
        };
        self.placed(sale, intent, &answer).await
    }
}

/// The intent, if there is anything to settle about it.
fn to_settle<'a>(
    sale: &'a Sale,
    intent: IntentId,
    settlement: &Settlement,
) -> Result<&'a Intent, EngineError> {
    let stored = sale
        .intents
        .get(&intent)
        .ok_or_else(|| EngineError::NotFound { what: "intent", id: intent.to_string() })?;
    match &stored.state {
        // What is held was not asked for, so it can be dropped, and has no other outcome yet.
        IntentState::Held if *settlement == Settlement::NotDone => Ok(stored),
        IntentState::Unknown { .. } | IntentState::NeedsHuman { .. } => Ok(stored),
        state => Err(Refusal::NotInDoubt { kind: stored.act.kind(), state: state.as_str() }.into()),
    }
}
