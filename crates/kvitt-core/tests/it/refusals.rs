//! Every refusal of an act on an order: what it says, its code, and whether it is the request's
//! own fault.

use jiff::{SignedDuration, Timestamp};
use kvitt_core::{
    ActKind, AuthorizationWish, CaptureWish, FraudStatus, ReferencesWish, RefundWish, Refusal,
    SaleCart, ShippingInfo, Wish,
};
use kvitt_money::{Cart, Country, OrderLine};

use crate::support::{
    Story, all_of, capture, capture_amount, cart, cart_of, expiry, line, pick, refund,
    refund_amount,
};
use crate::wishes::simplest;

#[track_caller]
fn refuses(story: &Story, wish: Wish, code: &str, text: &str) -> Refusal {
    let sale = story.sale();
    refuses_at(story, wish.clone(), story.now, code, text);
    assert_eq!(sale, story.sale());
    assert_eq!(sale.preview(wish.clone(), story.now), Err(story.refusal(wish.clone())));
    story.refusal(wish)
}

#[track_caller]
fn refuses_at(story: &Story, wish: Wish, at: Timestamp, code: &str, text: &str) {
    let refusal = story.sale().decide(wish, at).unwrap_err();
    assert_eq!((refusal.to_string().as_str(), refusal.code()), (text, code));
}

/// The request is wrong, whatever the state.
#[track_caller]
fn is_bad(story: &Story, wish: Wish, code: &str, text: &str) {
    assert!(refuses(story, wish, code, text).is_bad_request());
}

/// The request would be fine in another state.
#[track_caller]
fn conflicts(story: &Story, wish: Wish, code: &str, text: &str) {
    assert!(!refuses(story, wish, code, text).is_bad_request());
}

fn captured() -> Story {
    let mut story = Story::placed(cart());
    story.act(capture(&[pick("l1", 1), pick("l2", 1)]));
    story
}

fn fully_captured() -> Story {
    let mut story = Story::placed(cart());
    story.act(capture(&[]));
    story
}

fn update(cart: SaleCart) -> Wish {
    Wish::UpdateAuthorization(AuthorizationWish { cart, description: None })
}

#[test]
fn one_unit_too_much() {
    let story = captured();
    assert_eq!(story.amounts(), (54_950, 24_983, 0, 29_967));
    conflicts(
        &story,
        capture_amount(29_968),
        "over_capture",
        "captured_amount is 29968, but 29967 SEK is left to capture",
    );
    assert!(story.sale().decide(capture_amount(29_967), story.now).is_ok());
    conflicts(
        &story,
        refund_amount(24_984),
        "over_refund",
        "refunded_amount is 24984, but 24983 SEK is left to refund",
    );
    assert!(story.sale().decide(refund_amount(24_983), story.now).is_ok());
    // Said before anything about lines.
    let too_much =
        Wish::Capture(CaptureWish { captured_amount: Some(i64::MAX), ..CaptureWish::default() });
    conflicts(
        &story,
        too_much,
        "over_capture",
        "captured_amount is 9223372036854775807, but 29967 SEK is left to capture",
    );
}

#[test]
fn nothing_or_less() {
    let story = captured();
    for amount_only in [false, true] {
        for amount in [0, -1, i64::MIN] {
            is_bad(
                &story,
                Wish::Capture(CaptureWish {
                    captured_amount: Some(amount),
                    amount_only,
                    ..CaptureWish::default()
                }),
                "not_positive",
                &format!("captured_amount is {amount}: it must be 1 or more"),
            );
            is_bad(
                &story,
                Wish::Refund(RefundWish {
                    refunded_amount: Some(amount),
                    amount_only,
                    ..RefundWish::default()
                }),
                "not_positive",
                &format!("refunded_amount is {amount}: it must be 1 or more"),
            );
        }
    }
    assert!(story.sale().decide(capture_amount(1), story.now).is_ok());
}

#[test]
fn lines_that_cannot_be_picked() {
    let story = captured();
    is_bad(
        &story,
        capture(&[pick("l4", 1)]),
        "unknown_line",
        "line_id l4 is not a line of this order; its lines are l1, l2, l3",
    );
    is_bad(
        &story,
        refund(&[pick("", 1)]),
        "unknown_line",
        "line_id  is not a line of this order; its lines are l1, l2, l3",
    );
    is_bad(
        &story,
        capture(&[pick("l2", 1), pick("l2", 1)]),
        "line_twice",
        "line_id l2 is picked twice: add the quantities up",
    );
    for quantity in [3, 0, -1, i64::MIN, i64::MAX] {
        conflicts(
            &story,
            capture(&[pick("l2", quantity)]),
            "line_quantity",
            &format!("quantity is {quantity} for line_id l2, but 2 is left"),
        );
    }
    conflicts(
        &story,
        refund(&[pick("l2", 2)]),
        "line_quantity",
        "quantity is 2 for line_id l2, but 1 is left",
    );
    conflicts(
        &story,
        refund(&[all_of("l3")]),
        "line_quantity",
        "quantity is 0 for line_id l3, but 0 is left",
    );
}

#[test]
fn an_amount_and_lines_that_disagree() {
    let story = captured();
    for given in [24_899, 24_901] {
        is_bad(
            &story,
            Wish::Capture(CaptureWish {
                lines: vec![pick("l1", 1)],
                captured_amount: Some(given),
                amount_only: true,
                ..CaptureWish::default()
            }),
            "amount_mismatch",
            &format!("captured_amount is {given}, but the picked lines add up to 24900"),
        );
    }
    is_bad(
        &story,
        Wish::Refund(RefundWish {
            lines: vec![pick("l1", 1)],
            refunded_amount: Some(24_899),
            ..RefundWish::default()
        }),
        "amount_mismatch",
        "refunded_amount is 24899, but the picked lines add up to 24900",
    );
}

#[test]
fn an_amount_without_its_lines() {
    let story = captured();
    is_bad(
        &story,
        Wish::Capture(CaptureWish { captured_amount: Some(100), ..CaptureWish::default() }),
        "lines_missing",
        "captured_amount without lines leaves the customer's invoice without them: pick lines, \
         or set amount_only to true",
    );
    is_bad(
        &story,
        Wish::Refund(RefundWish { refunded_amount: Some(100), ..RefundWish::default() }),
        "lines_missing",
        "refunded_amount without lines leaves the customer's invoice without them: pick lines, \
         or set amount_only to true",
    );
    // The whole rest after an amount without lines cannot have lines either.
    let mut story = story;
    story.act(capture_amount(100));
    let rest =
        Wish::Capture(CaptureWish { captured_amount: Some(29_867), ..CaptureWish::default() });
    assert_eq!(story.refusal(rest).code(), "lines_missing");
    assert_eq!(
        story.refusal(capture(&[pick("l1", 1), pick("l2", 2), pick("l3", 1)])).to_string(),
        "captured_amount is 29967, but 29867 SEK is left to capture"
    );
}

#[test]
fn the_wrong_act_for_the_state() {
    let placed = Story::placed(cart());
    let part = captured();
    let full = fully_captured();
    let mut refunded = fully_captured();
    refunded.act(refund(&[]));
    let mut cancelled = Story::placed(cart());
    cancelled.act(Wish::Cancel);
    let cases = [
        (&placed, ActKind::Refund, "AUTHORIZED: nothing is captured yet; cancel it instead"),
        (&placed, ActKind::Release, "AUTHORIZED: nothing is captured yet; cancel it instead"),
        (
            &placed,
            ActKind::TriggerSendOut,
            "AUTHORIZED: nothing is captured, so there is no message to send again",
        ),
        (
            &part,
            ActKind::Cancel,
            "PART_CAPTURED: something is captured; release the rest, and refund what was captured",
        ),
        (&full, ActKind::Cancel, "CAPTURED: it is captured; refund it instead"),
        (&full, ActKind::Capture, "CAPTURED: nothing is left to capture"),
        (&full, ActKind::Extend, "CAPTURED: nothing is left to capture"),
        (&full, ActKind::Release, "CAPTURED: nothing is left to release"),
        (&full, ActKind::UpdateAuthorization, "CAPTURED: its amount is settled"),
        (
            &full,
            ActKind::UpdateShippingAddress,
            "CAPTURED: the address can only change before everything is captured",
        ),
        (&refunded, ActKind::Refund, "CAPTURED: everything captured is refunded already"),
    ];
    for (story, kind, end) in cases {
        let wish = simplest(kind, &story.sale());
        let text = format!("{} is not possible on an order that is {end}", kind.as_str());
        conflicts(story, wish, "wrong_status", &text);
    }
    for kind in ActKind::ON_ORDERS {
        let wish = simplest(kind, &cancelled.sale());
        let name = kind.as_str();
        conflicts(
            &cancelled,
            wish,
            "wrong_status",
            &format!(
                "{name} is not possible on an order that is CANCELLED: a cancelled order stays \
                 cancelled"
            ),
        );
    }
}

#[test]
fn after_the_time_ran_out() {
    let placed = Story::placed(cart());
    let just_before = expiry() - SignedDuration::from_nanos(1);
    let no_more = "its authorization ran out, the shopper has to order again";
    let over = "its authorization ran out by itself, nothing is held any more";
    let cases = [
        (ActKind::Capture, no_more),
        (ActKind::Extend, no_more),
        (ActKind::Refund, "nothing was captured"),
        (ActKind::TriggerSendOut, "nothing is captured, so there is no message to send again"),
        (ActKind::Cancel, over),
        (ActKind::Release, over),
        (ActKind::UpdateAuthorization, "its amount is settled"),
        (
            ActKind::UpdateShippingAddress,
            "the address can only change before everything is captured",
        ),
    ];
    for (kind, hint) in cases {
        let wish = simplest(kind, &placed.sale());
        let text = format!("{} is not possible on an order that is EXPIRED: {hint}", kind.as_str());
        refuses_at(&placed, wish, expiry(), "wrong_status", &text);
    }
    assert!(placed.sale().decide(capture(&[]), just_before).is_ok());
    assert_eq!(
        placed.sale().allowed_acts(expiry()),
        [ActKind::UpdateReferences, ActKind::AddShippingInfo]
    );
    let part = captured();
    refuses_at(
        &part,
        capture(&[]),
        expiry(),
        "wrong_status",
        "capture is not possible on an order that is CAPTURED: nothing is left to capture",
    );
    assert!(part.sale().decide(capture(&[]), just_before).is_ok());
    // Refunds have no end.
    assert!(part.sale().decide(refund(&[]), expiry()).is_ok());
}

#[test]
fn while_klarna_looks_or_asked_to_stop() {
    let mut story = Story::placed(cart());
    story.read(|read| read.fraud_status = FraudStatus::Pending);
    assert!(story.sale().decide(capture(&[]), story.now).is_ok(), "it is held");
    assert!(story.sale().decide(Wish::Cancel, story.now).is_ok());
    // A rejected one at the shop's own risk.
    story.read(|read| read.fraud_status = FraudStatus::Rejected);
    assert!(story.sale().decide(capture(&[]), story.now).is_ok());
    story.push(kvitt_core::Event::ShipmentStopped);
    conflicts(
        &story,
        capture(&[]),
        "shipment_stopped",
        "Klarna asked to stop the shipment: talk to Klarna before capturing",
    );
    assert!(story.sale().decide(Wish::Cancel, story.now).is_ok());
}

#[test]
fn while_another_act_is_open() {
    let mut story = captured();
    let intent = story.request(capture(&[pick("l2", 1)]));
    let (money, moves_none): (Vec<_>, Vec<_>) =
        ActKind::ON_ORDERS.into_iter().partition(|it| it.moves_money());
    assert_eq!((money.len(), moves_none.len()), (6, 4));
    let all_refuse = |story: &Story, code: &str, text: &str| {
        for kind in &money {
            conflicts(story, simplest(*kind, &story.sale()), code, text);
        }
        assert_eq!(story.sale().allowed_acts(story.now), moves_none);
    };
    let under_way = format!("capture {intent} is under way: wait for its outcome");
    all_refuse(&story, "act_in_progress", &under_way);
    let unknown =
        format!("the outcome of capture {intent} is not known yet: no money moves until it is");
    for may_have_taken_effect in [false, true] {
        story.lose_sight(intent, may_have_taken_effect);
        all_refuse(&story, "outcome_unknown", &unknown);
    }
    story.need_human(intent);
    all_refuse(&story, "outcome_unknown", &unknown);
    story.finish(intent);
    assert!(story.sale().decide(capture(&[]), story.now).is_ok());
}

#[test]
fn what_moves_no_money_waits_for_its_own_kind_only() {
    let mut story = captured();
    let kinds = [
        ActKind::UpdateReferences,
        ActKind::UpdateShippingAddress,
        ActKind::AddShippingInfo,
        ActKind::TriggerSendOut,
    ];
    for kind in kinds {
        let intent = story.request(simplest(kind, &story.sale()));
        let text = format!("{} {intent} is under way: wait for its outcome", kind.as_str());
        conflicts(&story, simplest(kind, &story.sale()), "act_in_progress", &text);
        assert!(story.sale().decide(capture(&[]), story.now).is_ok());
        assert_eq!(story.sale().allowed_acts(story.now).len(), 8);
        story.finish(intent);
    }
    assert_eq!(story.sale().allowed_acts(story.now).len(), 9);
}

#[test]
fn updates_that_break_what_was_captured() {
    let story = captured();
    let changed = |text: &str, lines: Vec<OrderLine>| {
        conflicts(&story, update(cart_of(lines)), "captured_line_changed", text);
    };
    let cups = || line("Cup", 100, 3).discounted(50).unwrap();
    let shirts = "line_id l1 was captured in part: keep it, with its price, and at least 1 of it";
    changed(shirts, vec![line("Shirt", 24_901, 2), cups()]);
    changed(shirts, vec![line("Shirt", 24_899, 2), cups()]);
    let untaxed = OrderLine::untaxed("Shirt", 24_900, 2).unwrap();
    changed(shirts, vec![untaxed, cups()]);
    let digital = line("Shirt", 24_900, 2).with(|it| it.line_type = kvitt_money::LineType::Digital);
    changed(shirts, vec![digital.unwrap(), cups()]);
    changed(shirts, vec![line("Shirt", 24_900, 0), cups(), line("Hat", 50_000, 1)]);
    let cup = "line_id l2 was captured in part: keep it, with its price, and at least 1 of it";
    changed(cup, vec![line("Shirt", 24_900, 2)]);
    // The discount that was captured with one cup was 0.17.
    let one_cup = |discount| line("Cup", 100, 1).discounted(discount).unwrap();
    changed(cup, vec![line("Shirt", 24_900, 2), one_cup(16)]);
    changed(cup, vec![line("Shirt", 24_900, 2), one_cup(18)]);
    let two_cups = |discount| line("Cup", 100, 2).discounted(discount).unwrap();
    changed(cup, vec![line("Shirt", 24_900, 2), two_cups(16)]);
    for lines in [
        vec![line("Shirt", 24_900, 1), one_cup(17)],
        vec![line("Shirt", 24_900, 1), two_cups(17)],
        vec![line("A new name", 24_900, 9), two_cups(18), line("Hat", 50_000, 1)],
    ] {
        assert!(story.sale().decide(update(cart_of(lines)), story.now).is_ok());
    }
}

#[test]
fn an_update_adds_to_what_was_captured() {
    let mut story = captured();
    story.act(update(cart_of(vec![
        line("Shirt", 24_900, 1),
        line("Cup", 100, 2).discounted(20).unwrap(),
    ])));
    assert_eq!(story.amounts(), (25_080, 24_983, 0, 97));
    assert_eq!(story.sale().order.unwrap().original_order_amount, 54_950);
    story.act(capture(&[]));
    let order = story.sale().order.unwrap();
    let [rest] = order.captures[1].lines.as_slice() else { panic!("one line is left") };
    assert_eq!(
        (rest.line_id.0.as_str(), rest.line.quantity, rest.line.total_discount_amount),
        ("l2", 1, 3)
    );
    assert_eq!(story.amounts(), (25_080, 25_080, 0, 0));
}

#[test]
fn updates_below_what_was_captured_to_nothing_or_to_another_country() {
    let mut story = Story::placed(cart());
    story.act(capture_amount(40_000));
    conflicts(
        &story,
        update(cart_of(vec![line("Shirt", 39_999, 1)])),
        "below_captured",
        "order_amount is 39999, but 40000 is captured already",
    );
    assert!(
        story.sale().decide(update(cart_of(vec![line("Shirt", 40_000, 1)])), story.now).is_ok()
    );
    let story = Story::placed(cart());
    is_bad(
        &story,
        update(cart_of(vec![line("Sticker", 0, 1)])),
        "not_positive",
        "order_amount is 0: it must be 1 or more",
    );
    let finnish = Cart::sum(Country::FI, vec![line("Shirt", 24_900, 2)]).unwrap();
    is_bad(
        &story,
        update(SaleCart::numbered(finnish)),
        "country_changed",
        "the cart is for FI, and is sold in SE: give purchase_country with it while there is no \
         order; an order stays in its country",
    );
}

#[test]
fn texts_that_are_too_long() {
    let story = captured();
    let text = |length: usize| Some("ö".repeat(length));
    let reference = |field: &str, wish: Wish| {
        let said = format!("{field} has 256, allowed are 0 to 255 characters");
        is_bad(&story, wish, "length", &said);
    };
    let (long, fits) = (text(256), text(255));
    let with = |it: CaptureWish| Wish::Capture(it);
    reference("reference", with(CaptureWish { reference: long.clone(), ..Default::default() }));
    reference("description", with(CaptureWish { description: long.clone(), ..Default::default() }));
    let with = |it: RefundWish| Wish::Refund(it);
    reference("reference", with(RefundWish { reference: long.clone(), ..Default::default() }));
    reference("description", with(RefundWish { description: long.clone(), ..Default::default() }));
    let with = |merchant_reference1, merchant_reference2| {
        Wish::UpdateReferences(ReferencesWish { merchant_reference1, merchant_reference2 })
    };
    reference("merchant_reference1", with(long.clone(), None));
    reference("merchant_reference2", with(None, long.clone()));
    let with =
        |description| Wish::UpdateAuthorization(AuthorizationWish { cart: cart(), description });
    reference("description", with(long));
    assert!(story.sale().decide(with(fits.clone()), story.now).is_ok());
    let longest =
        CaptureWish { reference: fits.clone(), description: fits, ..CaptureWish::default() };
    assert!(story.sale().decide(Wish::Capture(longest), story.now).is_ok());
}

type Field = fn(&mut ShippingInfo) -> &mut Option<String>;

#[test]
fn tracking_that_klarna_would_not_take() {
    let story = captured();
    let fields: [(&str, usize, Field); 6] = [
        ("shipping_company", 100, |it| &mut it.shipping_company),
        ("tracking_number", 100, |it| &mut it.tracking_number),
        ("return_shipping_company", 100, |it| &mut it.return_shipping_company),
        ("return_tracking_number", 100, |it| &mut it.return_tracking_number),
        ("tracking_uri", 1_024, |it| &mut it.tracking_uri),
        ("return_tracking_uri", 1_024, |it| &mut it.return_tracking_uri),
    ];
    let with = |parcels: Vec<ShippingInfo>| {
        let capture = CaptureWish { shipping_info: parcels.clone(), ..CaptureWish::default() };
        [Wish::AddShippingInfo { capture_id: None, shipping_info: parcels }, Wish::Capture(capture)]
    };
    for (field, longest, of) in fields {
        let mut parcel = ShippingInfo::default();
        *of(&mut parcel) = Some("ö".repeat(longest));
        for wish in with(vec![parcel.clone()]) {
            assert!(story.sale().decide(wish, story.now).is_ok());
        }
        *of(&mut parcel) = Some("ö".repeat(longest + 1));
        let said = format!("{field} has {}, allowed are 0 to {longest} characters", longest + 1);
        for wish in with(vec![ShippingInfo::default(), parcel]) {
            is_bad(&story, wish, "length", &said);
        }
    }
    for wish in with(vec![ShippingInfo::default(); 501]) {
        is_bad(&story, wish, "length", "shipping_info has 501, allowed are 0 to 500 parcels");
    }
    for wish in with(vec![ShippingInfo::default(); 500]) {
        assert!(story.sale().decide(wish, story.now).is_ok());
    }
    let by = |method: &str| {
        let shipping_method = Some(method.to_owned());
        vec![ShippingInfo { shipping_method, ..ShippingInfo::default() }]
    };
    for method in ["home", "", "Home, BoxReg"] {
        for wish in with(by(method)) {
            is_bad(
                &story,
                wish,
                "shipping_method",
                &format!(
                    "shipping_method {method:?} is not one of Klarna's: PickUpStore, Home, BoxReg, \
                     BoxUnreg, PickUpPoint, Own, Postal, DHLPackstation, Digital, Undefined, \
                     PickUpWarehouse, ClickCollect, PalletDelivery"
                ),
            );
        }
    }
    for method in ["PickUpStore", "DHLPackstation", "PalletDelivery"] {
        for wish in with(by(method)) {
            assert!(story.sale().decide(wish, story.now).is_ok());
        }
    }
}

#[test]
fn changes_of_nothing_and_of_what_is_not_there() {
    let story = captured();
    is_bad(
        &story,
        Wish::AddShippingInfo { capture_id: None, shipping_info: Vec::new() },
        "nothing_to_change",
        "nothing to change: give at least one shipping_info",
    );
    is_bad(
        &story,
        Wish::UpdateReferences(ReferencesWish::default()),
        "nothing_to_change",
        "nothing to change: give merchant_reference1 or merchant_reference2",
    );
    is_bad(
        &story,
        Wish::AddShippingInfo {
            capture_id: Some("cap-0".to_owned()),
            shipping_info: vec![ShippingInfo::default()],
        },
        "unknown_capture",
        "capture cap-0 is not one of this order",
    );
    is_bad(
        &story,
        Wish::TriggerSendOut { capture_id: "cap-0".to_owned() },
        "unknown_capture",
        "capture cap-0 is not one of this order",
    );
}

#[test]
fn acts_on_an_order_that_is_not_there() {
    for story in [Story::created(cart()), Story::authorized(cart())] {
        for kind in ActKind::ON_ORDERS {
            let wish = simplest(kind, &story.sale());
            let text = "the checkout has no order yet: place it first";
            conflicts(&story, wish, "no_order", text);
        }
        assert_eq!(story.sale().allowed_acts(story.now), []);
    }
}
