//! What about a sale needs a person: what happened, and the one button that leads out of it.

use jiff::Timestamp;
use kvitt_core::{ActKind, Concern, ConcernKind, IntentId, Sale, UndoWish};

use super::words::{self, Tone, moment, sentence};
use super::{act_href, adopt_href, order_href, reconcile_href, settle_href, undo_href};

/// What to press.
pub(super) struct Button {
    pub(super) label: &'static str,
    pub(super) href: String,
    /// Whether pressing it does something, so that it is sent as a form; else it leads to a page.
    pub(super) does: bool,
}

impl Button {
    pub(super) fn leading_to(href: String, label: &'static str) -> Self {
        Self { label, href, does: false }
    }

    pub(super) fn doing(href: String, label: &'static str) -> Self {
        Self { label, href, does: true }
    }
}

/// One reason to look at a sale.
pub(super) struct ConcernShown {
    /// Its name in the API, such as `needs_human`.
    pub(super) kind: &'static str,
    /// The act or the undo that it is about.
    pub(super) asked_for: Option<IntentId>,
    pub(super) title: String,
    /// What happened.
    pub(super) happened: String,
    /// What to do now.
    pub(super) to_do: &'static str,
    pub(super) since: Option<Timestamp>,
    /// The same for people.
    pub(super) moment: String,
    pub(super) tone: Tone,
    pub(super) button: Button,
}

/// Every reason, the gravest first.
pub(super) fn concerns(sale: &Sale, at: Timestamp) -> Vec<ConcernShown> {
    sale.concerns().into_iter().map(|concern| shown(sale, concern, at)).collect()
}

fn shown(sale: &Sale, concern: Concern, at: Timestamp) -> ConcernShown {
    let Concern { kind, intent, reason, since } = concern;
    let intent = intent.map(|(id, _)| id);
    // An act of an undo was not asked for by itself: the undo was.
    let undo = sale.open_undo().filter(|undo| intent.is_some_and(|id| undo.steps.contains(&id)));
    let asked_for = undo.map(|undo| undo.id).or(intent);
    let act = asked_for.and_then(|id| words::wanted(sale, id)).unwrap_or_default();
    let read = || Button::doing(reconcile_href(sale.id), "Read it at Klarna now");
    let (title, tone, to_do, button) = match (kind, intent) {
        (ConcernKind::NeedsHuman, Some(id)) => (
            format!("Not known: {act}"),
            Tone::Bad,
            "Look at the purchase in Klarna's portal, and tell what you find there. Until then no \
             money moves on this order.",
            Button::leading_to(settle_href(sale.id, id), "Tell what became of it"),
        ),
        (ConcernKind::NeedsHuman, None) => (
            "Klarna has an order that is not known here".to_owned(),
            Tone::Bad,
            "Look the purchase up in Klarna's portal, by reference and amount, and tell which order \
             it is.",
            Button::leading_to(adopt_href(sale.id), "Tell which order it is"),
        ),
        (ConcernKind::OutcomeUnknown, _) => (
            format!("Not known yet: {act}"),
            Tone::Wait,
            "Nothing, as a rule: kvitt asks again by itself, and never does it twice. Reading it at \
             Klarna now may end it sooner.",
            read(),
        ),
        (ConcernKind::Difference, _) => (
            "Klarna's figures differ from these".to_owned(),
            Tone::Bad,
            "Read the order at Klarna now: what can be taken over is, and the rest is named.",
            read(),
        ),
        (ConcernKind::ShipmentStopped, _) => (
            "The shipment is stopped".to_owned(),
            Tone::Bad,
            "If the goods have not left, the order can be undone. Else talk to Klarna first.",
            way_out(sale, at, &[]),
        ),
        (ConcernKind::Expiring, _) => (
            "The time to capture runs out".to_owned(),
            Tone::Bad,
            "Capture what has shipped, extend the time, or undo the order: after that nothing of it \
             can be captured any more.",
            way_out(sale, at, &[ActKind::Extend, ActKind::Capture]),
        ),
    };
    ConcernShown {
        kind: kind.as_str(),
        asked_for,
        title,
        happened: happened(&reason),
        to_do,
        moment: since.map(moment).unwrap_or_default(),
        since,
        tone,
        button,
    }
}

/// A reason as a sentence of its own.
pub(super) fn happened(reason: &str) -> String {
    format!("{}.", sentence(reason.trim_end_matches('.')))
}

/// The first of these acts that is possible now, else undoing, else a look at the order.
fn way_out(sale: &Sale, at: Timestamp, acts: &[ActKind]) -> Button {
    if let Some(kind) = acts.iter().find(|kind| sale.may(**kind, at).is_ok()) {
        return Button::leading_to(act_href(sale.id, *kind), words::title(*kind));
    }
    match sale.plan_undo(&UndoWish::default(), at) {
        Ok(_) => Button::leading_to(undo_href(sale.id), words::UNDO),
        Err(_) => Button::leading_to(order_href(sale.id), "Open the order"),
    }
}
