//! An undo: one wish that becomes as many acts as it takes until Klarna holds nothing of the
//! customer's and the shop has nothing of theirs. Each act is decided only when it is its turn, by
//! the order as it then is, so that what somebody else did meanwhile is neither missed nor doubled.

use jiff::Timestamp;

use crate::act::{Act, ActKind, Outcome, Refused};
use crate::decide::Preview;
use crate::event::Event;
use crate::ids::IntentId;
use crate::intent::{Intent, IntentState};
use crate::sale::Sale;

/// What somebody wants undone: all of it. The texts go along with a refund.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UndoWish {
    /// The shop's reference.
    pub reference: Option<String>,
    /// Shown to the customer.
    pub description: Option<String>,
}

/// What an undo would do, without doing it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UndoPlan {
    /// The first act; there is no plan without one.
    pub first: Preview,
    /// Those that follow it, each from where the one before leaves the order.
    pub rest: Vec<Preview>,
}

impl UndoPlan {
    /// Every act, in order.
    pub fn steps(&self) -> impl Iterator<Item = &Preview> {
        std::iter::once(&self.first).chain(&self.rest)
    }

    /// The last act.
    pub fn last(&self) -> &Preview {
        self.rest.last().unwrap_or(&self.first)
    }
}

/// An undo and how far it has come. How it stands is told by [`Sale::state_of`] its id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undo {
    /// Its id: it is found by the same names as an act's intent.
    pub id: IntentId,
    /// What is wanted.
    pub wish: UndoWish,
    /// When it was stored.
    pub requested_at: Timestamp,
    /// The intents of its acts, oldest first.
    pub steps: Vec<IntentId>,
    /// How it ended, once it has.
    pub end: Option<UndoEnd>,
    /// Klarna refused the last act, and the order was not read since.
    is_read_due: bool,
}

/// How an undo ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UndoEnd {
    /// Nothing is left to undo.
    Done,
    /// Klarna refused an act, and again after the order was read.
    Refused(Refused),
}

/// What has to be done for an undo next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UndoStep {
    /// Store this act as a part of it, and carry that out.
    Act(Act),
    /// Read the order: Klarna refused the last act, and may know why.
    ReadOrder,
    /// Append this event: it is over.
    End(Event),
    /// Nothing: an act is under way or in doubt, or the undo is over.
    Wait,
}

impl Sale {
    /// The undo that is not over yet, if any. There is never a second one beside it.
    pub fn open_undo(&self) -> Option<&Undo> {
        self.undos.values().find(|undo| undo.end.is_none())
    }

    /// How far an act or an undo has come. An undo stands where its act stands that is not over.
    pub fn state_of(&self, id: IntentId) -> Option<IntentState> {
        if let Some(intent) = self.intents.get(&id) {
            return Some(intent.state.clone());
        }
        let undo = self.undos.get(&id)?;
        Some(match &undo.end {
            Some(UndoEnd::Done) => IntentState::Done(Outcome::Changed),
            Some(UndoEnd::Refused(refused)) => IntentState::Refused(refused.clone()),
            None => {
                self.open_step(undo).map_or(IntentState::Requested, |intent| intent.state.clone())
            }
        })
    }

    /// What has to be done for an undo at a moment.
    pub fn next_undo_step(&self, undo: &Undo, at: Timestamp) -> UndoStep {
        if undo.end.is_some() || self.open_step(undo).is_some() {
            return UndoStep::Wait;
        }
        if undo.is_read_due {
            return UndoStep::ReadOrder;
        }
        let act = self.order.as_ref().and_then(|order| order.undoing_act(&undo.wish, at));
        let Some(act) = act else { return UndoStep::End(Event::UndoDone { intent: undo.id }) };
        match self.refused_again(undo, act.kind()) {
            Some(refused) => {
                UndoStep::End(Event::UndoRefused { intent: undo.id, refused: refused.clone() })
            }
            None => UndoStep::Act(act),
        }
    }

    /// The step of an undo that is not over yet.
    fn open_step<'a>(&'a self, undo: &'a Undo) -> Option<&'a Intent> {
        self.steps(undo).find(|intent| !intent.state.is_settled())
    }

    fn steps<'a>(&'a self, undo: &'a Undo) -> impl DoubleEndedIterator<Item = &'a Intent> {
        undo.steps.iter().filter_map(|id| self.intents.get(id))
    }

    /// What Klarna said to such an act when it refused it for the second time with nothing done in
    /// between, though the order was read after the first.
    fn refused_again<'a>(&'a self, undo: &'a Undo, kind: ActKind) -> Option<&'a Refused> {
        let mut refusals = self
            .steps(undo)
            .rev()
            .map_while(|intent| match &intent.state {
                IntentState::Refused(refused) => Some((intent.act.kind(), refused)),
                _ => None,
            })
            .filter(|(refused_kind, _)| *refused_kind == kind);
        let (_, last) = refusals.next()?;
        refusals.next().map(|_| last)
    }

    /// Takes one of an undo's own events in.
    pub(crate) fn apply_undo(&mut self, event: &Event, at: Timestamp) -> Result<(), String> {
        match event {
            Event::UndoRequested { intent, reference, description } => {
                let (reference, description) = (reference.clone(), description.clone());
                self.begin_undo(*intent, UndoWish { reference, description }, at)
            }
            Event::UndoDone { intent } => self.end_undo(*intent, UndoEnd::Done),
            Event::UndoRefused { intent, refused } => {
                self.end_undo(*intent, UndoEnd::Refused(refused.clone()))
            }
            _ => Ok(()),
        }
    }

    fn begin_undo(&mut self, id: IntentId, wish: UndoWish, at: Timestamp) -> Result<(), String> {
        if self.order.is_none() {
            return Err("there is no order yet".to_owned());
        }
        if let Some(open) = self.open_undo() {
            return Err(format!("{id} is requested while {} is not over", open.id));
        }
        let undo =
            Undo { id, wish, requested_at: at, steps: Vec::new(), end: None, is_read_due: false };
        match self.undos.insert(id, undo) {
            None => Ok(()),
            Some(_) => Err(format!("{id} is requested twice")),
        }
    }

    pub(crate) fn add_undo_step(&mut self, undo: IntentId, step: IntentId) -> Result<(), String> {
        self.open_undo_mut(undo)?.steps.push(step);
        Ok(())
    }

    fn end_undo(&mut self, id: IntentId, end: UndoEnd) -> Result<(), String> {
        let open = self.undos.get(&id).and_then(|undo| self.open_step(undo)).map(|step| step.id);
        let undo = self.open_undo_mut(id)?;
        if let Some(step) = open {
            return Err(format!("{id} is over before its act {step}"));
        }
        undo.end = Some(end);
        Ok(())
    }

    /// The order has to be read before the undo that a refused act is part of goes on.
    pub(crate) fn undo_step_refused(&mut self, step: IntentId) {
        let undo = self.intents.get(&step).and_then(|intent| intent.part_of);
        if let Some(undo) = undo.and_then(|undo| self.undos.get_mut(&undo)) {
            undo.is_read_due = true;
        }
    }

    pub(crate) fn undo_saw_order(&mut self) {
        for undo in self.undos.values_mut() {
            undo.is_read_due = false;
        }
    }

    fn open_undo_mut(&mut self, id: IntentId) -> Result<&mut Undo, String> {
        let undo = self.undos.get_mut(&id).ok_or_else(|| format!("{id} was never requested"))?;
        if undo.end.is_some() { Err(format!("{id} is already over")) } else { Ok(undo) }
    }
}
