//! What holds after every step: the laws, compared with what Klarna really has.

use std::collections::BTreeSet;

use jiff::Timestamp;
use kvitt_core::{
    Event, FraudStatus, Intent, IntentId, IntentState, Outcome, Recorded, Sale, may_ship,
};

use super::klarna::Move;
use super::ledger::Ledger;
use super::time;
use super::world::World;
use super::writer::order_id;
use crate::support::SALE;

/// The first law that does not hold.
pub(super) fn violation(world: &World) -> Option<String> {
    world
        .broken
        .clone()
        .or_else(|| one_order(world))
        .or_else(|| sums(world))
        .or_else(|| once(world))
        .or_else(|| truth(world))
        .or_else(|| shipping(world))
        .or_else(|| world.ledger.known.broken.get_or_init(|| doubled_news(&world.ledger)).clone())
}

fn sale(world: &World) -> &Sale {
    &world.ledger.known.sale
}

/// One checkout, at most one order, there and here; and no money act beside one in doubt.
fn one_order(world: &World) -> Option<String> {
    if world.klarna.orders.len() > 1 {
        return Some(format!("{} orders at Klarna", world.klarna.orders.len()));
    }
    if let Some(order) = &sale(world).order {
        let is_there = |number| order_id(number) == order.klarna_order_id;
        if !(0..world.klarna.orders.len()).any(is_there) {
            return Some(format!("{} is not at Klarna", order.klarna_order_id));
        }
    }
    let is_open = |it: &&Intent| !it.state.is_settled() && !matches!(it.state, IntentState::Held);
    let open = sale(world).intents.values().filter(is_open).count();
    (open > 1).then(|| format!("{open} acts that move money are open"))
}

fn sums(world: &World) -> Option<String> {
    for order in &world.klarna.orders {
        let (captured, refunded) = (order.captured(), order.refunded());
        if captured + order.remaining() > order.amount || refunded > captured {
            return Some(format!("at Klarna: {order:?}"));
        }
    }
    let order = sale(world).order.as_ref()?;
    let sums = order.amounts(time(world.now));
    let is_good = sums.captured_amount + sums.remaining_authorized_amount <= sums.order_amount
        && sums.refunded_amount <= sums.captured_amount
        && sums.remaining_authorized_amount >= 0;
    (!is_good).then(|| format!("here: {sums:?}"))
}

/// Whatever is wished happens at most once at Klarna, and is counted at most once here.
fn once(world: &World) -> Option<String> {
    let mut done = BTreeSet::new();
    for order in &world.klarna.orders {
        for intent in order.captures.iter().chain(&order.refunds).filter_map(|it| it.intent) {
            let wish = world.ledger.asked.get(&intent);
            if !done.insert((wish, wish.is_none().then_some(intent))) {
                return Some(format!("wish {wish:?} ({intent}) happened twice at Klarna"));
            }
        }
    }
    let order = sale(world).order.as_ref()?;
    let mut ids = BTreeSet::new();
    let captures = order.captures.iter().map(|it| &it.capture_id);
    let refunds = order.refunds.iter().map(|it| &it.refund_id);
    captures.chain(refunds).find(|id| !ids.insert(*id)).map(|id| format!("{id} counts twice"))
}

/// What is said to be done is done; what is said to be refused is not.
fn truth(world: &World) -> Option<String> {
    let orders = &world.klarna.orders;
    let moves = || orders.iter().flat_map(|order| order.captures.iter().chain(&order.refunds));
    let of = |id: IntentId| moves().any(|it: &Move| it.intent == Some(id));
    for intent in sale(world).intents.values() {
        let id = intent.id;
        let placed = orders.iter().any(|order| order.intent == id);
        match &intent.state {
            IntentState::Done(
                Outcome::Captured { capture_id: there } | Outcome::Refunded { refund_id: there },
            ) => {
                let found = moves().find(|it| it.id == *there);
                if found.is_none() {
                    return Some(format!("{there} is not at Klarna"));
                }
            }
            IntentState::Done(Outcome::Placed { .. }) if !placed => {
                return Some(format!("{id} placed nothing at Klarna"));
            }
            IntentState::Done(Outcome::Changed)
                if !orders.iter().any(|order| order.cancelled || order.released) =>
            {
                return Some(format!("{id} changed nothing at Klarna"));
            }
            IntentState::Refused(refused) if placed || of(id) => {
                return Some(format!("{id} is refused ({}), but done", refused.error_code));
            }
            _ => {}
        }
    }
    None
}

/// Goods never leave against the last that was read or told.
fn shipping(world: &World) -> Option<String> {
    if !may_ship(sale(world), time(world.now)).allowed {
        return None;
    }
    let events = &world.ledger.events;
    let reads = || {
        events.iter().filter_map(|it| match &it.event {
            Event::OrderRead { snapshot, .. } => Some(snapshot),
            _ => None,
        })
    };
    let is_cancelled = |event: &Recorded| match &event.event {
        Event::Done { intent, outcome: Outcome::Changed, .. } => {
            sale(world).intents[intent].act.kind() == kvitt_core::ActKind::Cancel
        }
        _ => false,
    };
    if world.stop_told {
        Some("goods may leave after a stop".to_owned())
    } else if reads().next_back().is_some_and(|read| read.fraud_status != FraudStatus::Accepted) {
        Some("goods may leave though Klarna did not accept".to_owned())
    } else if reads().any(|read| read.status == "CANCELLED") || events.iter().any(is_cancelled) {
        Some("goods may leave of a cancelled order".to_owned())
    } else {
        None
    }
}

/// News that comes again, and news that crosses, leaves the same sale.
fn doubled_news(ledger: &Ledger) -> Option<String> {
    let (events, now) = (&ledger.events, &ledger.known.sale);
    let is_news = |it: &&Recorded| {
        matches!(
            it.event,
            Event::AuthorizationReceived { .. }
                | Event::AuthorizationReleased { .. }
                | Event::ShipmentStopped
        )
    };
    let doubled: Vec<_> = events.iter().filter(is_news).cloned().collect();
    let read = events.iter().rfind(|it| matches!(it.event, Event::OrderRead { .. }));
    // Read again, it says the same.
    let read = read.filter(|it| it.seq == now.version).cloned();
    if doubled.is_empty() && read.is_none() {
        return None;
    }
    let mut crossed = (**events).clone();
    crossed.extend(doubled.into_iter().rev().chain(read));
    // A stop that overtakes what came just before it.
    if let Some(stop) = crossed.iter().position(|it| it.event == Event::ShipmentStopped)
        && stop > 2
    {
        crossed.swap(stop - 1, stop);
    }
    for (seq, recorded) in (1..).zip(&mut crossed) {
        recorded.seq = seq;
    }
    let same = |folded: &Sale| {
        let essence = |sale: &Sale| {
            (sale.stopped, sale.order.clone(), sale.intents.clone(), sale.authorizations.clone())
        };
        essence(folded) == essence(now)
            && may_ship(folded, Timestamp::MIN) == may_ship(now, Timestamp::MIN)
    };
    match Sale::fold(SALE, &crossed) {
        Ok(Some(folded)) if same(&folded) => None,
        Ok(_) => Some("doubled news make another sale".to_owned()),
        Err(problem) => Some(problem.to_string()),
    }
}
