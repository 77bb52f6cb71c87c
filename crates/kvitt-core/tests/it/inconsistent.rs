//! Events that make no sense are named, with their number, and fold to no sale.

use kvitt_core::{
    Act, CheckoutStatus, Event, Evidence, IntentId, LinePart, Outcome, Sale, SaleId, Wish,
};
use uuid::Uuid;

use crate::support::{SALE, Story, capture, cart, line, refund, terms};

const NAME: &str = "the events of chk_00000000000000000000000000000001 do not make sense at number";

fn captures(captured_amount: i64) -> Act {
    Act::Capture {
        captured_amount,
        lines: Vec::new(),
        reference: None,
        description: None,
        shipping_info: Vec::new(),
        is_final: false,
    }
}

fn refunds(refunded_amount: i64) -> Act {
    Act::Refund { refunded_amount, lines: Vec::new(), reference: None, description: None }
}

#[test]
fn no_events_are_no_sale() {
    assert_eq!(Sale::fold(SALE, &[]), Ok(None));
}

#[test]
fn a_gap_a_repetition_and_a_wrong_beginning() {
    let story = Story::placed(cart());
    let mut gap = story.clone();
    gap.events.remove(2);
    assert_eq!(gap.problem(), format!("{NAME} 4: it follows number 2"));
    let mut twice = story.clone();
    twice.events.insert(2, twice.events[1].clone());
    assert_eq!(twice.problem(), format!("{NAME} 2: it follows number 2"));
    let mut headless = story.clone();
    headless.events.remove(0);
    assert_eq!(headless.problem(), format!("{NAME} 2: a sale begins with checkout_created"));
    let mut late = Story::created(cart());
    late.events[0].seq = 2;
    assert_eq!(late.problem(), format!("{NAME} 2: a sale begins with checkout_created"));
    let mut wrong = Story::created(cart());
    wrong.events[0].event = Event::CheckoutAbandoned;
    assert_eq!(wrong.problem(), format!("{NAME} 1: a sale begins with checkout_created"));
    let mut again = Story::created(cart());
    again.push(Event::CheckoutCreated { terms: terms(), cart: cart() });
    assert_eq!(again.problem(), format!("{NAME} 2: a sale is created once"));
    let problem = again.fold().unwrap_err();
    assert_eq!((problem.sale, problem.seq), (SaleId(Uuid::from_u128(1)), 2));
}

#[test]
fn an_intent_that_is_wanted_twice_settled_twice_or_never_wanted() {
    let mut story = Story::placed(cart());
    let intent = story.request(capture(&[]));
    let number = story.events.len() + 1;
    let mut twice = story.clone();
    let idempotency_key = "key".to_owned();
    twice.push(Event::Requested { intent, act: captures(1), idempotency_key, part_of: None });
    assert_eq!(twice.problem(), format!("{NAME} {number}: {intent} is requested twice"));
    story.finish(intent);
    let number = number + 1;
    let settle: [fn(&mut Story, IntentId); 4] = [
        |story, intent| story.finish(intent),
        |story, intent| story.refuse(intent),
        |story, intent| story.lose_sight(intent, true),
        |story, intent| story.need_human(intent),
    ];
    for settle in settle {
        let mut story = story.clone();
        settle(&mut story, intent);
        assert_eq!(story.problem(), format!("{NAME} {number}: {intent} is already done"));
    }
    let mut refused = Story::placed(cart());
    let intent = refused.request(capture(&[]));
    refused.refuse(intent);
    refused.finish(intent);
    assert_eq!(refused.problem(), format!("{NAME} 9: {intent} is already refused"));
    let mut unknown = Story::placed(cart());
    let intent = IntentId(Uuid::from_u128(77));
    unknown.refuse(intent);
    assert_eq!(unknown.problem(), format!("{NAME} 7: {intent} was never requested"));
}

#[test]
fn an_outcome_of_another_act() {
    let outcomes = [
        Outcome::Placed {
            klarna_order_id: "klarna-1".to_owned(),
            fraud_status: kvitt_core::FraudStatus::Accepted,
            redirect_url: None,
            payment_method: None,
        },
        Outcome::Captured { capture_id: "cap-1".to_owned() },
        Outcome::Refunded { refund_id: "ref-1".to_owned() },
        Outcome::Changed,
    ];
    let acts = [
        (Act::Place { authorization: "digest-1".to_owned(), cart: cart() }, 0),
        (captures(1), 1),
        (refunds(1), 2),
        (Act::Cancel, 3),
        (Act::Release, 3),
        (Act::Extend, 3),
        (Act::UpdateAuthorization { cart: cart(), description: None }, 3),
        (Act::UpdateReferences { merchant_reference1: None, merchant_reference2: None }, 3),
        (Act::UpdateShippingAddress, 3),
        (Act::AddShippingInfo { capture_id: None, shipping_info: Vec::new() }, 3),
        (Act::TriggerSendOut { capture_id: "cap-1".to_owned() }, 3),
    ];
    for (act, fitting) in acts {
        for (index, outcome) in outcomes.iter().enumerate().filter(|(it, _)| *it != fitting) {
            let mut story = Story::placed(cart());
            let name = act.kind().as_str();
            let intent = story.force(act.clone());
            let evidence = Evidence::default();
            story.push(Event::Done { intent, outcome: outcome.clone(), evidence });
            let problem = format!("{NAME} 8: the outcome is not one of {name}");
            assert_eq!(story.problem(), problem, "{name} with outcome {index}");
        }
    }
}

#[test]
fn sums_that_break_a_law() {
    let check = |acts: &[Act], text: &str| {
        let mut story = Story::placed(cart());
        for act in acts {
            let intent = story.force(act.clone());
            story.finish(intent);
        }
        assert_eq!(story.problem(), format!("{NAME} {text}"));
    };
    check(&[captures(54_951)], "8: captured 54951 of 54950 authorized");
    check(&[captures(50_000), captures(4_951)], "10: captured 54951 of 54950 authorized");
    check(&[refunds(1)], "8: refunded 1 of 0 captured");
    check(&[captures(100), refunds(100), refunds(1)], "12: refunded 101 of 100 captured");
    let smaller = crate::support::cart_of(vec![line("Shirt", 24_900, 1)]);
    let update = Act::UpdateAuthorization { cart: smaller, description: None };
    check(&[captures(24_901), update.clone()], "10: captured 24901 of 24900 authorized");
    // Numbers that no sum can hold.
    check(&[captures(i64::MAX)], "8: captured 9223372036854775807 of 54950 authorized");
    check(
        &[captures(54_950), captures(i64::MAX)],
        "10: captured 9223372036854775807 of 54950 authorized",
    );
    check(
        &[captures(1), refunds(1), refunds(i64::MAX)],
        "12: refunded 9223372036854775807 of 1 captured",
    );
    for amount in [0, -1, i64::MIN] {
        check(&[captures(amount)], &format!("8: captured_amount is {amount}"));
        check(&[captures(9), refunds(amount)], &format!("10: refunded_amount is {amount}"));
    }
    let mut fits = Story::placed(cart());
    for act in [captures(24_900), update, refunds(24_900)] {
        let intent = fits.force(act);
        fits.finish(intent);
    }
    assert_eq!(fits.amounts(), (24_900, 24_900, 24_900, 0));
}

#[test]
fn lines_that_are_not_worth_their_amount() {
    let part = |total: i64| {
        let mut line = line("Shirt", 24_900, 1).into_fields();
        line.total_amount = total;
        LinePart { line_id: kvitt_core::LineId("l1".to_owned()), line }
    };
    let with = |parts: &[i64]| Act::Capture {
        captured_amount: 24_900,
        lines: parts.iter().map(|total| part(*total)).collect(),
        reference: None,
        description: None,
        shipping_info: Vec::new(),
        is_final: false,
    };
    for (parts, worth) in
        [(vec![24_899], 24_899), (vec![24_900, 1], 24_901), (vec![i64::MAX, i64::MAX], i64::MAX)]
    {
        let mut story = Story::placed(cart());
        let intent = story.force(with(&parts));
        story.finish(intent);
        assert_eq!(
            story.problem(),
            format!("{NAME} 8: captured_amount is 24900, but its lines add up to {worth}")
        );
    }
    let mut story = Story::placed(cart());
    let intent = story.force(with(&[24_900]));
    story.finish(intent);
    let intent = story.force(Act::Refund {
        refunded_amount: 24_900,
        lines: vec![part(24_901)],
        reference: None,
        description: None,
    });
    story.finish(intent);
    assert_eq!(
        story.problem(),
        format!("{NAME} 10: refunded_amount is 24900, but its lines add up to 24901")
    );
}

#[test]
fn acts_on_an_order_that_is_not_there_and_a_second_order() {
    let acts = [
        captures(1),
        refunds(1),
        Act::Cancel,
        Act::Release,
        Act::Extend,
        Act::UpdateAuthorization { cart: cart(), description: None },
        Act::UpdateReferences { merchant_reference1: None, merchant_reference2: None },
        Act::UpdateShippingAddress,
        Act::AddShippingInfo { capture_id: None, shipping_info: Vec::new() },
        Act::AddShippingInfo { capture_id: Some("cap-1".to_owned()), shipping_info: Vec::new() },
        Act::TriggerSendOut { capture_id: "cap-1".to_owned() },
    ];
    for act in acts {
        let mut story = Story::authorized(cart());
        let intent = story.force(act);
        story.finish(intent);
        assert_eq!(story.problem(), format!("{NAME} 5: there is no order yet"));
    }
    let read = Story::placed(cart()).events.pop().unwrap().event;
    let mut unplaced = Story::authorized(cart());
    unplaced.push(read);
    assert_eq!(unplaced.problem(), format!("{NAME} 4: there is no order yet"));

    let mut second = Story::placed(cart());
    let intent = second.force(Act::Place { authorization: "digest-2".to_owned(), cart: cart() });
    assert_eq!(second.sale().checkout_status(), CheckoutStatus::Completed);
    second.finish(intent);
    assert_eq!(second.problem(), format!("{NAME} 8: a checkout has at most one order"));

    let mut nowhere = Story::placed(cart());
    let intent = nowhere.force(Act::AddShippingInfo {
        capture_id: Some("cap-1".to_owned()),
        shipping_info: Vec::new(),
    });
    nowhere.finish(intent);
    assert_eq!(nowhere.problem(), format!("{NAME} 8: there is no capture cap-1"));
}

#[test]
fn a_story_that_makes_sense_does() {
    let mut story = Story::placed(cart());
    story.act(capture(&[]));
    story.act(refund(&[]));
    assert_eq!(story.fold().unwrap().unwrap().version, 10);
    assert!(story.sale().decide(Wish::Cancel, story.now).is_err());
}
