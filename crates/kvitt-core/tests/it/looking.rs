//! When a sale is looked at, with nobody telling that anything happened.

use jiff::SignedDuration;
use kvitt_core::{
    CheckoutStatus, Event, ExpiryPolicy, FraudStatus, Look, RELEASE_BEFORE_EXPIRY, Refusal, Wish,
};

use crate::support::{Story, capture, cart, evidence, expiry, time};

/// Alarms before the end are another matter.
fn quiet() -> ExpiryPolicy {
    ExpiryPolicy { alarm_before: Vec::new(), ..ExpiryPolicy::default() }
}

fn due(story: &Story) -> Vec<Look> {
    story.sale().due_looks(&quiet(), story.now).collect()
}

/// Moves the clock to the next look and says how long that was.
fn wait(story: &mut Story) -> SignedDuration {
    let at = story.sale().next_look(&quiet()).expect("a next look");
    let waited = at.duration_since(story.now);
    story.now = at;
    waited
}

fn read_as(story: &mut Story, fraud_status: &FraudStatus) {
    story.read(|read| read.fraud_status = fraud_status.clone());
}

#[test]
fn an_open_order_is_read_ever_more_seldom_and_at_least_once_a_day() {
    let mut story = Story::placed(cart());
    let mut pauses = Vec::new();
    while story.now < expiry() - SignedDuration::from_hours(48) {
        pauses.push(wait(&mut story));
        assert_eq!(due(&story), [Look::ReadOrder]);
        read_as(&mut story, &FraudStatus::Accepted);
        assert!(due(&story).is_empty(), "it was just read");
    }
    let longest = SignedDuration::from_hours(27);
    assert!(pauses[0] >= SignedDuration::from_mins(9), "{:?}", pauses[0]);
    assert!(pauses[0] <= SignedDuration::from_mins(11), "{:?}", pauses[0]);
    assert!(pauses.iter().all(|pause| *pause <= longest), "{pauses:?}");
    assert!(pauses.last() > Some(&SignedDuration::from_hours(23)), "{pauses:?}");
    assert!(pauses.len() < 50, "{} reads in 26 days", pauses.len());
}

#[test]
fn a_review_is_followed_at_least_hourly() {
    let mut story = Story::placed(cart());
    read_as(&mut story, &FraudStatus::Pending);
    for _ in 0..40 {
        let waited = wait(&mut story);
        assert!(waited <= SignedDuration::from_mins(67), "{waited}");
        read_as(&mut story, &FraudStatus::Pending);
    }
}

#[test]
fn what_can_no_longer_change_by_itself_is_left_alone() {
    let mut captured = Story::placed(cart());
    let intent = captured.request(capture(&[]));
    captured.finish(intent);
    read_as(&mut captured, &FraudStatus::Accepted);
    assert_eq!(captured.sale().next_look(&quiet()), None);

    let mut cancelled = Story::placed(cart());
    let intent = cancelled.request(Wish::Cancel);
    cancelled.finish(intent);
    assert_eq!(cancelled.sale().next_look(&quiet()), None);
}

#[test]
fn an_order_in_doubt_is_looked_at_whatever_its_state() {
    let mut story = Story::placed(cart());
    let intent = story.request(Wish::Cancel);
    story.lose_sight(intent, true);
    story.read(|read| "CANCELLED".clone_into(&mut read.status));
    assert!(story.sale().next_look(&quiet()).is_some());
}

#[test]
fn an_authorization_that_places_nothing_is_given_back_before_it_dies() {
    let story = Story::authorized(cart());
    let expires_at = story.sale().authorizations[0].expires_at;
    let mut story = story;
    assert!(due(&story).is_empty());
    wait(&mut story);
    assert_eq!(story.now, expires_at - RELEASE_BEFORE_EXPIRY);
    assert_eq!(due(&story), [Look::ReleaseAuthorizations]);
    assert_eq!(story.sale().losing_authorizations(story.now).count(), 1);
    story.push(Event::AuthorizationReleased {
        authorization: story.sale().authorizations[0].digest.clone(),
        evidence: evidence("cancel_authorization", 204),
    });
    // The shopper may authorize again in the same session.
    assert_eq!(due(&story), [Look::ReadSession]);
}

#[test]
fn a_session_is_read_twice_and_before_a_token_of_its_first_hour_and_a_half_can_die() {
    let mut story = Story::created(cart());
    story.push(Event::SessionOpened {
        session_id: "session-1".to_owned(),
        expires_at: time("2026-01-03T12:00:00Z"),
        cart_version: 1,
        payment_method_categories: Vec::new(),
        evidence: evidence("createCreditSession", 200),
    });
    let mut waits = Vec::new();
    while story.sale().next_look(&quiet()).is_some() {
        waits.push(wait(&mut story));
        assert_eq!(due(&story), [Look::ReadSession]);
        let session_id = "session-1".to_owned();
        let evidence = evidence("readCreditSession", 200);
        story.push(Event::SessionRead { session_id, evidence });
    }
    let [first, second] = waits[..] else { panic!("{waits:?}") };
    assert!(first >= SignedDuration::from_mins(29) && first <= SignedDuration::from_mins(33));
    assert!(second < SignedDuration::from_mins(60), "{second}");
}

#[test]
fn a_session_with_an_order_that_nobody_knows_is_not_read_and_places_nothing() {
    let mut story = Story::authorized(cart());
    let evidence = evidence("readCreditSession", 200);
    story.push(Event::SessionCompleted { session_id: "session-1".to_owned(), evidence });
    let sale = story.sale();
    assert_eq!(sale.next_look(&quiet()), None);
    assert_eq!(sale.decide(Wish::Place, story.now), Err(Refusal::OrderUnknown));
    assert_eq!(sale.checkout_status(), CheckoutStatus::Placing);
    assert!(sale.attention().unwrap().contains("tell it"), "{:?}", sale.attention());
}

/// The placing of the first is in doubt, and may be for as long as nobody settles it.
#[test]
fn an_authorization_beside_a_placing_in_doubt_is_given_back_before_it_dies() {
    for superseded in [false, true] {
        let mut story = Story::authorized(cart());
        let (placing, other) = if superseded {
            story.authorize("digest-2", 1);
            ("digest-2", "digest-1")
        } else {
            ("digest-1", "digest-2")
        };
        let intent = story.request(Wish::Place);
        story.need_human(intent);
        if !superseded {
            assert_eq!(story.sale().next_look(&quiet()), None, "the one that may have placed");
            story.authorize("digest-2", 1);
        }
        wait(&mut story);
        assert_eq!(story.now, story.sale().authorizations[0].expires_at - RELEASE_BEFORE_EXPIRY);
        assert_eq!(due(&story), [Look::ReleaseAuthorizations]);
        let sale = story.sale();
        let lost: Vec<_> = sale.losing_authorizations(story.now).map(|it| &it.digest).collect();
        assert_eq!(lost, [other], "{placing} may have placed");
        story.push(Event::AuthorizationReleased {
            authorization: other.to_owned(),
            evidence: crate::support::evidence("cancel_authorization", 204),
        });
        assert_eq!(story.sale().next_look(&quiet()), None);
    }
}
