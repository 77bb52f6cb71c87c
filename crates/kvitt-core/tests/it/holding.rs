//! Captures that are wanted while Klarna still reviews the order.

use kvitt_core::{
    Event, FRAUD_REJECTED, FraudStatus, IntentId, IntentState, ORDER_CLOSED, Refusal, Sale, Wish,
};

use crate::support::{Story, all_of, capture, capture_amount, cart, cart_of, line, pick};

fn reviewed() -> Story {
    let mut story = Story::placed(cart());
    story.read(|read| read.fraud_status = FraudStatus::Pending);
    story
}

/// Wished and held, as the engine stores it.
fn hold(story: &mut Story, wish: Wish) -> IntentId {
    let act = story.sale().decide(wish, story.now).unwrap();
    assert!(story.sale().holds(&act));
    let intent = story.force(act);
    story.push(Event::Held { intent });
    intent
}

fn state(sale: &Sale, intent: IntentId) -> &IntentState {
    &sale.intents[&intent].state
}

fn codes(events: &[Event]) -> Vec<(IntentId, &str)> {
    let code = |event: &Event| match event {
        Event::Refused { intent, refused } => Some((*intent, refused.error_code.clone())),
        Event::Resumed { intent } => Some((*intent, "resumed".to_owned())),
        _ => None,
    };
    events
        .iter()
        .filter_map(code)
        .map(|(intent, code)| {
            let known = [FRAUD_REJECTED, ORDER_CLOSED, "resumed"];
            (intent, known.into_iter().find(|it| *it == code).unwrap())
        })
        .collect()
}

#[test]
fn what_is_held_is_taken_from_what_is_left() {
    let mut story = reviewed();
    let first = hold(&mut story, capture(&[pick("l1", 1)]));
    assert_eq!(state(&story.sale(), first), &IntentState::Held);
    assert_eq!(story.sale().decide_held(), [], "Klarna has not decided");
    let refused = story.refusal(capture(&[pick("l1", 2)]));
    assert!(matches!(refused, Refusal::LineQuantity { left: 1, .. }), "{refused:?}");
    let refused = story.refusal(capture_amount(54_950));
    assert!(matches!(refused, Refusal::OverCapture { left: 30_050, .. }), "{refused:?}");
    hold(&mut story, capture(&[]));
    let refused = story.refusal(capture(&[all_of("l2")]));
    assert!(matches!(refused, Refusal::LineQuantity { left: 0, .. }), "{refused:?}");
    assert_eq!(story.amounts(), (54_950, 0, 0, 54_950), "nothing is captured");
}

#[test]
fn it_goes_on_when_klarna_accepts_and_not_before_a_stop_is_cleared() {
    let mut story = reviewed();
    let held = [hold(&mut story, capture(&[pick("l1", 1)])), hold(&mut story, capture(&[]))];
    story.read(|read| read.fraud_status = FraudStatus::Accepted);
    let mut stopped = story.clone();
    stopped.push(Event::ShipmentStopped);
    assert_eq!(stopped.sale().decide_held(), []);
    let events = story.sale().decide_held();
    assert_eq!(codes(&events), held.map(|intent| (intent, "resumed")));
    for event in events {
        story.push(event);
    }
    for intent in held {
        assert_eq!(state(&story.sale(), intent), &IntentState::Requested);
        story.finish(intent);
    }
    assert_eq!(story.amounts(), (54_950, 54_950, 0, 0));
    assert_eq!(story.sale().decide_held(), []);
}

#[test]
fn it_is_dropped_when_klarna_rejects_or_the_order_ends() {
    let mut rejected = reviewed();
    let intent = hold(&mut rejected, capture(&[]));
    let mut cancelled = rejected.clone();
    rejected.read(|read| read.fraud_status = FraudStatus::Rejected);
    assert_eq!(codes(&rejected.sale().decide_held()), [(intent, FRAUD_REJECTED)]);

    cancelled.act(Wish::Cancel);
    let events = cancelled.sale().decide_held();
    assert_eq!(codes(&events), [(intent, ORDER_CLOSED)]);
    cancelled.push(events[0].clone());
    assert!(matches!(state(&cancelled.sale(), intent), IntentState::Refused(_)));
}

#[test]
fn it_stands_in_the_way_of_new_lines_only() {
    let mut story = reviewed();
    let held = hold(&mut story, capture(&[pick("l1", 1)]));
    let cart = cart_of(vec![line("Cup", 100, 3)]);
    let update = kvitt_core::AuthorizationWish { cart, description: None };
    let refused = story.refusal(Wish::UpdateAuthorization(update));
    assert!(matches!(refused, Refusal::ActInProgress { intent, .. } if intent == held));
    for wish in [Wish::Cancel, Wish::Extend, crate::wishes::simplest_references()] {
        assert!(story.sale().decide(wish.clone(), story.now).is_ok(), "{wish:?}");
    }
    assert_eq!(story.sale().difference(), None, "a read is compared all the same");
}
