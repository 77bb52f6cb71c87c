//! What Klarna says when the order is read: what is taken over, and what is only compared.

use kvitt_core::{CheckoutStatus, Event, FraudStatus, IntentState, OrderStatus, Wish};

use crate::support::{Story, capture, cart, expiry, pick, refund, time};

#[test]
fn a_read_that_agrees_is_no_difference() {
    let mut story = Story::placed(cart());
    assert_eq!(story.sale().difference(), None);
    story.act(capture(&[pick("l1", 1)]));
    story.read(|_| ());
    story.act(refund(&[]));
    story.read(|_| ());
    assert_eq!(story.sale().difference(), None);
    story.act(Wish::Release);
    story.read(|_| ());
    assert_eq!(story.sale().difference(), None);
    // It is not documented whether Klarna lowers the total of a released order.
    story.read(|read| read.order_amount = 24_900);
    assert_eq!(story.sale().difference(), None);
    let mut cancelled = Story::placed(cart());
    cancelled.act(Wish::Cancel);
    // Recorded: a cancelled order keeps what was left.
    cancelled.read(|read| read.remaining_authorized_amount = 54_950);
    assert_eq!(cancelled.sale().difference(), None);
}

#[test]
fn a_read_that_differs_says_where() {
    type Change = fn(&mut kvitt_core::OrderSnapshot);
    let cases: [(Change, &str); 4] = [
        (|it| it.order_amount = 54_949, "order_amount is 54950 here and 54949 at Klarna"),
        (|it| it.captured_amount = 24_900, "captured_amount is 0 here and 24900 at Klarna"),
        (|it| it.refunded_amount = 1, "refunded_amount is 0 here and 1 at Klarna"),
        (
            |it| it.remaining_authorized_amount = 0,
            "remaining_authorized_amount is 54950 here and 0 at Klarna",
        ),
    ];
    for (change, text) in cases {
        let mut story = Story::placed(cart());
        story.read(change);
        assert_eq!(story.sale().difference().as_deref(), Some(text));
        // Other news does not make it disappear; the next read that agrees does.
        story.push(Event::ShipmentStopped);
        assert_eq!(story.sale().difference().as_deref(), Some(text));
        story.read(|_| ());
        assert_eq!(story.sale().difference(), None);
    }
}

#[test]
fn a_read_is_compared_with_what_it_could_know() {
    // All of it in the same instant, as under a clock that stands still.
    let mut story = Story::placed(cart());
    let now = story.now;
    let still = |story: &mut Story| story.now = now;
    story.read(|_| ());
    still(&mut story);
    let intent = story.request(capture(&[pick("l1", 1)]));
    assert_eq!(story.sale().difference(), None);
    still(&mut story);
    story.finish(intent);
    assert_eq!(story.sale().difference(), None);
    still(&mut story);
    story.read(|read| read.captured_amount = 0);
    let text = "captured_amount is 24900 here and 0 at Klarna";
    assert_eq!(story.sale().difference().as_deref(), Some(text));
    // While an act is open, Klarna may be a step ahead.
    still(&mut story);
    let intent = story.request(capture(&[pick("l1", 1)]));
    story.read(|read| read.captured_amount = 49_800);
    assert_eq!(story.sale().difference(), None);
    story.finish(intent);
    assert_eq!(story.sale().difference(), None);
    story.read(|read| read.captured_amount = 49_801);
    assert!(story.sale().difference().is_some());
    // What moves no money does not matter.
    let kind = kvitt_core::ActKind::UpdateReferences;
    story.act(crate::wishes::simplest(kind, &story.sale()));
    assert!(story.sale().difference().is_some());
}

#[test]
fn the_latest_word_on_fraud_counts() {
    let mut story = Story::placed(cart());
    for word in ["PENDING", "REJECTED", "accepted", "A_NEW_WORD", "ACCEPTED"] {
        story.read(|read| read.fraud_status = word.to_owned().into());
        let order = story.sale().order.unwrap();
        let known = order.fraud_status.as_str().eq_ignore_ascii_case(word);
        assert!(known, "{word} is kept");
    }
    let other = FraudStatus::from("A_NEW_WORD".to_owned());
    assert_eq!(other, FraudStatus::Other("A_NEW_WORD".to_owned()));
    assert_eq!(FraudStatus::from("accepted".to_owned()), FraudStatus::Accepted);
    assert_eq!(String::from(other), "A_NEW_WORD");
}

#[test]
fn what_a_read_does_not_say_stays() {
    let mut story = Story::placed(cart());
    story.read(|read| {
        read.expires_at = None;
        read.klarna_reference = None;
    });
    let order = story.sale().order.unwrap();
    assert_eq!(order.expires_at, Some(expiry()));
    assert_eq!(order.klarna_reference.as_deref(), Some("KR-1"));
    let (snapshot, at) = order.last_read.unwrap();
    assert_eq!((snapshot.expires_at, at), (None, story.events.last().unwrap().at));
}

#[test]
fn an_end_at_klarna_is_the_end_here() {
    let mut cancelled = Story::placed(cart());
    cancelled.read(|read| "CANCELLED".clone_into(&mut read.status));
    assert_eq!(cancelled.amounts(), (54_950, 0, 0, 0));
    assert_eq!(cancelled.sale().order.unwrap().status(cancelled.now), OrderStatus::Cancelled);
    assert_eq!(cancelled.refusal(capture(&[])).code(), "wrong_status");
    // A late read of before does not revive it.
    cancelled.read(|read| "AUTHORIZED".clone_into(&mut read.status));
    assert_eq!(cancelled.sale().order.unwrap().status(cancelled.now), OrderStatus::Cancelled);

    let mut expired = Story::placed(cart());
    let at = expired.now;
    expired.read(|read| "EXPIRED".clone_into(&mut read.status));
    let order = expired.sale().order.unwrap();
    assert_eq!(order.expires_at, Some(at));
    assert_eq!(order.status(at), OrderStatus::Expired);
    assert_eq!(expired.amounts(), (54_950, 0, 0, 0));
    // One that is known to have expired earlier did so then; one of unknown expiry expires now.
    let mut expired = Story::placed(cart());
    expired.now = expiry() + jiff::SignedDuration::from_hours(1);
    expired.read(|_| ());
    assert_eq!(expired.sale().order.unwrap().expires_at, Some(expiry()));
    let mut unread = Story::authorized(cart());
    unread.act(Wish::Place);
    let at = unread.now;
    unread.read(|read| {
        "EXPIRED".clone_into(&mut read.status);
        read.expires_at = None;
    });
    assert_eq!(unread.sale().order.unwrap().expires_at, Some(at));
}

#[test]
fn what_a_person_must_look_at() {
    let mut story = Story::placed(cart());
    assert_eq!(story.sale().attention(), None);
    let intent = story.request(capture(&[]));
    assert_eq!(story.sale().attention(), None);
    story.lose_sight(intent, false);
    assert_eq!(
        story.sale().attention(),
        Some(format!(
            "outcome of capture {intent} is not known yet: the answer did not come in time"
        ))
    );
    let stored = |story: &Story| story.sale().intents[&intent].clone();
    assert!(!stored(&story).may_have_taken_effect());
    assert_eq!((stored(&story).attempts(), stored(&story).state.as_str()), (1, "unknown"));
    story.push(Event::OutcomeUnknown {
        intent,
        attempt: 2,
        problem: "500".to_owned(),
        may_have_taken_effect: true,
        evidence: kvitt_core::Evidence::default(),
    });
    assert!(stored(&story).may_have_taken_effect());
    assert_eq!(stored(&story).attempts(), 2);
    // One call that surely did not arrive does not unsay one that may have.
    story.lose_sight(intent, false);
    assert!(stored(&story).may_have_taken_effect());
    story.need_human(intent);
    assert_eq!(story.sale().attention().as_deref(), Some("look at the order at Klarna"));
    assert!(stored(&story).may_have_taken_effect());
    assert_eq!((stored(&story).attempts(), stored(&story).state.as_str()), (0, "needs_human"));
    // Nor does a person's having been asked.
    story.lose_sight(intent, false);
    assert!(stored(&story).may_have_taken_effect());
    story.finish(intent);
    assert_eq!(story.sale().attention(), None);
    assert!(!stored(&story).may_have_taken_effect());
    assert!(matches!(stored(&story).state, IntentState::Done(_)));
    assert_eq!(stored(&story).idempotency_key, format!("key-{}", intent.0));
}

#[test]
fn a_session_is_opened_updated_and_lost() {
    let mut story = Story::authorized(cart());
    let session = story.sale().session.unwrap();
    assert_eq!((session.session_id.as_str(), session.cart_version), ("session-1", 1));
    assert_eq!(session.expires_at, time("2026-01-03T12:00:00Z"));
    let updated = |session_id: &str| Event::SessionUpdated {
        session_id: session_id.to_owned(),
        cart_version: 2,
        evidence: kvitt_core::Evidence::default(),
    };
    let lost = |session_id: &str| Event::SessionLost {
        session_id: session_id.to_owned(),
        evidence: kvitt_core::Evidence::default(),
    };
    // News of another session is no news of this one.
    story.push(updated("session-0"));
    story.push(lost("session-0"));
    assert_eq!(story.sale().session, Some(session));
    story.push(Event::SessionRefused { refused: crate::support::refused("BAD_VALUE") });
    story.push(updated("session-1"));
    assert_eq!(story.sale().session.unwrap().cart_version, 2);
    story.push(lost("session-1"));
    assert_eq!(story.sale().session, None);
    assert_eq!(story.sale().checkout_status(), CheckoutStatus::Authorized);
}
