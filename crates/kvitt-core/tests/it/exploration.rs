//! Every sale that a small cart can become, step by step, up to a depth.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use kvitt_core::{
    ActKind, AuthorizationWish, Event, FraudStatus, Intent, IntentState, Sale, UndoStep, Wish,
    may_ship,
};

use crate::laws;
use crate::support::{
    Story, all_of, capture, capture_amount, cart_of, expiry, line, pick, refund, refund_amount,
};

/// So many steps after the order was placed.
const DEPTH: usize = 6;

/// Fewer states than this, and the exploration has lost its way.
const STATES_MIN: usize = 10_000;

fn small_cart(shirts: i64) -> Wish {
    let cart = cart_of(vec![line("Shirt", 300, shirts), line("Cup", 101, 1)]);
    Wish::UpdateAuthorization(AuthorizationWish { cart, description: None })
}

fn wishes() -> Vec<Wish> {
    vec![
        capture(&[]),
        capture(&[pick("l1", 1)]),
        capture(&[all_of("l2")]),
        capture_amount(100),
        refund(&[]),
        refund(&[pick("l1", 1)]),
        refund_amount(50),
        Wish::Cancel,
        Wish::Release,
        Wish::Extend,
        small_cart(1),
        small_cart(3),
        crate::wishes::simplest_references(),
    ]
}

/// All that tells two sales apart, but for ids, times and the way they came.
fn essence(story: &Story, sale: &Sale) -> String {
    let order = sale.order.as_ref().unwrap();
    let pieces = |lines: BTreeMap<_, kvitt_money::OrderLineFields>| {
        lines.into_values().map(|it| (it.quantity, it.total_amount)).collect::<Vec<_>>()
    };
    let open = |intent: &&Intent| !intent.state.is_settled();
    let intents: Vec<_> = sale
        .intents
        .values()
        .filter(open)
        .map(|it| (&it.act, it.state.as_str(), it.may_have_taken_effect()))
        .collect();
    let undo = sale.open_undo().map(|undo| {
        let steps = undo.steps.iter().filter_map(|id| sale.intents.get(id));
        let steps: Vec<_> = steps.map(|it| (it.act.kind(), it.state.as_str())).collect();
        (steps, sale.next_undo_step(undo, story.now) == UndoStep::ReadOrder)
    });
    format!(
        "{undo:?} {:?} {:?} {:?} {:?} {:?} {} {:?} {intents:?}",
        order.amounts(Timestamp::MIN),
        pieces(order.uncaptured_lines()),
        pieces(order.unrefunded_lines()),
        (order.cancelled, order.released, order.stopped),
        order.fraud_status,
        order.is_expired(story.now),
        sale.difference(),
    )
}

/// Everything that can happen next.
fn next(story: &Story, sale: &Sale) -> Vec<Story> {
    let mut found = Vec::new();
    let mut after = |change: &dyn Fn(&mut Story)| {
        let mut story = story.clone();
        change(&mut story);
        found.push(story);
    };
    for wish in wishes() {
        if let Ok(act) = sale.decide(wish.clone(), story.now) {
            let preview = sale.preview(wish, story.now).unwrap();
            let mut done = story.clone();
            let intent = done.force(act.clone());
            done.finish(intent);
            let order = done.sale().order.unwrap();
            assert_eq!(preview.after, order.amounts(story.now));
            assert_eq!(preview.status_after, order.status(story.now));
            after(&|story| {
                story.force(act.clone());
            });
        }
    }
    if sale.may_undo(story.now).is_ok() {
        after(&|story| {
            story.request_undo();
        });
    }
    if let Some(undo) = sale.open_undo() {
        match sale.next_undo_step(undo, story.now) {
            UndoStep::Act(_) => after(&|story| {
                story.request_undo_act();
            }),
            UndoStep::ReadOrder => after(&|story| story.read(|_| ())),
            UndoStep::End(event) => after(&|story| story.push(event.clone())),
            UndoStep::Wait => {}
        }
    }
    for intent in sale.intents.values().filter(|it| !it.state.is_settled()) {
        after(&|story| story.finish(intent.id));
        after(&|story| story.refuse(intent.id));
        if intent.state == IntentState::Requested {
            after(&|story| story.lose_sight(intent.id, false));
        }
        if !intent.may_have_taken_effect() {
            after(&|story| story.lose_sight(intent.id, true));
        }
        if matches!(intent.state, IntentState::Unknown { .. }) {
            after(&|story| story.need_human(intent.id));
        }
    }
    let order = sale.order.as_ref().unwrap();
    for fraud_status in [FraudStatus::Accepted, FraudStatus::Pending, FraudStatus::Rejected] {
        if order.fraud_status != fraud_status {
            after(&|story| story.read(|read| read.fraud_status = fraud_status.clone()));
        }
    }
    if !order.stopped {
        after(&|story| story.push(Event::ShipmentStopped));
    }
    if !order.cancelled {
        after(&|story| story.read(|read| "CANCELLED".clone_into(&mut read.status)));
    }
    if story.now < expiry() {
        after(&|story| story.now = expiry());
        // As the engine does after an extension.
        after(&|story| story.read(|_| ()));
    } else if !order.is_expired(story.now) || order.expires_at == Some(expiry()) {
        let later = expiry() + SignedDuration::from_hours(24 * 28);
        after(&|story| story.read(|read| read.expires_at = Some(later)));
    }
    found
}

#[test]
fn every_sale_up_to_a_depth_keeps_the_laws() {
    let first = Story::placed(cart_of(vec![line("Shirt", 300, 2), line("Cup", 101, 1)]));
    let mut seen = BTreeSet::from([essence(&first, &first.sale())]);
    let mut edge = vec![first];
    let (mut steps, mut shippable) = (0_usize, 0_usize);
    let mut kinds: BTreeSet<ActKind> = BTreeSet::new();
    for depth in 0..=DEPTH {
        let mut beyond = Vec::new();
        for story in &edge {
            let sale = story.sale();
            laws::check(&sale, story.now);
            shippable += usize::from(may_ship(&sale, story.now).allowed);
            kinds.extend(sale.intents.values().map(|it| it.act.kind()));
            if depth == DEPTH {
                laws::check_replay(&sale, &story.events);
                continue;
            }
            for story in next(story, &sale) {
                steps += 1;
                let sale = story.sale();
                if seen.insert(essence(&story, &sale)) {
                    beyond.push(story);
                }
            }
        }
        edge = beyond;
    }
    println!(
        "explored {} states over {steps} steps to depth {DEPTH}; goods may leave in {shippable}",
        seen.len()
    );
    assert!(seen.len() >= STATES_MIN, "only {} states", seen.len());
    assert!(shippable > 0);
    // Every kind of act that was wished was reached.
    assert_eq!(kinds.len(), 8, "{kinds:?}");
}
