//! What needs a person, or may soon: the reasons for which a sale stands on the attention list.

use jiff::Timestamp;

use crate::act::ActKind;
use crate::ids::IntentId;
use crate::intent::IntentState;
use crate::sale::Sale;

/// What kind of concern it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ConcernKind {
    /// Only a person can tell what became of an act.
    NeedsHuman,
    /// What became of an act is not known yet; it is asked for again by itself.
    OutcomeUnknown,
    /// What Klarna says of the order differs from the sums here.
    Difference,
    /// Klarna asked not to ship.
    ShipmentStopped,
    /// The time to capture what is left runs out soon.
    Expiring,
}

impl ConcernKind {
    /// The name in the API, such as `needs_human`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NeedsHuman => "needs_human",
            Self::OutcomeUnknown => "outcome_unknown",
            Self::Difference => "difference",
            Self::ShipmentStopped => "shipment_stopped",
            Self::Expiring => "expiring",
        }
    }
}

/// One reason to look at a sale.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Concern {
    /// What kind of reason.
    pub kind: ConcernKind,
    /// The act in doubt, and what was wanted.
    pub intent: Option<(IntentId, ActKind)>,
    /// What happened, and what to do.
    pub reason: String,
    /// Since when, where that is known.
    pub since: Option<Timestamp>,
}

impl Sale {
    /// Every reason to look at the sale, the gravest first.
    pub fn concerns(&self) -> Vec<Concern> {
        let mut concerns: Vec<_> = self
            .intents
            .values()
            .filter_map(|intent| {
                let (kind, reason) = match &intent.state {
                    IntentState::NeedsHuman { reason } => (ConcernKind::NeedsHuman, reason.clone()),
                    IntentState::Unknown { problem, .. } => (
                        ConcernKind::OutcomeUnknown,
                        format!(
                            "outcome of {} {} is not known yet: {problem}",
                            intent.act.kind().as_str(),
                            intent.id
                        ),
                    ),
                    _ => return None,
                };
                let whose = Some((intent.id, intent.act.kind()));
                Some(Concern { kind, intent: whose, reason, since: Some(intent.requested_at) })
            })
            .collect();
        if self.has_unknown_order() {
            concerns.push(Concern {
                kind: ConcernKind::NeedsHuman,
                intent: None,
                reason: crate::refusal::Refusal::OrderUnknown.to_string(),
                since: None,
            });
        }
        if let Some(reason) = self.difference() {
            let since = self.order.as_ref().and_then(|order| Some(order.last_read.as_ref()?.1));
            concerns.push(Concern { kind: ConcernKind::Difference, intent: None, reason, since });
        }
        if self.order.as_ref().is_some_and(|order| order.stopped && !order.cancelled) {
            let reason = "Klarna asked to stop the shipment: hold the goods, and talk to Klarna";
            concerns.push(Concern {
                kind: ConcernKind::ShipmentStopped,
                intent: None,
                reason: reason.to_owned(),
                since: None,
            });
        }
        if let Some(reason) = self.expiry_attention() {
            let since = self.order.as_ref().and_then(|order| Some(order.expiry.alarm?.1));
            concerns.push(Concern { kind: ConcernKind::Expiring, intent: None, reason, since });
        }
        concerns.sort_by_key(|concern| concern.kind);
        concerns
    }

    /// The gravest reason to look at the sale, if there is one.
    pub fn attention(&self) -> Option<String> {
        self.concerns().into_iter().next().map(|concern| concern.reason)
    }
}
