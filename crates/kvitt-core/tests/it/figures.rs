//! What a sale adds to the figures of its days.

use jiff::{SignedDuration, Timestamp};
use kvitt_core::{Figures, Wish};

use crate::support::{Story, capture, cart, pick, refund_amount, time};

/// Kind, day, part, count and amount of each.
fn told(figures: &Figures) -> Vec<(&'static str, String, &str, i64, i64)> {
    figures
        .iter()
        .map(|(key, tally)| {
            assert_eq!((key.account.as_str(), key.purchase_currency.as_str()), ("main", "SEK"));
            let day = key.day.to_string();
            (key.kind.as_str(), day, key.part.as_str(), tally.count, tally.amount)
        })
        .collect()
}

fn on(story: &mut Story, at: Timestamp) {
    story.now = at;
}

#[test]
fn a_checkout_adds_nothing() {
    assert_eq!(Story::authorized(cart()).sale().figures(), Figures::new());
}

#[test]
fn each_thing_counts_on_its_own_day_and_on_that_of_the_order() {
    let mut story = Story::placed(cart());
    let placed = story.sale().order.unwrap().placed_at;
    assert_eq!(placed.to_string()[..10], *"2026-01-01");
    let end = story.sale().order.unwrap().expires_at.unwrap().to_string()[..10].to_owned();
    let day = |text: &str| text.to_owned();
    assert_eq!(
        told(&story.sale().figures()),
        [
            ("authorized", day("2026-01-01"), "", 1, 54_950),
            ("open", day("2026-01-01"), end.as_str(), 1, 54_950),
        ]
    );

    on(&mut story, time("2026-01-02T23:59:50Z"));
    // One shirt and one cup: 249.83.
    story.act(capture(&[pick("l1", 1), pick("l2", 1)]));
    on(&mut story, time("2026-01-05T00:00:00Z"));
    story.act(refund_amount(10_000));
    story.act(refund_amount(4_983));
    let figures = story.sale().figures();
    assert_eq!(
        told(&figures),
        [
            ("authorized", day("2026-01-01"), "", 1, 54_950),
            ("captured", day("2026-01-02"), "", 1, 24_983),
            ("refunded", day("2026-01-05"), "", 2, 14_983),
            ("captured_of_placed", day("2026-01-01"), "", 1, 24_983),
            ("refunded_of_placed", day("2026-01-01"), "", 2, 14_983),
            ("open", day("2026-01-01"), end.as_str(), 1, 29_967),
        ]
    );

    story.act(Wish::Release);
    let released = story.sale().figures();
    assert!(!told(&released).iter().any(|figure| figure.0 == "open"), "{released:?}");
}

#[test]
fn what_klarna_refuses_counts_by_its_reason() {
    let mut story = Story::placed(cart());
    story.now += SignedDuration::from_hours(24);
    for _ in 0..2 {
        let intent = story.request(capture(&[]));
        story.refuse(intent);
    }
    let figures = story.sale().figures();
    let refused: Vec<_> = told(&figures).into_iter().filter(|it| it.0 == "refused").collect();
    let day = "2026-01-02".to_owned();
    assert_eq!(refused, [("refused", day, "capture NOT_ALLOWED", 2, 0)]);
}
