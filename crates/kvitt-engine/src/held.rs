//! Held captures go on or are dropped with the step that brings the news.

use std::time::Duration;

use kvitt_core::{Event, Sale};
use kvitt_ledger::PrivateChange;

use crate::engine::Draft;
use crate::{names, work};

/// What follows from a step for the sale's held captures: events, and what goes with them.
pub(crate) fn decide(sale: &Sale, draft: &mut Draft) -> Vec<Event> {
    let events = sale.decide_held();
    for event in &events {
        match event {
            Event::Resumed { intent } => work::schedule_intent(*intent, Duration::ZERO, draft),
            Event::Refused { intent, .. } => {
                draft.private.push(PrivateChange::RemoveSecret { name: names::call(*intent) });
            }
            _ => {}
        }
    }
    events
}
