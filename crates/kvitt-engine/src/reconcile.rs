//! One sale beside Klarna: what differs, taken over where it can be, and named in any case.

use kvitt_core::{
    ActKind, Cause, Difference, DifferenceKind, Evidence, Intent, IntentId, IntentState,
    OrderAtKlarna, Recognised, Repair, Sale, SaleId, Side,
};
use kvitt_ledger::LedgerError;

use crate::EngineError;
use crate::addresses;
use crate::calls::{KEY_LIFETIME, Verdict};
use crate::engine::{Draft, Engine};
use crate::evidence::unavailable;
use crate::order::at_klarna;
use crate::rate::Class;
use crate::work;

/// How often a sale is compared again because something happened to it meanwhile.
const TRIES_MAX: u32 = 4;

/// Whether what is found is taken over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reconciling {
    /// It is.
    TakingOver,
    /// It is only named, and nothing is recorded.
    Preview,
}

/// A sale that was held beside Klarna.
#[derive(Debug, Clone)]
pub struct Reconciled {
    /// The sale as it is now.
    pub sale: Sale,
    /// What was looked at: `order`, `session`, or nothing where there was nothing to look at.
    pub looked_at: Option<&'static str>,
    /// Everything that differed.
    pub differences: Vec<Difference>,
}

impl Engine {
    /// Holds a sale beside Klarna as it is now. Nothing is changed at Klarna, so it is done on a
    /// frozen ledger, too.
    pub async fn reconcile(&self, id: SaleId, how: Reconciling) -> Result<Reconciled, EngineError> {
        let _alone = self.alone_with(id).await;
        for _ in 0..TRIES_MAX {
            match Box::pin(self.reconcile_once(id, how)).await {
                Err(EngineError::Conflict | EngineError::Ledger(LedgerError::Conflict { .. })) => {}
                done => {
                    self.wake.notify_one();
                    return done;
                }
            }
        }
        Err(EngineError::Conflict)
    }

    async fn reconcile_once(
        &self,
        id: SaleId,
        how: Reconciling,
    ) -> Result<Reconciled, EngineError> {
        let sale = self.sale(id).await?;
        if sale.order.is_some() {
            return self.reconcile_order(sale, how).await;
        }
        let placing = sale.open_intent(|act| act.kind() == ActKind::Place).cloned();
        let mut reconciled = match placing {
            Some(intent) => self.reconcile_placing(sale, &intent, how).await?,
            None => self.reconcile_session(sale, how).await?,
        };
        // What of it was done before it was known here is found in the same go.
        if reconciled.sale.order.is_some() {
            let order = self.reconcile_order(reconciled.sale, how).await?;
            let (sale, looked_at) = (order.sale, order.looked_at);
            reconciled.differences.extend(order.differences);
            reconciled = Reconciled { sale, looked_at, ..reconciled };
        }
        Ok(reconciled)
    }

    async fn reconcile_order(
        &self,
        sale: Sale,
        how: Reconciling,
    ) -> Result<Reconciled, EngineError> {
        let looked_at = Some("order");
        let (order, evidence) = match self.ask_klarna(&sale, Class::Act).await? {
            Ok(read) => read,
            Err(error) if error.status() == Some(404) => {
                let differences = vec![missing(&sale)];
                return Ok(Reconciled { sale, looked_at, differences });
            }
            Err(error) => return Err(unavailable(sale.id, &error)),
        };
        let found = at_klarna(&order);
        let judged = self.judge(&sale, &found).await?;
        let at = self.now().await;
        let compared = sale.reconcile(&found, &evidence, &judged, at);
        let mut differences = compared.differences;
        if how == Reconciling::Preview {
            let private = self.parts.ledger.private(sale.id).await?;
            let moved = addresses::external(&sale, &private, &order, &evidence)?.events;
            differences.extend(moved.iter().filter_map(|event| sale.taken_over(event)));
            return Ok(Reconciled { sale, looked_at, differences });
        }
        let mut moved = Vec::new();
        let after = self
            .write(sale.id, &Cause::Kvitt, |seen| {
                if seen.sale.version != sale.version {
                    return Err(EngineError::Conflict);
                }
                let addresses = addresses::external(&seen.sale, &seen.private, &order, &evidence)?;
                moved.clone_from(&addresses.events);
                let mut draft = Draft::default();
                for (intent, recognised) in &judged {
                    if let Some(verdict) = verdict(recognised, &evidence) {
                        let concluded = self.verdict_draft(seen, *intent, Some(&verdict), None)?;
                        draft = draft.and(concluded);
                    }
                }
                draft = draft.and(addresses);
                draft.events.extend(compared.events.clone());
                work::finish(seen.sale.id, work::READ_ORDER, &mut draft);
                Ok(draft)
            })
            .await?;
        differences.extend(moved.iter().filter_map(|event| sale.taken_over(event)));
        Ok(Reconciled { sale: after, looked_at, differences })
    }

    /// What the read tells of acts on the order that are not over.
    async fn judge(
        &self,
        sale: &Sale,
        found: &OrderAtKlarna,
    ) -> Result<Vec<(IntentId, Recognised)>, EngineError> {
        let open: Vec<_> = sale
            .intents
            .values()
            .filter(|intent| !intent.state.is_settled() && intent.act.kind() != ActKind::Place)
            .collect();
        if open.is_empty() {
            return Ok(Vec::new());
        }
        let is_frozen = self.frozen().await?.is_some();
        let at = self.now().await;
        let judge = |intent: &&Intent| {
            let recognised = sale.recognise(intent, found);
            // What is held was asked for by nobody, unless by a kvitt whose ledger was lost.
            if intent.state == IntentState::Held {
                let is_it = is_frozen && is_named(&recognised, found);
                return is_it.then_some((intent.id, recognised));
            }
            let waits = matches!(intent.state, IntentState::NeedsHuman { .. });
            let is_key_alive = at.duration_since(intent.requested_at) < KEY_LIFETIME;
            let recognised = match recognised {
                // A repeat with the same key will tell.
                Recognised::Ambiguous(_) if !waits && is_key_alive => Recognised::NotDone,
                Recognised::NotDone if is_frozen && sale.may_be_replaced(intent, found) => {
                    Recognised::Ambiguous(replaced(intent))
                }
                recognised => recognised,
            };
            Some((intent.id, recognised))
        };
        Ok(open.iter().filter_map(judge).collect())
    }

    async fn reconcile_placing(
        &self,
        sale: Sale,
        intent: &Intent,
        how: Reconciling,
    ) -> Result<Reconciled, EngineError> {
        let looked_at = Some("session");
        let verdict = match self.placed_as_heard(&sale, intent).await? {
            Some(Verdict::Unknown { problem, .. }) => {
                return Err(EngineError::KlarnaUnavailable {
                    sale: sale.id,
                    problem,
                    correlation_id: None,
                });
            }
            Some(verdict @ Verdict::Done { .. }) => verdict,
            _ => {
                let differences = vec![in_doubt(intent)];
                return Ok(Reconciled { sale, looked_at, differences });
            }
        };
        let differences = vec![Difference::new(
            DifferenceKind::OrderExternal,
            intent.state.as_str().into(),
            "placed".into(),
            Repair::TakenOver,
        )];
        if how == Reconciling::Preview {
            return Ok(Reconciled { sale, looked_at, differences });
        }
        let sale = self
            .write(sale.id, &Cause::Kvitt, |seen| {
                self.verdict_draft(seen, intent.id, Some(&verdict), None)
            })
            .await?;
        Ok(Reconciled { sale, looked_at, differences })
    }

    async fn reconcile_session(
        &self,
        sale: Sale,
        how: Reconciling,
    ) -> Result<Reconciled, EngineError> {
        let news = self.session_news(&sale, Class::Act).await?;
        let differences = news.differences.clone();
        let has_session = sale.session.is_some();
        let looked_at = (has_session && !sale.abandoned).then_some("session");
        if how == Reconciling::Preview {
            return Ok(Reconciled { sale, looked_at, differences });
        }
        let sale = self
            .write(sale.id, &Cause::Kvitt, |seen| {
                if seen.sale.version != sale.version {
                    return Err(EngineError::Conflict);
                }
                Ok(news.draft(seen.sale.id, self))
            })
            .await?;
        Ok(Reconciled { sale, looked_at, differences })
    }
}

/// What a judgement concludes. That an act was not done so far concludes nothing.
fn verdict(recognised: &Recognised, evidence: &Evidence) -> Option<Verdict> {
    let evidence = evidence.clone();
    match recognised {
        Recognised::Done(outcome) => Some(Verdict::Done { outcome: outcome.clone(), evidence }),
        Recognised::Ambiguous(reason) => {
            Some(Verdict::NeedsHuman { reason: reason.clone(), evidence })
        }
        Recognised::NotDone => None,
    }
}

/// Whether a capture was known again by its reference, and not by being the only one.
fn is_named(recognised: &Recognised, found: &OrderAtKlarna) -> bool {
    let Recognised::Done(kvitt_core::Outcome::Captured { capture_id }) = recognised else {
        return false;
    };
    found.captures.iter().any(|it| it.id == *capture_id && it.reference.is_some())
}

fn replaced(intent: &Intent) -> String {
    let kind = intent.act.kind().as_str();
    format!(
        "this ledger is older than what Klarna has: there is a {kind} that is not this one, and may \
         have been made in its place. It counts as somebody else's: settle this as not done if it is \
         not wanted any more"
    )
}

fn in_doubt(intent: &Intent) -> Difference {
    let repair = match &intent.state {
        IntentState::NeedsHuman { reason } => Repair::Person(format!(
            "{reason}: `kvitt attention settle {id} --done --id …` or `--not-done`, POST \
             /v1/intents/{id}/settle",
            id = intent.id
        )),
        _ => Repair::ByItself("placing is repeated by itself with the same token".to_owned()),
    };
    let said = Side::Text("not told".to_owned());
    let state = intent.state.as_str().into();
    let mut difference = Difference::new(DifferenceKind::PlacingInDoubt, state, said, repair);
    difference.intent = Some((intent.id, intent.act.kind()));
    difference
}

fn missing(sale: &Sale) -> Difference {
    let id = sale.order.as_ref().map(|order| order.klarna_order_id.clone()).unwrap_or_default();
    let what = format!(
        "see that account {:?} still has the credentials with which the order was placed, then ask \
         Klarna",
        sale.terms.account
    );
    let (ours, klarna) = (Side::Text(id.clone()), Side::Nothing);
    Difference::new(DifferenceKind::OrderMissing, ours, klarna, Repair::Person(what)).with_id(id)
}
