//! An order's state and sums, over its life and at its end.

use jiff::{SignedDuration, Timestamp};
use kvitt_core::{AuthorizationWish, OrderStatus, Wish};

use crate::support::{Story, capture, capture_amount, cart, cart_of, expiry, line, pick, shown};

#[track_caller]
fn is_at(story: &Story, at: Timestamp, status: OrderStatus, sums: (i64, i64, i64, i64)) {
    let order = story.sale().order.unwrap();
    assert_eq!((order.status(at), shown(&order.amounts(at))), (status, sums));
}

#[test]
fn never_captured_it_expires() {
    let story = Story::placed(cart());
    let just_before = expiry() - SignedDuration::from_nanos(1);
    is_at(&story, just_before, OrderStatus::Authorized, (54_950, 0, 0, 54_950));
    is_at(&story, expiry(), OrderStatus::Expired, (54_950, 0, 0, 0));
    is_at(&story, Timestamp::MAX, OrderStatus::Expired, (54_950, 0, 0, 0));
}

#[test]
fn captured_in_part_it_ends_captured() {
    let mut story = Story::placed(cart());
    story.act(capture(&[pick("l1", 1)]));
    let just_before = expiry() - SignedDuration::from_nanos(1);
    is_at(&story, just_before, OrderStatus::PartCaptured, (54_950, 24_900, 0, 30_050));
    is_at(&story, expiry(), OrderStatus::Captured, (54_950, 24_900, 0, 0));
}

#[test]
fn captured_as_a_whole_the_clock_does_not_matter() {
    let mut story = Story::placed(cart());
    story.act(capture(&[]));
    for at in [Timestamp::MIN, expiry(), Timestamp::MAX] {
        is_at(&story, at, OrderStatus::Captured, (54_950, 54_950, 0, 0));
    }
}

#[test]
fn released_or_cancelled_the_clock_does_not_matter() {
    let mut story = Story::placed(cart());
    story.act(capture_amount(1));
    story.act(Wish::Release);
    let mut cancelled = Story::placed(cart());
    cancelled.act(Wish::Cancel);
    for at in [Timestamp::MIN, expiry(), Timestamp::MAX] {
        is_at(&story, at, OrderStatus::Captured, (54_950, 1, 0, 0));
        is_at(&cancelled, at, OrderStatus::Cancelled, (54_950, 0, 0, 0));
    }
}

#[test]
fn without_a_known_expiry_it_does_not_expire() {
    let mut story = Story::authorized(cart());
    story.act(Wish::Place);
    is_at(&story, Timestamp::MAX, OrderStatus::Authorized, (54_950, 0, 0, 54_950));
}

#[test]
fn lowered_to_what_was_captured_it_is_captured() {
    let mut story = Story::placed(cart());
    story.act(capture(&[pick("l1", 1)]));
    story.act(Wish::UpdateAuthorization(AuthorizationWish {
        cart: cart_of(vec![line("Shirt", 24_900, 1)]),
        description: None,
    }));
    is_at(&story, story.now, OrderStatus::Captured, (24_900, 24_900, 0, 0));
}

#[test]
fn an_extension_counts_once_it_is_read() {
    let mut story = Story::placed(cart());
    story.act(Wish::Extend);
    let later = expiry() + SignedDuration::from_hours(24);
    is_at(&story, expiry(), OrderStatus::Expired, (54_950, 0, 0, 0));
    story.read(|read| read.expires_at = Some(later));
    is_at(&story, expiry(), OrderStatus::Authorized, (54_950, 0, 0, 54_950));
    is_at(&story, later, OrderStatus::Expired, (54_950, 0, 0, 0));
}

#[test]
fn the_words_are_klarnas() {
    let words = [
        (OrderStatus::Authorized, "AUTHORIZED"),
        (OrderStatus::PartCaptured, "PART_CAPTURED"),
        (OrderStatus::Captured, "CAPTURED"),
        (OrderStatus::Cancelled, "CANCELLED"),
        (OrderStatus::Expired, "EXPIRED"),
    ];
    for (status, word) in words {
        assert_eq!(status.as_str(), word);
        assert_eq!(serde_json::to_value(status).unwrap(), word);
    }
}
