//! Whether goods may leave, for every reason there is.

use jiff::{SignedDuration, Timestamp};
use kvitt_core::{Event, FraudStatus, MayShipReason, Wish, may_ship};

use crate::support::{Story, all_of, capture, cart, expiry, pick, refund};

#[track_caller]
fn says_at(story: &Story, at: Timestamp, reason: MayShipReason, sentence: &str) {
    let answer = may_ship(&story.sale(), at);
    assert_eq!((answer.reason, answer.reason.sentence()), (reason, sentence));
    let good = [MayShipReason::Authorized, MayShipReason::Captured];
    assert_eq!(answer.allowed, good.contains(&reason));
}

#[track_caller]
fn says(story: &Story, reason: MayShipReason, sentence: &str) {
    says_at(story, story.now, reason, sentence);
}

const AUTHORIZED: &str = "authorized and accepted by Klarna";
const CAPTURED: &str = "captured and accepted by Klarna";
const EXPIRED: &str = "the authorization has expired: what is not captured is not paid";
const IN_DOUBT: &str = "the outcome of the last act is not known yet: wait for it";
const CANCELLED: &str = "the order is cancelled";
const STOPPED: &str = "Klarna asked to stop the shipment";

#[test]
fn before_there_is_an_order() {
    let mut story = Story::authorized(cart());
    says(&story, MayShipReason::NoOrder, "there is no order yet");
    let intent = story.request(Wish::Place);
    story.lose_sight(intent, true);
    says(&story, MayShipReason::NoOrder, "there is no order yet");
    story.finish(intent);
    says(&story, MayShipReason::Authorized, AUTHORIZED);
}

#[test]
fn as_it_is_captured_and_refunded() {
    let mut story = Story::placed(cart());
    says(&story, MayShipReason::Authorized, AUTHORIZED);
    story.act(capture(&[pick("l1", 1)]));
    says(&story, MayShipReason::Authorized, AUTHORIZED);
    story.act(refund(&[]));
    // The rest is still to be captured and may leave.
    says(&story, MayShipReason::Authorized, AUTHORIZED);
    story.act(capture(&[]));
    says(&story, MayShipReason::Captured, CAPTURED);
    story.act(refund(&[all_of("l2")]));
    says(&story, MayShipReason::Captured, CAPTURED);
    story.act(refund(&[]));
    says(&story, MayShipReason::Refunded, "everything captured was refunded");
}

#[test]
fn by_klarnas_word_on_fraud() {
    let cases = [
        (
            FraudStatus::Pending,
            MayShipReason::FraudPending,
            "Klarna is still reviewing the order: wait for its decision",
        ),
        (
            FraudStatus::Rejected,
            MayShipReason::FraudRejected,
            "Klarna rejected the order: do not ship at Klarna's risk",
        ),
        (
            FraudStatus::Other("MISSING".to_owned()),
            MayShipReason::FraudUnknown,
            "Klarna's word on fraud is not known to this version: ask Klarna",
        ),
        (FraudStatus::Accepted, MayShipReason::Authorized, AUTHORIZED),
    ];
    let mut story = Story::placed(cart());
    for (fraud_status, reason, sentence) in cases {
        story.read(|read| read.fraud_status = fraud_status);
        says(&story, reason, sentence);
    }
    story.act(capture(&[]));
    story.read(|read| read.fraud_status = FraudStatus::Rejected);
    assert!(!may_ship(&story.sale(), story.now).allowed);
    story.read(|read| read.fraud_status = FraudStatus::Pending);
    story.push(Event::ShipmentStopped);
    says(&story, MayShipReason::Stopped, STOPPED);
    // An acceptance that was read afterwards does not lift it: the order cannot tell.
    story.read(|read| read.fraud_status = FraudStatus::Accepted);
    says(&story, MayShipReason::Stopped, STOPPED);
}

#[test]
fn by_the_clock() {
    let just_before = expiry() - SignedDuration::from_nanos(1);
    let mut story = Story::placed(cart());
    says_at(&story, just_before, MayShipReason::Authorized, AUTHORIZED);
    says_at(&story, expiry(), MayShipReason::Expired, EXPIRED);
    story.act(capture(&[pick("l1", 1)]));
    says_at(&story, just_before, MayShipReason::Authorized, AUTHORIZED);
    says_at(&story, expiry(), MayShipReason::Expired, EXPIRED);
    let mut released = story.clone();
    released.act(Wish::Release);
    says_at(&released, just_before, MayShipReason::Captured, CAPTURED);
    says_at(&released, expiry(), MayShipReason::Captured, CAPTURED);
    story.act(capture(&[]));
    says_at(&story, expiry(), MayShipReason::Captured, CAPTURED);
    let mut cancelled = Story::placed(cart());
    cancelled.act(Wish::Cancel);
    says_at(&cancelled, expiry(), MayShipReason::Cancelled, CANCELLED);
}

#[test]
fn while_an_act_is_in_doubt() {
    let mut story = Story::placed(cart());
    let intent = story.request(capture(&[]));
    says(&story, MayShipReason::Authorized, AUTHORIZED);
    story.lose_sight(intent, false);
    says(&story, MayShipReason::OutcomeUnknown, IN_DOUBT);
    story.need_human(intent);
    says(&story, MayShipReason::OutcomeUnknown, IN_DOUBT);
    story.finish(intent);
    says(&story, MayShipReason::Captured, CAPTURED);
    // What moves no money does not hold the goods back.
    let intent = story
        .request(crate::wishes::simplest(kvitt_core::ActKind::UpdateReferences, &story.sale()));
    story.lose_sight(intent, true);
    says(&story, MayShipReason::Captured, CAPTURED);
}

#[test]
fn while_klarna_has_other_amounts() {
    const DIFFERS: &str =
        "Klarna has other amounts for the order than those here: settle which are right first";
    let mut story = Story::placed(cart());
    story.read(|read| read.order_amount -= 1);
    says(&story, MayShipReason::DiffersAtKlarna, DIFFERS);
    story.read(|_| ());
    says(&story, MayShipReason::Authorized, AUTHORIZED);
    story.act(capture(&[]));
    story.read(|read| read.captured_amount -= 1);
    says(&story, MayShipReason::DiffersAtKlarna, DIFFERS);
}

#[test]
fn while_it_is_being_cancelled_and_afterwards() {
    let mut story = Story::placed(cart());
    let intent = story.request(Wish::Cancel);
    says(&story, MayShipReason::OutcomeUnknown, IN_DOUBT);
    let mut refused = story.clone();
    refused.refuse(intent);
    says(&refused, MayShipReason::Authorized, AUTHORIZED);
    story.finish(intent);
    says(&story, MayShipReason::Cancelled, CANCELLED);
    // Klarna's decision on fraud comes too late to change anything.
    for fraud_status in [FraudStatus::Pending, FraudStatus::Accepted] {
        story.read(|read| read.fraud_status = fraud_status);
        says(&story, MayShipReason::Cancelled, CANCELLED);
    }
}

#[test]
fn when_klarna_says_that_it_ended_elsewhere() {
    for (status, reason, sentence) in [
        ("CANCELLED", MayShipReason::Cancelled, CANCELLED),
        ("cancelled", MayShipReason::Cancelled, CANCELLED),
        ("EXPIRED", MayShipReason::Expired, EXPIRED),
        (
            "CLOSED",
            MayShipReason::StatusUnknown,
            "Klarna's word for the order's state is not known to this version: ask Klarna",
        ),
        (
            "",
            MayShipReason::StatusUnknown,
            "Klarna's word for the order's state is not known to this version: ask Klarna",
        ),
    ] {
        let mut story = Story::placed(cart());
        story.read(|read| status.clone_into(&mut read.status));
        says(&story, reason, sentence);
    }
    let mut story = Story::placed(cart());
    story.act(capture(&[]));
    story.read(|read| "closed".clone_into(&mut read.status));
    assert!(!may_ship(&story.sale(), story.now).allowed);
    story.read(|read| "captured".clone_into(&mut read.status));
    says(&story, MayShipReason::Captured, CAPTURED);
}

#[test]
fn the_answer_in_the_api() {
    let names = [
        (MayShipReason::Authorized, "authorized"),
        (MayShipReason::Captured, "captured"),
        (MayShipReason::NoOrder, "no_order"),
        (MayShipReason::FraudPending, "fraud_pending"),
        (MayShipReason::FraudRejected, "fraud_rejected"),
        (MayShipReason::FraudUnknown, "fraud_unknown"),
        (MayShipReason::Stopped, "stopped"),
        (MayShipReason::StatusUnknown, "status_unknown"),
        (MayShipReason::DiffersAtKlarna, "differs_at_klarna"),
        (MayShipReason::Cancelled, "cancelled"),
        (MayShipReason::Expired, "expired"),
        (MayShipReason::Refunded, "refunded"),
        (MayShipReason::OutcomeUnknown, "outcome_unknown"),
    ];
    for (reason, name) in names {
        assert_eq!(serde_json::to_value(reason).unwrap(), name);
    }
}
