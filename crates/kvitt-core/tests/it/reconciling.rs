//! The order beside what Klarna has of it.

use kvitt_core::{
    Act, Difference, Event, Evidence, MoveAtKlarna, OrderAtKlarna, Outcome, Recognised, Repair,
    Wish,
};
use kvitt_money::{Cart, Country};

use crate::support::{Story, all_of, capture, capture_amount, cart, line, pick, refund, time};

/// What Klarna has, in agreement with the events.
pub(crate) fn found(story: &Story) -> OrderAtKlarna {
    let sale = story.sale();
    let order = sale.order.as_ref().unwrap();
    let capture = |it: &kvitt_core::Capture| MoveAtKlarna {
        id: it.capture_id.clone(),
        amount: it.captured_amount,
        reference: it.reference.clone(),
        description: None,
        at: None,
        shipping_info: it.shipping_info.clone(),
    };
    OrderAtKlarna {
        snapshot: story.snapshot(),
        captures: order.captures.iter().map(capture).collect(),
        refunds: Vec::new(),
        shipping_info: order.shipping_info.clone(),
        cart: Some(order.cart.cart().clone()),
        merchant_reference1: sale.terms.merchant_reference1.clone(),
        merchant_reference2: None,
    }
}

pub(crate) fn made(id: &str, amount: i64, reference: Option<&str>) -> MoveAtKlarna {
    MoveAtKlarna {
        id: id.to_owned(),
        amount,
        reference: reference.map(str::to_owned),
        description: None,
        at: None,
        shipping_info: Vec::new(),
    }
}

pub(crate) fn kinds(differences: &[Difference]) -> Vec<&'static str> {
    differences.iter().map(|it| it.kind.as_str()).collect()
}

/// Holds the two beside each other, and records what follows.
pub(crate) fn reconcile(story: &mut Story, found: &OrderAtKlarna) -> Vec<Difference> {
    let compared = story.sale().reconcile(found, &Evidence::default(), &[], story.now);
    for event in compared.events {
        story.push(event);
    }
    compared.differences
}

/// Lines that somebody in Klarna's portal took a cup out of.
fn without_a_cup() -> Cart {
    let lines = cart().lines().map(|(_, it)| it.clone()).collect::<Vec<_>>();
    let cups = line("Cup", 100, 2);
    Cart::sum(Country::SE, vec![lines[0].clone(), cups, lines[2].clone()]).unwrap()
}

#[test]
fn what_agrees_has_no_difference() {
    let mut story = Story::placed(cart());
    story.act(capture(&[pick("l1", 1)]));
    let same = found(&story);
    assert_eq!(kinds(&reconcile(&mut story, &same)), [""; 0]);
}

#[test]
fn changed_lines_are_taken_over_with_the_ids_that_they_had() {
    let mut story = Story::placed(cart());
    story.act(capture(&[all_of("l1")]));
    let mut theirs = found(&story);
    theirs.cart = Some(without_a_cup());
    theirs.snapshot.order_amount = without_a_cup().totals().order_amount;
    theirs.snapshot.remaining_authorized_amount =
        theirs.snapshot.order_amount - theirs.snapshot.captured_amount;

    let differences = reconcile(&mut story, &theirs);

    assert_eq!(kinds(&differences), ["lines_external"]);
    assert_eq!(
        differences[0].to_string(),
        "lines_external is 54950 here and 54900 at Klarna",
        "two cups at 1.00 are worth 0.50 less than three with 0.50 off"
    );
    let order = story.sale().order.unwrap();
    assert_eq!(order.cart.cart(), &without_a_cup());
    let ids: Vec<_> = order.cart.lines().map(|(id, _)| id.0.clone()).collect();
    assert_eq!(ids, ["l1", "l2", "l3"]);
    story.act(capture(&[all_of("l2"), all_of("l3")]));
    let after = found(&story);
    assert_eq!(kinds(&reconcile(&mut story, &after)), [""; 0]);
}

#[test]
fn lines_that_lost_what_was_captured_are_left_to_a_person() {
    let mut story = Story::placed(cart());
    story.act(capture(&[all_of("l2")]));
    let mut theirs = found(&story);
    theirs.cart = Some(without_a_cup());
    theirs.snapshot.order_amount = 54_900;

    let differences = reconcile(&mut story, &theirs);

    assert_eq!(kinds(&differences), ["order_amount"]);
    assert!(differences[0].needs_person());
    assert_eq!(story.sale().order.unwrap().cart, cart());
}

#[test]
fn nothing_is_taken_for_somebody_elses_that_an_open_act_can_have_made() {
    let mut story = Story::placed(cart());
    let intent = story.request(capture_amount(10_000));
    story.lose_sight(intent, true);
    let mut theirs = found(&story);
    let ours = intent.to_string();
    theirs.captures = vec![
        made("c-unnamed", 10_000, None),
        made("c-ours", 10_000, Some(&ours)),
        made("c-theirs", 10_000, Some("theirs")),
        made("c-other", 5_000, None),
    ];
    let events = story.sale().external(&theirs, &Evidence::default());
    let taken: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            Event::ExternalCapture { capture_id, .. } => Some(capture_id.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(taken, ["c-theirs", "c-other"]);
}

#[test]
fn a_capture_that_was_somebody_elses_and_turns_out_to_be_ours_counts_once() {
    let mut story = Story::placed(cart());
    let external = |id: &str, amount| Event::ExternalCapture {
        capture_id: id.to_owned(),
        captured_amount: amount,
        reference: None,
        description: None,
        captured_at: Some(time("2026-01-01T12:30:00Z")),
        evidence: Evidence::default(),
    };
    story.push(external("c-1", 24_900));
    let intent = story.request(capture(&[pick("l1", 1)]));
    let done = |capture_id: &str| Event::Done {
        intent,
        outcome: Outcome::Captured { capture_id: capture_id.to_owned() },
        evidence: Evidence::default(),
    };
    let mut other = story.clone();
    story.push(done("c-1"));
    let order = story.sale().order.unwrap();
    assert_eq!(order.captures.len(), 1);
    assert_eq!((order.captures[0].intent, order.captures[0].lines.len()), (Some(intent), 1));
    assert_eq!(order.captures[0].captured_at, time("2026-01-01T12:30:00Z"));

    other.push(external("c-2", 10_000));
    other.push(done("c-2"));
    assert!(other.problem().contains("is of 10000, not of 24900"), "{}", other.problem());
}

#[test]
fn an_act_judged_done_comes_before_what_others_did() {
    let mut story = Story::placed(cart());
    let intent = story.request(capture_amount(50_000));
    story.lose_sight(intent, true);
    let mut theirs = found(&story);
    theirs.captures = vec![made("c-1", 50_000, None), made("c-2", 4_950, None)];
    theirs.snapshot.captured_amount = 54_950;
    theirs.snapshot.remaining_authorized_amount = 0;
    let judged = [(intent, story.sale().recognise(&story.sale().intents[&intent], &theirs))];
    assert!(matches!(judged[0].1, Recognised::Done(_)));

    let compared = story.sale().reconcile(&theirs, &Evidence::default(), &judged, story.now);

    assert_eq!(kinds(&compared.differences), ["act_done", "capture_external"]);
    assert!(compared.differences.iter().all(|it| it.repair == Repair::TakenOver));
}

#[test]
fn whether_a_message_was_sent_again_cannot_be_read_and_is_for_a_person() {
    let mut story = Story::placed(cart());
    let captured = story.act(capture(&[]));
    let capture_id = format!("cap-{}", captured.0);
    let intent = story.request(Wish::TriggerSendOut { capture_id: capture_id.clone() });
    story.lose_sight(intent, true);
    let theirs = found(&story);

    let recognised = story.sale().recognise(&story.sale().intents[&intent], &theirs);

    let Recognised::Ambiguous(reason) = &recognised else { panic!("{recognised:?}") };
    assert!(reason.contains(&capture_id), "{reason}");
    let judged = [(intent, recognised)];
    let compared = story.sale().reconcile(&theirs, &Evidence::default(), &judged, story.now);
    assert_eq!(kinds(&compared.differences), ["act_ambiguous"]);
    assert!(compared.differences[0].needs_person());
}

#[test]
fn a_state_that_nobody_describes_is_for_a_person() {
    let mut story = Story::placed(cart());
    let mut theirs = found(&story);
    "CLOSED".clone_into(&mut theirs.snapshot.status);
    let differences = reconcile(&mut story, &theirs);
    assert_eq!(kinds(&differences), ["status"]);
    assert!(differences[0].needs_person());
}

#[test]
fn a_refund_may_stand_for_a_refund_and_for_nothing_else() {
    let mut story = Story::placed(cart());
    story.act(capture(&[]));
    let intent = story.request(refund(&[pick("l1", 1)]));
    let sale = story.sale();
    let mut theirs = found(&story);
    theirs.captures.push(made("c-9", 1, None));
    assert!(matches!(sale.intents[&intent].act, Act::Refund { .. }));
    assert!(!sale.may_be_replaced(&sale.intents[&intent], &theirs));
    theirs.refunds.push(made("r-9", 1, Some("int_other")));
    assert!(sale.may_be_replaced(&sale.intents[&intent], &theirs));
    theirs.refunds[0].at = Some(time("2026-01-01T11:00:00Z"));
    assert!(!sale.may_be_replaced(&sale.intents[&intent], &theirs), "it was there before");
}
