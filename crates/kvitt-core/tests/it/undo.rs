//! Undo: which acts it takes in each state, and how it goes on when Klarna says otherwise.

use kvitt_core::{
    Act, ActKind, Event, FraudStatus, IntentId, IntentState, MayShipReason, Outcome, Refusal,
    UndoStep, UndoWish, Wish, may_ship,
};
use uuid::Uuid;

use crate::support::{
    Story, capture, capture_amount, cart, expiry, pick, refund, refund_amount, refused, shown,
};

/// The acts of the plan: kind, amount, number of lines; and the sums once they are done.
type Planned = (Vec<(ActKind, i64, usize)>, (i64, i64, i64, i64));

fn planned(story: &Story) -> Planned {
    let plan = story.sale().plan_undo(&UndoWish::default(), story.now).unwrap();
    let act = |act: &Act| match act {
        Act::Refund { refunded_amount, lines, .. } => (act.kind(), *refunded_amount, lines.len()),
        _ => (act.kind(), 0, 0),
    };
    (plan.steps().map(|step| act(&step.act)).collect(), shown(&plan.last().after))
}

fn refusal(story: &Story) -> Refusal {
    story.sale().plan_undo(&UndoWish::default(), story.now).unwrap_err()
}

/// One shirt and one cup of the cart: 249.83 of 549.50.
fn part_captured() -> Story {
    let mut story = Story::placed(cart());
    story.act(capture(&[pick("l1", 1), pick("l2", 1)]));
    story
}

fn captured() -> Story {
    let mut story = Story::placed(cart());
    story.act(capture(&[]));
    story
}

fn state(story: &Story, id: IntentId) -> IntentState {
    story.sale().state_of(id).unwrap()
}

#[test]
fn nothing_captured_is_cancelled() {
    let cancel = (vec![(ActKind::Cancel, 0, 0)], (54_950, 0, 0, 0));
    let mut story = Story::placed(cart());
    assert_eq!(planned(&story), cancel);
    // Also while Klarna is looking, and after it asked not to ship.
    story.read(|read| read.fraud_status = FraudStatus::Pending);
    assert_eq!(planned(&story), cancel);
    story.push(Event::ShipmentStopped);
    assert_eq!(planned(&story), cancel);
}

#[test]
fn what_is_captured_in_part_is_released_and_refunded() {
    let mut story = part_captured();
    let both = vec![(ActKind::Release, 0, 0), (ActKind::Refund, 24_983, 2)];
    assert_eq!(planned(&story), (both, (54_950, 24_983, 24_983, 0)));
    // What was refunded already is not refunded again.
    story.act(refund(&[pick("l2", 1)]));
    let less = vec![(ActKind::Release, 0, 0), (ActKind::Refund, 24_900, 1)];
    assert_eq!(planned(&story), (less, (54_950, 24_983, 24_983, 0)));
    story.act(refund(&[]));
    assert_eq!(planned(&story).0, [(ActKind::Release, 0, 0)]);
}

#[test]
fn what_is_captured_is_refunded() {
    let mut story = captured();
    assert_eq!(planned(&story), (vec![(ActKind::Refund, 54_950, 3)], (54_950, 54_950, 54_950, 0)));
    // Two refunds, of which neither stands for the other.
    story.act(refund_amount(50));
    story.act(refund_amount(900));
    assert_eq!(
        planned(&story),
        (vec![(ActKind::Refund, 54_000, 0)], (54_950, 54_950, 54_950, 0)),
        "the lines no longer add up, so it goes without them"
    );
}

#[test]
fn what_ran_out_is_refunded_as_far_as_it_was_captured() {
    let mut story = part_captured();
    story.now = expiry();
    assert_eq!(planned(&story), (vec![(ActKind::Refund, 24_983, 2)], (54_950, 24_983, 24_983, 0)));
}

#[test]
fn nothing_left_is_refused_and_says_so() {
    let mut cancelled = Story::placed(cart());
    cancelled.act(Wish::Cancel);
    let mut expired = Story::placed(cart());
    expired.now = expiry();
    let mut refunded = captured();
    refunded.act(refund(&[]));
    for (story, status) in
        [(&cancelled, "CANCELLED"), (&expired, "EXPIRED"), (&refunded, "CAPTURED")]
    {
        let refusal = refusal(story);
        assert_eq!(
            (refusal.to_string(), refusal.code(), refusal.is_bad_request()),
            (
                format!(
                    "nothing is left to undo on an order that is {status}: nothing of it can be \
                     captured, and everything captured is refunded"
                ),
                "nothing_to_undo",
                false
            )
        );
    }
    assert_eq!(refusal(&Story::authorized(cart())), Refusal::NoOrder);
}

#[test]
fn doubt_stands_in_the_way() {
    let mut story = Story::placed(cart());
    let intent = story.request(capture_amount(100));
    let kind = ActKind::Capture;
    assert_eq!(refusal(&story), Refusal::ActInProgress { kind, intent });
    story.lose_sight(intent, true);
    assert_eq!(refusal(&story), Refusal::OutcomeUnknown { kind, intent });
    story.need_human(intent);
    assert_eq!(refusal(&story), Refusal::OutcomeUnknown { kind, intent });
    story.finish(intent);
    assert!(story.sale().may_undo(story.now).is_ok());
    // What moves no money does not.
    story.request(crate::wishes::simplest_references());
    assert!(story.sale().may_undo(story.now).is_ok());
}

#[test]
fn texts_go_with_the_refund_and_have_their_limits() {
    let story = captured();
    let wish = |length| UndoWish {
        reference: Some("r-1".to_owned()),
        description: Some("x".repeat(length)),
    };
    let plan = story.sale().plan_undo(&wish(255), story.now).unwrap();
    let Act::Refund { reference, description, .. } = &plan.first.act else { panic!("{plan:?}") };
    assert_eq!(reference.as_deref(), Some("r-1"));
    assert_eq!(description.as_ref().unwrap().len(), 255);
    let refusal = story.sale().plan_undo(&wish(256), story.now).unwrap_err();
    assert_eq!(refusal.to_string(), "description has 256, allowed are 0 to 255 characters");
}

#[test]
fn an_open_undo_keeps_others_from_moving_money_and_goods() {
    let mut story = part_captured();
    let undo = story.request_undo();
    assert_eq!(state(&story, undo), IntentState::Requested);
    let refusal = story.refusal(capture_amount(1));
    assert_eq!(refusal, Refusal::UndoInProgress { intent: undo });
    assert_eq!(
        (refusal.to_string(), refusal.code()),
        (format!("undo {undo} is under way: wait for its end"), "act_in_progress")
    );
    assert_eq!(self::refusal(&story), Refusal::UndoInProgress { intent: undo });
    assert!(story.sale().decide(crate::wishes::simplest_references(), story.now).is_ok());
    let may = may_ship(&story.sale(), story.now);
    assert_eq!((may.allowed, may.reason), (false, MayShipReason::OutcomeUnknown));

    let release = story.request_undo_act();
    assert_eq!(story.undo_step(), UndoStep::Wait);
    story.lose_sight(release, true);
    assert_eq!(state(&story, undo).as_str(), "unknown");
    assert_eq!(story.undo_step(), UndoStep::Wait);
    story.need_human(release);
    assert_eq!(state(&story, undo).as_str(), "needs_human");
    assert!(story.sale().attention().is_some());
    story.finish(release);
    assert_eq!(state(&story, undo), IntentState::Requested, "the refund is still to come");
    story.finish_undo();
    assert_eq!(state(&story, undo), IntentState::Done(Outcome::Changed));
    assert_eq!(story.amounts(), (54_950, 24_983, 24_983, 0));
    let sale = story.sale();
    assert_eq!(sale.undos[&undo].steps.len(), 2);
    for step in &sale.undos[&undo].steps {
        assert_eq!(sale.intents[step].part_of, Some(undo));
    }
    assert!(matches!(self::refusal(&story), Refusal::NothingToUndo { .. }));
}

#[test]
fn a_refused_act_is_planned_anew_once_the_order_was_read() {
    let mut story = Story::placed(cart());
    let undo = story.request_undo();
    let cancel = story.request_undo_act();
    story.refuse(cancel);
    assert_eq!(story.undo_step(), UndoStep::ReadOrder);
    // Somebody cancelled it in Klarna's portal.
    story.read(|read| "CANCELLED".clone_into(&mut read.status));
    assert_eq!(story.undo_step(), UndoStep::End(Event::UndoDone { intent: undo }));
}

#[test]
fn a_second_refusal_of_the_same_ends_it_with_klarnas_words() {
    let mut story = part_captured();
    let undo = story.request_undo();
    let release = story.request_undo_act();
    story.refuse(release);
    story.read(|_| ());
    let again = story.request_undo_act();
    assert_ne!(again, release);
    story.refuse(again);
    assert_eq!(story.undo_step(), UndoStep::ReadOrder, "it may still turn out to be done");
    story.read(|_| ());
    let end = Event::UndoRefused { intent: undo, refused: refused("NOT_ALLOWED") };
    assert_eq!(story.undo_step(), UndoStep::End(end.clone()));
    story.push(end);
    assert_eq!(state(&story, undo), IntentState::Refused(refused("NOT_ALLOWED")));
    assert!(story.sale().may_undo(story.now).is_ok(), "another try is another undo");
}

#[test]
fn a_refusal_of_one_act_does_not_count_against_the_next() {
    let mut story = part_captured();
    story.request_undo();
    let release = story.request_undo_act();
    story.refuse(release);
    story.read(|_| ());
    let release = story.request_undo_act();
    story.finish(release);
    let refund = story.request_undo_act();
    story.refuse(refund);
    story.read(|_| ());
    assert!(matches!(story.undo_step(), UndoStep::Act(Act::Refund { .. })));
}

#[test]
fn events_of_an_undo_that_cannot_be() {
    let mut early = Story::authorized(cart());
    early.request_undo();
    assert!(early.problem().ends_with("there is no order yet"), "{}", early.problem());

    let mut story = part_captured();
    let undo = story.request_undo();
    let mut second = story.clone();
    let other = second.request_undo();
    let problem = format!("{other} is requested while {undo} is not over");
    assert!(second.problem().ends_with(&problem), "{}", second.problem());

    let release = story.request_undo_act();
    let mut hasty = story.clone();
    hasty.push(Event::UndoDone { intent: undo });
    let problem = format!("{undo} is over before its act {release}");
    assert!(hasty.problem().ends_with(&problem), "{}", hasty.problem());

    story.finish(release);
    story.finish_undo();
    let mut twice = story.clone();
    twice.push(Event::UndoDone { intent: undo });
    assert!(twice.problem().ends_with(&format!("{undo} is already over")), "{}", twice.problem());
    let mut again = story.clone();
    again.push(Event::UndoRequested { intent: undo, reference: None, description: None });
    assert!(again.problem().ends_with(&format!("{undo} is requested twice")));

    let nobody = IntentId(Uuid::from_u128(999));
    for part_of in [undo, nobody] {
        let mut late = story.clone();
        let (act, idempotency_key) = (Act::Extend, "key".to_owned());
        late.push(Event::Requested {
            intent: nobody,
            act,
            idempotency_key,
            part_of: Some(part_of),
        });
        let expected = if part_of == undo { "already over" } else { "was never requested" };
        assert!(late.problem().contains(expected), "{}", late.problem());
    }
}

#[test]
fn an_undone_order_that_klarna_accepts_late_stays_cancelled_and_a_person_is_told() {
    let mut story = Story::placed(cart());
    story.read(|read| read.fraud_status = FraudStatus::Pending);
    story.request_undo();
    story.finish_undo();
    story.read(|read| {
        "AUTHORIZED".clone_into(&mut read.status);
        read.fraud_status = FraudStatus::Accepted;
    });
    let sale = story.sale();
    assert_eq!(sale.order.as_ref().unwrap().status(story.now).as_str(), "CANCELLED");
    assert_eq!(may_ship(&sale, story.now).reason, MayShipReason::Cancelled);
    assert_eq!(sale.allowed_acts(story.now), []);
    assert_eq!(
        sale.difference().as_deref(),
        Some("status is CANCELLED here and AUTHORIZED at Klarna")
    );
}
