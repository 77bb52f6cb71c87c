//! One wanted act and how far it has come.

use jiff::Timestamp;
use kvitt_core::{Act, Event, Evidence, IntentId, IntentState, Recorded, Refused, Sale};
use serde::Serialize;
use utoipa::ToSchema;

/// One wanted act and how far it has come.
#[derive(Clone, Serialize, ToSchema)]
pub(crate) struct Intent {
    /// Its id, `int_…`.
    id: String,
    /// What is wanted: `place`, `capture`, `refund`, `cancel`, `release`, `extend`,
    /// `update_authorization`, `update_references`, `update_shipping_address`,
    /// `add_shipping_info`, `trigger_send_out`, or `undo`, which is made of several others.
    kind: &'static str,
    /// `requested` (stored, the call may have left), `held` (a capture while Klarna reviews the
    /// order: it goes on by itself once Klarna accepts, and is refused if it rejects), `unknown` (the call was made, its outcome is
    /// not known, and it is asked for again), `needs_human` (asking again will not tell), `done`,
    /// `refused` (by Klarna).
    state: &'static str,
    /// Where to read it again.
    url: String,
    /// When it was stored.
    #[schema(value_type = String, format = DateTime)]
    requested_at: Timestamp,
    /// How much, in minor units, where an amount moves.
    #[serde(skip_serializing_if = "Option::is_none")]
    amount: Option<i64>,
    /// How often the call was made without learning its outcome.
    #[serde(skip_serializing_if = "Option::is_none")]
    attempts: Option<u32>,
    /// What is in doubt and what to do, where the outcome is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
    /// What was last seen of Klarna's answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    klarna: Option<KlarnaAnswer>,
    /// The undo that it is a part of.
    #[serde(skip_serializing_if = "Option::is_none")]
    part_of: Option<String>,
    /// The acts of an undo so far, oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    steps: Vec<IntentStep>,
}

/// One act of an undo.
#[derive(Clone, Serialize, ToSchema)]
pub(crate) struct IntentStep {
    /// Its intent, `int_…`.
    id: String,
    /// `cancel`, `release` or `refund`.
    kind: &'static str,
    /// How far it has come, as of any intent.
    state: &'static str,
    /// Where to read it in full.
    url: String,
    /// How much, in minor units, where an amount moves.
    #[serde(skip_serializing_if = "Option::is_none")]
    amount: Option<i64>,
}

impl IntentStep {
    fn of(intent: &kvitt_core::Intent) -> Self {
        Self {
            id: intent.id.to_string(),
            kind: intent.act.kind().as_str(),
            state: intent.state.as_str(),
            url: url(intent.id),
            amount: amount(&intent.act),
        }
    }
}

fn url(id: IntentId) -> String {
    format!("/v1/intents/{id}")
}

fn amount(act: &Act) -> Option<i64> {
    match act {
        Act::Capture { captured_amount, .. } => Some(*captured_amount),
        Act::Refund { refunded_amount, .. } => Some(*refunded_amount),
        Act::Place { cart, .. } | Act::UpdateAuthorization { cart, .. } => {
            Some(cart.cart().totals().order_amount)
        }
        _ => None,
    }
}

/// What was seen of an answer by Klarna.
#[derive(Clone, PartialEq, Eq, Default, Serialize, ToSchema)]
pub(crate) struct KlarnaAnswer {
    /// Klarna's operation, such as `captureOrder`.
    #[serde(skip_serializing_if = "Option::is_none")]
    operation: Option<String>,
    /// Its HTTP status; none where no answer came.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    /// Klarna's `error_code`.
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<String>,
    /// Klarna's messages.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    error_messages: Vec<String>,
    /// Klarna's correlation id: give it to Klarna's support.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) correlation_id: Option<String>,
}

impl KlarnaAnswer {
    /// A refusal.
    pub(crate) fn refused(refused: &Refused) -> Self {
        Self {
            error_code: Some(refused.error_code.clone()).filter(|code| !code.is_empty()),
            error_messages: refused.error_messages.clone(),
            ..Self::seen(&refused.evidence)
        }
    }

    /// An answer of which only the correlation id is known.
    pub(crate) fn correlated(correlation_id: String) -> Self {
        Self { correlation_id: Some(correlation_id), ..Self::default() }
    }

    fn seen(evidence: &Evidence) -> Self {
        Self {
            operation: Some(evidence.operation.clone()).filter(|name| !name.is_empty()),
            status: evidence.status,
            error_code: None,
            error_messages: Vec::new(),
            correlation_id: evidence.correlation_id.clone(),
        }
    }
}

impl Intent {
    /// The intent or undo as it follows from its sale and that sale's events.
    pub(crate) fn of(sale: &Sale, events: &[Recorded], id: IntentId) -> Option<Self> {
        let state = sale.state_of(id)?;
        let (attempts, problem) = match &state {
            IntentState::Unknown { attempts, problem, .. } => {
                (Some(*attempts), Some(problem.clone()))
            }
            IntentState::NeedsHuman { reason } => (None, Some(reason.clone())),
            IntentState::Held => {
                (None, Some("it is held until Klarna accepts the order".to_owned()))
            }
            _ => (None, None),
        };
        let shown = |kind, requested_at| Self {
            id: id.to_string(),
            kind,
            state: state.as_str(),
            url: url(id),
            requested_at,
            amount: None,
            attempts,
            problem,
            klarna: last_answer(events, id),
            part_of: None,
            steps: Vec::new(),
        };
        if let Some(intent) = sale.intents.get(&id) {
            return Some(Self {
                amount: amount(&intent.act),
                part_of: intent.part_of.map(String::from),
                ..shown(intent.act.kind().as_str(), intent.requested_at)
            });
        }
        let undo = sale.undos.get(&id)?;
        let steps = undo.steps.iter().filter_map(|step| sale.intents.get(step));
        Some(Self {
            steps: steps.map(IntentStep::of).collect(),
            ..shown("undo", undo.requested_at)
        })
    }

    /// Klarna's correlation id of the last answer, for the log.
    pub(crate) fn correlation_id(&self) -> Option<&str> {
        self.klarna.as_ref()?.correlation_id.as_deref()
    }

    /// The act, for the log.
    pub(crate) fn kind(&self) -> &'static str {
        self.kind
    }

    /// How far it has come, for the log.
    pub(crate) fn state(&self) -> &'static str {
        self.state
    }
}

fn last_answer(events: &[Recorded], id: IntentId) -> Option<KlarnaAnswer> {
    let of_this = |recorded: &&Recorded| recorded.event.intent() == Some(id);
    match &events.iter().rev().find(of_this)?.event {
        Event::Done { evidence, .. }
        | Event::OutcomeUnknown { evidence, .. }
        | Event::NeedsHuman { evidence, .. } => Some(KlarnaAnswer::seen(evidence)),
        Event::Refused { refused, .. } | Event::UndoRefused { refused, .. } => {
            Some(KlarnaAnswer::refused(refused))
        }
        _ => None,
    }
    .filter(|answer| *answer != KlarnaAnswer::default())
}
