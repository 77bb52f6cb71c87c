//! What holds once nothing goes wrong any more: both writers died where they were, one that is well
//! does all the work that is due, and looks when a look is due. Then kvitt and Klarna agree, or a
//! person is told why not.

use kvitt_core::{
    ActKind, ConcernKind, ExpiryPolicy, Intent, IntentState, Look, OrderStatus, may_ship,
};

use super::klarna::Token;
use super::ledger::WorkId;
use super::world::World;
use super::writer::{At, Fate};
use super::{Setup, minute_after, safety, time};

/// More steps than any way to rest takes.
const STEPS_MAX: usize = 200;

/// How often is looked once no work is left.
const LOOKS: usize = 3;

/// What does not come to rest as it should, with late calls lost and with late calls arriving.
pub(super) fn violation(setup: &Setup, world: &World) -> Option<String> {
    let mut left = world.clone();
    left.writers = [At::Idle, At::Idle];
    left.fuel.losses = 0;
    left.fuel.crashes = 0;
    left.fuel.pushes = 0;
    left.fuel.news.clear();
    left.fuel.hand_ins.clear();
    left.fuel.asks.clear();
    left.fuel.portal = false;
    left.fuel.ticks = 0;
    let mut arrived = left.clone();
    while let Some(call) = arrived.late.pop() {
        arrived.receive(setup, &call);
    }
    left.late.clear();
    ends(setup, left).or_else(|| ends(setup, arrived))
}

fn ends(setup: &Setup, mut world: World) -> Option<String> {
    for _ in 0..STEPS_MAX {
        // From where others came to rest, this does too.
        if !setup.rested.lock().unwrap().insert(world.digest()) {
            return None;
        }
        let due = world.ledger.work.iter().min_by_key(|(_, work)| work.due);
        let Some((work, due)) = due.map(|(id, work)| (*id, work.due)) else {
            return looks(setup, world);
        };
        world.now = world.now.max(due);
        carry_out(setup, &mut world, work);
        // What is tried again is tried later.
        world.now += 1;
        if let Some(problem) = safety::violation(&world) {
            return Some(problem);
        }
    }
    Some(format!("work never ends: {:?}", world.ledger.work))
}

/// Takes work over, and goes on until the writer is idle.
fn carry_out(setup: &Setup, world: &mut World, work: WorkId) {
    world.writers[0] = world.take_over(work);
    run(setup, world);
}

fn run(setup: &Setup, world: &mut World) {
    for _ in 0..STEPS_MAX {
        if matches!(world.writers[0], At::Idle) {
            return;
        }
        world.step(setup, 0, Fate::Answered);
    }
    world.broken = Some("a writer never ends".to_owned());
}

fn looks(setup: &Setup, mut world: World) -> Option<String> {
    let policy = ExpiryPolicy::default();
    for _ in 0..LOOKS {
        let Some(at) = world.ledger.known.sale.next_look(&policy) else { break };
        world.now = world.now.max(minute_after(at));
        let due: Vec<_> = world.ledger.known.sale.due_looks(&policy, time(world.now)).collect();
        for look in due {
            let seen = world.ledger.known.clone();
            world.writers[0] = match look {
                Look::ReadOrder if seen.sale.order.is_some() => {
                    At::Read { claim: None, seen, follows: false }
                }
                Look::ReleaseAuthorizations => world.begin_giving_back(None, seen),
                _ => At::Idle,
            };
            run(setup, &mut world);
        }
        while let Some(work) = world.ledger.work.keys().next().copied() {
            let due = world.ledger.work[&work].due;
            world.now = world.now.max(due);
            carry_out(setup, &mut world, work);
            world.now += 1;
        }
    }
    safety::violation(&world).or_else(|| at_rest(&world))
}

fn at_rest(world: &World) -> Option<String> {
    let sale = &world.ledger.known.sale;
    let told = sale.concerns();
    let waits = |it: &&Intent| matches!(it.state, IntentState::NeedsHuman { .. });
    let waiting = sale.intents.values().find(waits);
    for intent in sale.intents.values() {
        let is_held_rightly = sale
            .order
            .as_ref()
            .is_some_and(|order| order.stopped || order.fraud_status.as_str() == "PENDING");
        match &intent.state {
            IntentState::Done(_) | IntentState::Refused(_) => {}
            IntentState::Held if is_held_rightly => {}
            IntentState::NeedsHuman { reason } if !reason.is_empty() => {}
            state => return Some(format!("{} stays {}", intent.id, state.as_str())),
        }
    }
    if waiting.is_some() && !told.iter().any(|it| it.kind == ConcernKind::NeedsHuman) {
        return Some("a person is needed, and not told".to_owned());
    }
    let is_placing = |it: &Intent| it.act.kind() == ActKind::Place;
    if waiting.is_some_and(is_placing) && !world.ledger.heard.is_empty() {
        return Some("a person is asked for an order that Klarna told of".to_owned());
    }
    if let Some(token) = blocked(world) {
        return Some(format!("token {token} blocks the shopper's credit for nothing"));
    }
    let is_told = waiting.is_some() || told.iter().any(|it| it.kind == ConcernKind::Difference);
    if is_told { None } else { disagreement(world) }
}

/// An authorization that placed nothing, and that Klarna still holds.
fn blocked(world: &World) -> Option<usize> {
    let known = &world.ledger.known.sale.authorizations;
    let is_known =
        |token: usize| known.iter().any(|it| it.digest == super::writer::digest_of_token(token));
    let is_live = |token: &usize| world.klarna.tokens[*token] == Token::Live;
    let placing = world.ledger.calls.values().filter_map(|call| match call.what {
        super::klarna::What::Place { token } => Some(token),
        _ => None,
    });
    let placing: Vec<_> = placing.collect();
    (0..world.klarna.tokens.len())
        .filter(is_live)
        .find(|token| is_known(*token) && !placing.contains(token))
}

/// What kvitt says that Klarna does not.
fn disagreement(world: &World) -> Option<String> {
    let sale = &world.ledger.known.sale;
    let (order, there) = match (&sale.order, world.klarna.orders.first()) {
        (None, None) => return None,
        (Some(order), Some(there)) => (order, there),
        (here, _) => return Some(format!("an order: here {}", here.is_some())),
    };
    let sums = order.amounts(time(world.now));
    let pairs = [
        ("captured", sums.captured_amount, there.captured()),
        ("refunded", sums.refunded_amount, there.refunded()),
        ("remaining", sums.remaining_authorized_amount, there.remaining()),
    ];
    if let Some((what, here, there)) = pairs.into_iter().find(|(_, here, there)| here != there) {
        return Some(format!("{what} is {here} here and {there} at Klarna"));
    }
    if order.cancelled != there.cancelled
        || (order.status(time(world.now)) == OrderStatus::Cancelled) != there.cancelled
    {
        return Some("only one calls it cancelled".to_owned());
    }
    if order.fraud_status.as_str() != there.fraud {
        return Some(format!("fraud is {:?} here and {} there", order.fraud_status, there.fraud));
    }
    let ships = may_ship(sale, time(world.now)).allowed;
    (ships && (there.cancelled || there.fraud != "ACCEPTED" || sale.stopped))
        .then(|| "goods may leave".to_owned())
}
