//! A whole sale, its amounts written by hand.

use kvitt_core::{
    Act, ActKind, CheckoutStatus, IntentState, LinePart, OrderStatus, Outcome, ReferencesWish,
    RefundWish, ShippingInfo, Wish,
};

use crate::support::{
    Story, all_of, capture, capture_amount, cart, cart_of, expiry, line, pick, refund, shown,
};

/// Line, quantity, total, discount, tax.
fn parts(lines: &[LinePart]) -> Vec<(&str, i64, i64, i64, i64)> {
    lines
        .iter()
        .map(|LinePart { line_id, line }| {
            (
                line_id.0.as_str(),
                line.quantity,
                line.total_amount,
                line.total_discount_amount,
                line.total_tax_amount,
            )
        })
        .collect()
}

#[test]
fn from_checkout_to_release() {
    let mut story = Story::created(cart());
    assert_eq!(story.sale().checkout_status(), CheckoutStatus::Open);
    assert_eq!(story.sale().cart.cart().totals().order_amount, 54_950);
    assert_eq!(story.sale().cart.cart().totals().order_tax_amount, 10_990);

    story = Story::authorized(cart());
    assert_eq!(story.sale().checkout_status(), CheckoutStatus::Authorized);
    let place = story.request(Wish::Place);
    assert_eq!(story.sale().checkout_status(), CheckoutStatus::Placing);
    story.finish(place);
    assert_eq!(story.sale().checkout_status(), CheckoutStatus::Completed);
    assert_eq!(story.amounts(), (54_950, 0, 0, 54_950));
    let order = story.sale().order.unwrap();
    assert_eq!((order.klarna_order_id.as_str(), order.expires_at), ("klarna-1", None));
    assert_eq!(order.status(story.now), OrderStatus::Authorized);

    story.read(|_| ());
    let order = story.sale().order.unwrap();
    assert_eq!(order.expires_at, Some(expiry()));
    assert_eq!(order.klarna_reference.as_deref(), Some("KR-1"));
    assert_eq!(story.sale().difference(), None);

    // A shirt, a cup and the freight leave. A third of 0.50 off is 0.17.
    let first = story.act(capture(&[pick("l1", 1), pick("l2", 1), all_of("l3")]));
    let order = story.sale().order.unwrap();
    assert_eq!(order.captures[0].captured_amount, 29_883);
    assert_eq!(order.captures[0].intent, Some(first));
    assert_eq!(
        parts(&order.captures[0].lines),
        [("l1", 1, 24_900, 0, 4_980), ("l2", 1, 83, 17, 17), ("l3", 1, 4_900, 0, 980)]
    );
    assert_eq!(story.amounts(), (54_950, 29_883, 0, 25_067));
    assert_eq!(order.status(story.now), OrderStatus::PartCaptured);

    // Another cup. Of 0.33 off for two, 0.17 belong to the first.
    story.act(capture(&[pick("l2", 1)]));
    let order = story.sale().order.unwrap();
    assert_eq!(parts(&order.captures[1].lines), [("l2", 1, 83, 17, 17)]);
    assert_eq!(story.amounts(), (54_950, 29_966, 0, 24_984));

    // One of the two cups comes back.
    story.act(refund(&[pick("l2", 1)]));
    let order = story.sale().order.unwrap();
    assert_eq!(parts(&order.refunds[0].lines), [("l2", 1, 83, 17, 17)]);
    assert_eq!(order.refunds[0].refunded_amount, 83);
    assert_eq!(story.amounts(), (54_950, 29_966, 83, 24_984));
    assert_eq!(order.status(story.now), OrderStatus::PartCaptured);

    story.act(Wish::Release);
    assert_eq!(story.amounts(), (54_950, 29_966, 83, 0));
    let sale = story.sale();
    assert_eq!(sale.order.as_ref().unwrap().status(story.now), OrderStatus::Captured);
    assert_eq!(
        sale.allowed_acts(story.now),
        [
            ActKind::Refund,
            ActKind::UpdateReferences,
            ActKind::AddShippingInfo,
            ActKind::TriggerSendOut
        ]
    );
    assert_eq!(sale.attention(), None);
    assert_eq!(sale.version, story.events.len() as u64);
    assert_eq!(sale.updated_at, story.events.last().unwrap().at);
}

#[test]
fn the_last_piece_takes_what_the_others_left() {
    let mut story = Story::placed(cart());
    story.act(capture(&[pick("l2", 1)]));
    story.act(capture(&[pick("l2", 1)]));
    story.act(capture(&[]));
    let order = story.sale().order.unwrap();
    assert_eq!(
        parts(&order.captures[2].lines),
        [("l1", 2, 49_800, 0, 9_960), ("l2", 1, 84, 16, 16), ("l3", 1, 4_900, 0, 980)]
    );
    assert_eq!(story.amounts(), (54_950, 54_950, 0, 0));

    // Refunds pick from what was captured, whichever capture it was in.
    story.act(refund(&[pick("l2", 2)]));
    let order = story.sale().order.unwrap();
    assert_eq!(parts(&order.refunds[0].lines), [("l2", 2, 167, 33, 33)]);
    story.act(refund(&[]));
    let order = story.sale().order.unwrap();
    assert_eq!(
        parts(&order.refunds[1].lines),
        [("l1", 2, 49_800, 0, 9_960), ("l2", 1, 83, 17, 17), ("l3", 1, 4_900, 0, 980)]
    );
    assert_eq!(story.amounts(), (54_950, 54_950, 54_950, 0));
    assert_eq!(order.status(story.now), OrderStatus::Captured);
}

#[test]
fn after_an_amount_without_lines_the_rest_is_one_too() {
    let mut story = Story::placed(cart());
    story.act(capture_amount(950));
    assert_eq!(story.amounts(), (54_950, 950, 0, 54_000));
    story.act(capture(&[]));
    let order = story.sale().order.unwrap();
    assert_eq!((order.captures[1].captured_amount, order.captures[1].lines.len()), (54_000, 0));
    story.act(refund(&[]));
    let order = story.sale().order.unwrap();
    assert_eq!((order.refunds[0].refunded_amount, order.refunds[0].lines.len()), (54_950, 0));
}

#[test]
fn the_whole_amount_brings_its_lines_along() {
    for amount_only in [false, true] {
        let mut story = Story::placed(cart());
        story.act(Wish::Capture(kvitt_core::CaptureWish {
            captured_amount: Some(54_950),
            amount_only,
            ..Default::default()
        }));
        assert_eq!(story.sale().order.unwrap().captures[0].lines.len(), 3);
        story.act(Wish::Refund(RefundWish {
            refunded_amount: Some(54_950),
            amount_only,
            ..Default::default()
        }));
        assert_eq!(story.sale().order.unwrap().refunds[0].lines.len(), 3);
    }
}

#[test]
fn a_reduction_without_pieces_is_captured_and_refunded_with_the_rest() {
    let voucher = line("Voucher", 0, 0).with(|it| {
        it.total_discount_amount = 500;
        it.total_amount = -500;
        it.total_tax_amount = -100;
    });
    let free = line("Sticker", 0, 1);
    let story = Story::placed(cart_of(vec![line("Shirt", 24_900, 2), voucher.unwrap(), free]));
    assert_eq!(story.amounts(), (49_300, 0, 0, 49_300));
    for wish in [capture(&[]), capture(&[all_of("l1"), all_of("l2"), all_of("l3")])] {
        let mut story = story.clone();
        story.act(wish);
        let order = story.sale().order.unwrap();
        let all = [("l1", 2, 49_800, 0, 9_960), ("l2", 0, -500, 500, -100), ("l3", 1, 0, 0, 0)];
        assert_eq!(parts(&order.captures[0].lines), all);
        assert_eq!(story.amounts(), (49_300, 49_300, 0, 0));
        story.act(refund(&[]));
        assert_eq!(parts(&story.sale().order.unwrap().refunds[0].lines), all);
    }
    let mut story = story;
    story.act(capture(&[pick("l1", 1), all_of("l2")]));
    assert_eq!(story.amounts(), (49_300, 24_400, 0, 24_900));
    // It is gone now: it cannot be taken twice, nor dropped from the order.
    assert_eq!(
        story.refusal(capture(&[all_of("l2"), all_of("l1")])).to_string(),
        "quantity is 0 for line_id l2, but 0 is left"
    );
    let update = Wish::UpdateAuthorization(kvitt_core::AuthorizationWish {
        cart: cart_of(vec![line("Shirt", 24_900, 2)]),
        description: None,
    });
    assert_eq!(story.refusal(update).code(), "captured_line_changed");
    story.act(capture(&[]));
    assert_eq!(story.amounts(), (49_300, 49_300, 0, 0));
}

#[test]
fn a_negative_line_leaves_with_the_goods_that_it_reduces() {
    let rebate = line("Rebate", -500, 1);
    let mut story = Story::placed(cart_of(vec![line("Shirt", 24_900, 2), rebate]));
    story.act(capture(&[pick("l1", 1)]));
    assert_eq!(story.amounts(), (49_300, 24_900, 0, 24_400));
    assert_eq!(
        story.refusal(capture(&[pick("l1", 1)])).to_string(),
        "captured_amount is 24900, but 24400 SEK is left to capture"
    );
    story.act(capture(&[pick("l1", 1), pick("l2", 1)]));
    assert_eq!(story.amounts(), (49_300, 49_300, 0, 0));
    assert_eq!(
        story.refusal(refund(&[all_of("l2")])).to_string(),
        "refunded_amount is -500: it must be 1 or more"
    );
}

#[test]
fn what_is_said_with_an_act_is_kept_with_it() {
    let parcel = ShippingInfo {
        tracking_number: Some("T-1".to_owned()),
        shipping_method: Some("Home".to_owned()),
        ..ShippingInfo::default()
    };
    let mut story = Story::placed(cart());
    let intent = story.act(Wish::Capture(kvitt_core::CaptureWish {
        lines: vec![pick("l1", 1)],
        captured_amount: Some(24_900),
        reference: Some("parcel 1".to_owned()),
        description: Some("first parcel".to_owned()),
        shipping_info: vec![parcel.clone()],
        amount_only: false,
        is_final: false,
    }));
    story.act(Wish::Refund(RefundWish {
        reference: Some("return 1".to_owned()),
        description: Some("torn".to_owned()),
        ..RefundWish::default()
    }));
    let capture_id = format!("cap-{}", intent.0);
    story.act(Wish::AddShippingInfo {
        capture_id: Some(capture_id.clone()),
        shipping_info: vec![parcel.clone()],
    });
    story.act(Wish::AddShippingInfo { capture_id: None, shipping_info: vec![parcel.clone()] });
    story.act(Wish::UpdateReferences(ReferencesWish {
        merchant_reference1: Some(String::new()),
        merchant_reference2: Some("B-7".to_owned()),
    }));
    let sale = story.sale();
    assert_eq!(sale.terms.merchant_reference1, None);
    assert_eq!(sale.terms.merchant_reference2.as_deref(), Some("B-7"));
    let order = sale.order.unwrap();
    assert_eq!(order.captures[0].capture_id, capture_id);
    assert_eq!(order.captures[0].reference.as_deref(), Some("parcel 1"));
    assert_eq!(order.captures[0].description.as_deref(), Some("first parcel"));
    assert_eq!(order.captures[0].shipping_info, [parcel.clone(), parcel.clone()]);
    assert_eq!(order.shipping_info, [parcel]);
    assert_eq!(order.refunds[0].reference.as_deref(), Some("return 1"));
    assert_eq!(order.refunds[0].description.as_deref(), Some("torn"));

    // One reference alone leaves the other as it is.
    story.act(Wish::UpdateReferences(ReferencesWish {
        merchant_reference1: Some("1002".to_owned()),
        merchant_reference2: None,
    }));
    let terms = story.sale().terms;
    assert_eq!(terms.merchant_reference1.as_deref(), Some("1002"));
    assert_eq!(terms.merchant_reference2.as_deref(), Some("B-7"));
}

#[test]
fn a_preview_says_what_will_be_and_does_nothing() {
    let mut story = Story::placed(cart());
    story.act(capture(&[pick("l1", 1)]));
    let sale = story.sale();
    let preview = sale.preview(capture(&[]), story.now).unwrap();
    assert_eq!(sale, story.sale());
    assert_eq!(shown(&preview.before), (54_950, 24_900, 0, 30_050));
    assert_eq!(preview.status_before, OrderStatus::PartCaptured);
    assert_eq!(shown(&preview.after), (54_950, 54_950, 0, 0));
    assert_eq!(preview.status_after, OrderStatus::Captured);
    assert!(matches!(preview.act, Act::Capture { captured_amount: 30_050, .. }));

    let preview = sale.preview(Wish::Release, story.now).unwrap();
    assert_eq!(shown(&preview.after), (54_950, 24_900, 0, 0));
    let refused = Story::created(cart()).sale().preview(Wish::Place, story.now).unwrap_err();
    assert_eq!(refused.code(), "not_authorized");
    let refused = Story::authorized(cart()).sale().preview(Wish::Place, story.now).unwrap_err();
    assert_eq!(refused.code(), "no_order");
}

#[test]
fn a_refused_act_changes_nothing_and_the_next_one_may_come() {
    let mut story = Story::placed(cart());
    let intent = story.request(capture(&[]));
    story.refuse(intent);
    assert_eq!(story.amounts(), (54_950, 0, 0, 54_950));
    story.act(Wish::Cancel);
    let order = story.sale().order.unwrap();
    assert_eq!(order.status(story.now), OrderStatus::Cancelled);
    assert_eq!(story.amounts(), (54_950, 0, 0, 0));
    assert_eq!(story.sale().allowed_acts(story.now), []);
}

#[test]
fn a_message_that_is_sent_again_changes_nothing() {
    let mut story = Story::placed(cart());
    let captured = story.act(capture(&[pick("l1", 1)]));
    let capture_id = format!("cap-{}", captured.0);
    let before = story.sale();
    let again = Wish::TriggerSendOut { capture_id: capture_id.clone() };
    let preview = before.preview(again.clone(), story.now).unwrap();
    assert_eq!(preview.act, Act::TriggerSendOut { capture_id });
    assert_eq!((preview.status_before, preview.before), (preview.status_after, preview.after));
    let intent = story.act(again.clone());
    let after = story.sale();
    assert_eq!((&after.order, &after.terms), (&before.order, &before.terms));
    assert_eq!(after.intents[&intent].state, IntentState::Done(Outcome::Changed));
    // Once is not for all.
    assert!(after.decide(again, story.now).is_ok());
}
