//! When the time to capture ends, what is done about it, and what is done with the rest.

use jiff::{SignedDuration, Timestamp};
use kvitt_core::{
    Act, CaptureWish, Event, Evidence, ExpiryPolicy, ExpiryStep, FraudStatus, IntentId,
    NotExtended, OrderStatus, Outcome, SaleCart, Wish,
};
use kvitt_money::{Cart, Country, OrderLine};

use crate::support::{Story, capture, cart, expiry, pick, time};

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// Extends five days before the end; alarms seven and two days before.
fn extends() -> ExpiryPolicy {
    ExpiryPolicy { extend: true, ..ExpiryPolicy::default() }
}

/// The start of a day of the year in which all stories happen.
fn on(day: &str) -> Timestamp {
    time(&format!("2026-{day}T00:00:00Z"))
}

fn not_extended(story: &Story, policy: &ExpiryPolicy) -> Option<NotExtended> {
    story.sale().expiry_plan(policy, story.now).unwrap().not_extended
}

fn step(story: &Story, policy: &ExpiryPolicy) -> ExpiryStep {
    story.sale().next_expiry_step(policy, story.now)
}

fn due_at(story: &Story, policy: &ExpiryPolicy) -> Option<Timestamp> {
    story.sale().expiry_due_at(policy)
}

/// Takes the steps that are due, as the engine does; Klarna extends to this day. Says which alarms
/// were raised.
fn take_steps(story: &mut Story, policy: &ExpiryPolicy, extends_to: Timestamp) -> Vec<Event> {
    let mut raised = Vec::new();
    loop {
        match step(story, policy) {
            ExpiryStep::Extend => {
                story.act(Wish::Extend);
                story.read(|read| read.expires_at = Some(extends_to));
            }
            ExpiryStep::ReadOrder => story.read(|_| ()),
            ExpiryStep::Raise(alarm) => {
                story.push((*alarm).clone());
                raised.push(*alarm);
            }
            ExpiryStep::Wait => return raised,
        }
    }
}

fn expiring(expires_at: Timestamp, due_at: Timestamp) -> Event {
    Event::AuthorizationExpiring { expires_at, due_at, remaining_authorized_amount: 54_950 }
}

#[test]
fn nothing_is_extended_unasked_but_alarms_are_raised_each_once() {
    let policy = ExpiryPolicy::default();
    let mut story = Story::placed(cart());
    let plan = story.sale().expiry_plan(&policy, story.now).unwrap();
    assert_eq!((plan.expires_at, plan.last_possible_at), (expiry(), on("06-30")));
    assert_eq!((plan.extend_at, plan.extends_to), (None, None));
    assert_eq!(plan.not_extended, Some(NotExtended::Policy));
    assert_eq!(plan.next_alarm_at, Some(on("01-22")));
    assert_eq!(due_at(&story, &policy), Some(on("01-22")));
    story.now = on("01-22") - SignedDuration::from_secs(1);
    assert_eq!(step(&story, &policy), ExpiryStep::Wait);

    story.now = on("01-22");
    assert_eq!(step(&story, &policy), ExpiryStep::ReadOrder, "somebody may have extended it");
    let raised = take_steps(&mut story, &policy, expiry());
    assert_eq!(raised, [expiring(expiry(), on("01-22"))]);
    assert_eq!(due_at(&story, &policy), Some(on("01-27")));
    let attention = story.sale().attention().unwrap();
    assert_eq!(
        attention,
        "can be captured until 2026-01-29T00:00:00Z only: capture, extend or undo the order"
    );
    story.now = on("01-27");
    let raised = take_steps(&mut story, &policy, expiry());
    assert_eq!(raised, [expiring(expiry(), on("01-27"))]);
    assert_eq!(due_at(&story, &policy), Some(expiry()));

    story.now = expiry();
    assert_eq!(story.sale().expiry_plan(&policy, story.now), None);
    let raised = take_steps(&mut story, &policy, expiry());
    let ended = Event::AuthorizationExpired { expires_at: expiry(), uncaptured_amount: 54_950 };
    assert_eq!(raised, [ended]);
    assert_eq!((due_at(&story, &policy), story.sale().attention()), (None, None));
    story.now += DAY * 400;
    assert_eq!(step(&story, &policy), ExpiryStep::Wait);
}

#[test]
fn who_looks_late_is_told_once_of_what_is_nearest() {
    let policy = ExpiryPolicy::default();
    let mut story = Story::placed(cart());
    story.now = on("01-28");
    let raised = take_steps(&mut story, &policy, expiry());
    assert_eq!(raised, [expiring(expiry(), on("01-27"))]);
    // Later than the end only that it came.
    let mut story = Story::placed(cart());
    story.now = on("03-01");
    let raised = take_steps(&mut story, &policy, expiry());
    assert!(matches!(raised[..], [Event::AuthorizationExpired { .. }]), "{raised:?}");
}

#[test]
fn an_alarm_is_not_raised_where_the_order_was_extended_or_closed_at_klarna() {
    let policy = ExpiryPolicy::default();
    for at in [on("01-22"), expiry()] {
        let mut story = Story::placed(cart());
        story.now = at;
        assert_eq!(step(&story, &policy), ExpiryStep::ReadOrder);
        let mut extended = story.clone();
        extended.read(|read| {
            "AUTHORIZED".clone_into(&mut read.status);
            read.expires_at = Some(on("02-19"));
        });
        assert_eq!(step(&extended, &policy), ExpiryStep::Wait);
        assert_eq!(due_at(&extended, &policy), Some(on("02-12")), "the alarms are anew");
        story.read(|read| "CANCELLED".clone_into(&mut read.status));
        assert_eq!(step(&story, &policy), ExpiryStep::Wait);
        assert_eq!(due_at(&story, &policy), None);
    }
}

#[test]
fn what_part_of_it_ran_out_is_told() {
    let policy = ExpiryPolicy::default();
    let mut story = Story::placed(cart());
    story.act(capture(&[pick("l1", 1)]));
    story.now = expiry();
    let raised = take_steps(&mut story, &policy, expiry());
    let ended =
        Event::AuthorizationExpired { expires_at: expiry(), uncaptured_amount: 54_950 - 24_900 };
    assert_eq!(raised, [ended]);
    assert_eq!(story.sale().order.unwrap().status(story.now), OrderStatus::Captured);
}

#[test]
fn it_is_extended_again_and_again_until_180_days_after_the_order_and_no_further() {
    let policy = extends();
    let mut story = Story::placed(cart());
    // When it is extended, and to when; written by hand.
    let days = [
        ("01-24", "02-21"),
        ("02-16", "03-16"),
        ("03-11", "04-08"),
        ("04-03", "05-01"),
        ("04-26", "05-24"),
        ("05-19", "06-16"),
        ("06-11", "06-30"),
    ];
    for (extend_at, extends_to) in days {
        let plan = story.sale().expiry_plan(&policy, story.now).unwrap();
        assert_eq!(plan.extend_at, Some(on(extend_at)));
        assert_eq!((plan.extends_to, plan.not_extended), (Some(on(extends_to)), None));
        assert_eq!((plan.next_alarm_at, plan.last_possible_at), (None, on("06-30")));
        assert_eq!(due_at(&story, &policy), Some(on(extend_at)));
        story.now = on(extend_at) - SignedDuration::from_secs(1);
        assert_eq!(step(&story, &policy), ExpiryStep::Wait);
        story.now = on(extend_at);
        assert_eq!(step(&story, &policy), ExpiryStep::Extend);
        assert_eq!(take_steps(&mut story, &policy, on(extends_to)), []);
    }
    assert_eq!(not_extended(&story, &policy), Some(NotExtended::NothingToGain));
    assert_eq!(due_at(&story, &policy), Some(on("06-23")), "an alarm instead");
    story.now = on("06-23");
    assert_eq!(take_steps(&mut story, &policy, on("06-30")).len(), 1);
    story.now = on("06-30");
    assert_eq!(take_steps(&mut story, &policy, on("06-30")).len(), 1);
    let extensions = story.sale().intents.values().filter(|it| it.act == Act::Extend).count();
    assert_eq!(extensions, days.len());
}

#[test]
fn the_accounts_own_period_is_learnt_from_the_order() {
    let policy = extends();
    let days = |expires_at| {
        let mut story = Story::authorized(cart());
        story.act(Wish::Place);
        story.read(|read| read.expires_at = Some(expires_at));
        let plan = story.sale().expiry_plan(&policy, story.now).unwrap();
        (plan.extend_at, plan.extends_to, plan.not_extended)
    };
    assert_eq!(days(on("01-15")), (Some(on("01-10")), Some(on("01-24")), None));
    // Half of a short period at most is given away.
    assert_eq!(days(on("01-05")), (Some(on("01-03")), Some(on("01-07")), None));
    // A day counts as a whole, so one that lasts a day cannot be extended before it is over.
    assert_eq!(days(on("01-02")), (None, None, Some(NotExtended::NothingToGain)));
    assert_eq!(days(on("06-30")), (None, None, Some(NotExtended::NothingToGain)));
}

#[test]
fn a_refused_extension_is_not_tried_again_and_raises_the_alarm_at_once() {
    let policy = extends();
    let mut story = Story::placed(cart());
    story.now = on("01-24");
    let intent = story.request(Wish::Extend);
    assert_eq!(not_extended(&story, &policy), Some(NotExtended::UnderWay));
    story.refuse(intent);
    assert_eq!(not_extended(&story, &policy), Some(NotExtended::Refused));
    let raised = take_steps(&mut story, &policy, expiry());
    assert_eq!(raised, [expiring(expiry(), on("01-22"))]);
    assert_eq!(due_at(&story, &policy), Some(on("01-27")));
    // One that a person makes, and that works, begins it anew.
    story.now = on("01-26");
    story.act(Wish::Extend);
    story.read(|read| read.expires_at = Some(on("02-23")));
    assert_eq!(due_at(&story, &policy), Some(on("02-18")));
    assert_eq!(not_extended(&story, &policy), None);
}

#[test]
fn an_extension_that_gains_nothing_is_not_repeated() {
    let policy = extends();
    let mut story = Story::placed(cart());
    story.now = on("01-24");
    story.act(Wish::Extend);
    assert_eq!(not_extended(&story, &policy), Some(NotExtended::NotMoved), "not read yet");
    story.read(|_| ());
    assert_eq!(not_extended(&story, &policy), Some(NotExtended::NotMoved));
    assert_eq!(take_steps(&mut story, &policy, expiry()).len(), 1, "an alarm instead");
}

#[test]
fn what_is_not_extended_by_itself_and_why() {
    let policy = extends();
    let mut story = Story::placed(cart());
    story.read(|read| read.fraud_status = FraudStatus::Rejected);
    assert_eq!(not_extended(&story, &policy), Some(NotExtended::Fraud));
    story.read(|read| read.fraud_status = FraudStatus::Accepted);
    assert_eq!(not_extended(&story, &policy), None);
    let mut stopped = story.clone();
    stopped.push(Event::ShipmentStopped);
    assert_eq!(not_extended(&stopped, &policy), Some(NotExtended::Fraud));
    let mut open = story.clone();
    open.request(capture(&[]));
    assert_eq!(not_extended(&open, &policy), Some(NotExtended::UnderWay));
    let mut undone = story.clone();
    undone.request_undo();
    assert_eq!(not_extended(&undone, &policy), Some(NotExtended::UnderWay));
}

/// A placed order that is paid so.
fn paid_by(method: &str, cart: SaleCart) -> Story {
    let mut story = Story::authorized(cart);
    let intent = story.request(Wish::Place);
    let outcome = Outcome::Placed {
        klarna_order_id: "klarna-1".to_owned(),
        fraud_status: FraudStatus::Accepted,
        redirect_url: None,
        payment_method: Some(method.to_owned()),
    };
    story.push(Event::Done { intent, outcome, evidence: Evidence::default() });
    story.read(|_| ());
    story
}

#[test]
fn payment_methods_that_klarna_does_not_extend() {
    let in_us = || {
        let shirt = OrderLine::untaxed("Shirt", 24_900, 1).unwrap();
        SaleCart::numbered(Cart::sum(Country::US, vec![shirt]).unwrap())
    };
    let never = Some(NotExtended::PaymentMethod);
    for (method, in_sweden, in_the_us) in [
        ("card", never, never),
        ("PAY_BY_CARD", never, never),
        ("fixed_sum_credit", None, never),
        ("invoice", None, None),
        ("pay_later_by_card", None, None),
        ("something_new", None, None),
    ] {
        assert_eq!(not_extended(&paid_by(method, cart()), &extends()), in_sweden, "{method}");
        assert_eq!(not_extended(&paid_by(method, in_us()), &extends()), in_the_us, "{method}");
    }
    // The alarms come instead.
    assert_eq!(due_at(&paid_by("card", cart()), &extends()), Some(on("01-22")));
}

#[test]
fn there_is_no_plan_where_nothing_is_left_to_capture() {
    let policy = extends();
    let mut cancelled = Story::placed(cart());
    cancelled.act(Wish::Cancel);
    let mut captured = Story::placed(cart());
    captured.act(capture(&[]));
    let mut released = Story::placed(cart());
    released.act(capture(&[pick("l1", 1)]));
    assert!(released.sale().expiry_plan(&policy, released.now).is_some());
    released.act(Wish::Release);
    let mut unread = Story::authorized(cart());
    unread.act(Wish::Place);
    for story in [&cancelled, &captured, &released, &unread, &Story::authorized(cart())] {
        assert_eq!(story.sale().expiry_plan(&policy, story.now), None);
        assert_eq!(due_at(story, &policy), None);
        assert_eq!(story.sale().next_expiry_step(&policy, on("12-31")), ExpiryStep::Wait);
    }
}

fn last_shipment() -> Wish {
    Wish::Capture(CaptureWish {
        lines: vec![pick("l1", 1)],
        is_final: true,
        ..CaptureWish::default()
    })
}

fn is_release_due(story: &Story) -> bool {
    story.sale().order.unwrap().is_release_due(story.now)
}

#[test]
fn the_last_shipment_leaves_the_rest_to_be_released_once() {
    let mut story = Story::placed(cart());
    story.act(capture(&[pick("l1", 1)]));
    assert!(!is_release_due(&story), "more will ship");
    let intent: IntentId = story.request(last_shipment());
    assert!(!is_release_due(&story), "it is not captured yet");
    let mut refused = story.clone();
    refused.refuse(intent);
    assert!(!is_release_due(&refused));
    story.finish(intent);
    assert!(is_release_due(&story));
    let mut expired = story.clone();
    expired.now = expiry();
    assert!(!is_release_due(&expired), "it ran out by itself");
    let release = story.request(Wish::Release);
    assert!(!is_release_due(&story));
    story.refuse(release);
    assert!(!is_release_due(&story), "a refusal is not tried again by itself");

    // Nothing is left of an order that is captured as a whole.
    let mut whole = Story::placed(cart());
    whole.act(Wish::Capture(CaptureWish { is_final: true, ..CaptureWish::default() }));
    assert!(!is_release_due(&whole));
}
