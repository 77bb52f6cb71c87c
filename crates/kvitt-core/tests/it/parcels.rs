//! Tracking beside what Klarna has of it.

use kvitt_core::{
    Act, CaptureWish, Event, Evidence, IntentId, Outcome, Repair, ShippingInfo, Side, Wish,
};

use crate::reconciling::{found, kinds, made, reconcile};
use crate::support::{Story, capture_amount, cart};

fn parcel(company: &str, number: Option<&str>) -> ShippingInfo {
    ShippingInfo {
        shipping_company: Some(company.to_owned()),
        tracking_number: number.map(str::to_owned),
        ..ShippingInfo::default()
    }
}

/// A placed order with a capture and its parcel, XYZ1; the capture's id.
fn captured() -> (Story, String) {
    captured_with(vec![parcel("PostNord", Some("XYZ1"))])
}

fn captured_with(shipping_info: Vec<ShippingInfo>) -> (Story, String) {
    let mut story = Story::placed(cart());
    let intent = story.act(Wish::Capture(CaptureWish {
        captured_amount: Some(10_000),
        amount_only: true,
        shipping_info,
        ..CaptureWish::default()
    }));
    let id = format!("cap-{}", intent.0);
    (story, id)
}

fn add(capture_id: Option<&str>, parcel: ShippingInfo) -> Wish {
    let capture_id = capture_id.map(str::to_owned);
    Wish::AddShippingInfo { capture_id, shipping_info: vec![parcel] }
}

/// Where tracking stands here, and its names.
fn here(story: &Story) -> Vec<(Option<String>, Vec<String>)> {
    let order = story.sale().order.unwrap();
    let names = |parcels: &[ShippingInfo]| parcels.iter().map(|it| it.name().to_owned()).collect();
    let of_captures =
        order.captures.iter().map(|it| (Some(it.capture_id.clone()), names(&it.shipping_info)));
    std::iter::once((None, names(&order.shipping_info))).chain(of_captures).collect()
}

#[test]
fn tracking_that_others_added_is_taken_over_at_the_order_and_at_every_capture() {
    let (mut story, id) = captured();
    let mut theirs = found(&story);
    theirs.shipping_info = vec![parcel("DHL", Some("D1"))];
    theirs.captures[0].shipping_info.push(parcel("DHL", Some("D2")));
    theirs.captures[0].shipping_info.push(parcel("Bring", None));
    let mut external = made("c-9", 4_950, None);
    external.shipping_info = vec![parcel("DHL", Some("D3"))];
    theirs.captures.push(external);
    theirs.snapshot.captured_amount += 4_950;
    theirs.snapshot.remaining_authorized_amount -= 4_950;

    let differences = reconcile(&mut story, &theirs);

    let told: Vec<_> =
        differences.iter().map(|it| (it.to_string(), it.id.as_deref(), &it.repair)).collect();
    let tracking =
        |names: &str| format!("shipping_info_external is nothing here and {names} at Klarna");
    assert_eq!(
        told[1..],
        [
            (tracking("D1"), None, &Repair::TakenOver),
            (tracking("D2, Bring"), Some(id.as_str()), &Repair::TakenOver),
            (tracking("D3"), Some("c-9"), &Repair::TakenOver),
        ]
    );
    assert_eq!(kinds(&differences)[0], "capture_external");
    let names = |names: &[&str]| names.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
    assert_eq!(
        here(&story),
        [
            (None, names(&["D1"])),
            (Some(id), names(&["XYZ1", "D2", "Bring"])),
            (Some("c-9".to_owned()), names(&["D3"])),
        ]
    );
    assert_eq!(kinds(&reconcile(&mut story, &theirs)), [""; 0]);
}

#[test]
fn a_parcel_is_known_again_by_its_number_and_two_equal_ones_are_one() {
    let (mut story, _) = captured();
    let mut theirs = found(&story);
    let spelled = ShippingInfo {
        shipping_company: Some("POSTNORD AB".to_owned()),
        shipping_method: Some("Undefined".to_owned()),
        tracking_uri: Some(String::new()),
        ..parcel("", Some("XYZ1"))
    };
    theirs.captures[0].shipping_info = vec![spelled.clone(), spelled];
    // A parcel of which nothing is said is none.
    theirs.shipping_info = vec![parcel("", Some("")), ShippingInfo::default()];
    assert_eq!(kinds(&reconcile(&mut story, &theirs)), [""; 0]);

    theirs.shipping_info =
        vec![parcel("DHL", Some("D1")), parcel("dhl", Some("D1")), parcel("Bring", None)];
    theirs.shipping_info.push(parcel("Bring", Some("")));
    let differences = reconcile(&mut story, &theirs);
    assert_eq!(differences[0].klarna, Side::Text("D1, Bring".to_owned()));
    assert_eq!(kinds(&reconcile(&mut story, &theirs)), [""; 0]);
}

#[test]
fn a_parcel_without_a_number_may_be_ours_in_another_spelling() {
    let theirs_of = |story: &Story| {
        let mut theirs = found(story);
        theirs.captures[0].shipping_info = vec![parcel("DHL Express", None)];
        theirs
    };
    let (mut ours, _) = captured_with(vec![parcel("DHL", None)]);
    let theirs = theirs_of(&ours);
    assert_eq!(kinds(&reconcile(&mut ours, &theirs)), [""; 0]);

    // With an empty text for a number it is as much without one.
    let (mut ours, _) = captured_with(vec![parcel("DHL", Some(""))]);
    let theirs = theirs_of(&ours);
    assert_eq!(kinds(&reconcile(&mut ours, &theirs)), [""; 0]);

    // Ours is at another place, or has a number.
    let (mut other, _) = captured_with(vec![parcel("DHL", Some("D1"))]);
    other.act(add(None, parcel("DHL", None)));
    let mut theirs = found(&other);
    theirs.captures[0].shipping_info.push(parcel("DHL Express", None));
    assert_eq!(kinds(&reconcile(&mut other, &theirs)), ["shipping_info_external"]);
}

#[test]
fn nothing_is_taken_over_where_an_open_act_adds_tracking() {
    let (story, id) = captured();
    let places = [None, Some(id.as_str())];
    for (place, other) in [(places[0], places[1]), (places[1], places[0])] {
        let mut story = story.clone();
        let mut theirs = found(&story);
        theirs.shipping_info.push(parcel("DHL", Some("D1")));
        theirs.captures[0].shipping_info.push(parcel("DHL", Some("D1")));
        let intent = story.request(add(place, parcel("DHL", Some("D1"))));
        let taken = |story: &Story| -> Vec<Option<String>> {
            let events = story.sale().external(&theirs, &Evidence::default());
            let place = |event| match event {
                Event::ExternalShippingInfo { capture_id, .. } => Some(capture_id),
                _ => None,
            };
            events.into_iter().filter_map(place).collect()
        };
        let only = [other.map(str::to_owned)];
        assert_eq!(taken(&story), only, "requested");
        story.lose_sight(intent, true);
        assert_eq!(taken(&story), only, "in doubt");
        story.need_human(intent);
        assert_eq!(taken(&story), only, "with a person");
        let mut done = story.clone();
        done.finish(intent);
        assert_eq!(taken(&done), only, "done");
        story.refuse(intent);
        assert_eq!(taken(&story).len(), 2, "it was not done, so it is somebody else's");
    }
}

#[test]
fn nothing_is_taken_over_of_a_capture_that_an_open_act_may_have_made() {
    let mut story = Story::placed(cart());
    let intent = story.request(capture_amount(10_000));
    story.lose_sight(intent, true);
    let mut theirs = found(&story);
    let mut capture = made("c-1", 10_000, None);
    capture.shipping_info = vec![parcel("DHL", Some("D1"))];
    theirs.captures = vec![capture];
    assert_eq!(story.sale().external(&theirs, &Evidence::default()), []);

    // Nor of one that was somebody else's so far, and may be the one.
    let mut story = Story::placed(cart());
    story.push(external_capture("c-1", 10_000));
    story.request(capture_amount(10_000));
    assert_eq!(story.sale().external(&theirs, &Evidence::default()), []);

    // Ours are no other act's.
    let (mut story, id) = captured();
    story.request(capture_amount(10_000));
    let mut theirs = found(&story);
    theirs.captures[0].shipping_info.push(parcel("DHL", Some("D1")));
    theirs.captures[0].reference = None;
    let events = story.sale().external(&theirs, &Evidence::default());
    let [Event::ExternalShippingInfo { capture_id, .. }] = events.as_slice() else {
        panic!("{events:?}")
    };
    assert_eq!(capture_id.as_deref(), Some(id.as_str()));
}

fn external_capture(id: &str, amount: i64) -> Event {
    Event::ExternalCapture {
        capture_id: id.to_owned(),
        captured_amount: amount,
        reference: None,
        description: None,
        captured_at: None,
        evidence: Evidence::default(),
    }
}

fn external_tracking(capture_id: Option<&str>, number: &str) -> Event {
    Event::ExternalShippingInfo {
        capture_id: capture_id.map(str::to_owned),
        shipping_info: vec![parcel("DHL", Some(number))],
        evidence: Evidence::default(),
    }
}

#[test]
fn a_capture_that_turns_out_to_be_ours_keeps_the_tracking_that_was_read_of_it() {
    let mut story = Story::placed(cart());
    story.push(external_capture("c-1", 10_000));
    story.push(external_tracking(Some("c-1"), "D1"));
    story.push(external_tracking(Some("c-1"), "D2"));
    let intent: IntentId = story.request(Wish::Capture(CaptureWish {
        captured_amount: Some(10_000),
        amount_only: true,
        shipping_info: vec![parcel("DHL Express", Some("D2"))],
        ..CaptureWish::default()
    }));
    assert!(matches!(story.sale().intents[&intent].act, Act::Capture { .. }));
    story.push(Event::Done {
        intent,
        outcome: Outcome::Captured { capture_id: "c-1".to_owned() },
        evidence: Evidence::default(),
    });
    assert_eq!(here(&story)[1].1, ["D2", "D1"]);
}

#[test]
fn tracking_of_what_is_not_there_makes_no_sense() {
    let mut story = Story::placed(cart());
    story.push(external_tracking(Some("c-1"), "D1"));
    assert!(story.problem().contains("there is no capture c-1"), "{}", story.problem());
    let mut story = Story::created(cart());
    story.push(external_tracking(None, "D1"));
    assert!(story.problem().contains("there is no order yet"), "{}", story.problem());
}

#[test]
fn tracking_that_klarna_lost_is_for_a_person_once_its_act_is_done() {
    let (mut story, id) = captured();
    story.act(add(None, parcel("DHL", Some("D1"))));
    story.act(add(None, parcel("DHL", Some("D1"))));
    // Without a number it may be there in another spelling.
    story.act(add(None, parcel("Bring", None)));
    let open = story.request(add(None, parcel("DHL", Some("D9"))));
    let mut theirs = found(&story);
    theirs.shipping_info = Vec::new();
    theirs.captures[0].shipping_info = vec![parcel("PostNord", Some("XYZ2"))];

    let differences = reconcile(&mut story, &theirs);

    let told: Vec<_> = differences.iter().map(|it| (it.to_string(), it.id.clone())).collect();
    let lost =
        |number: &str| format!("shipping_info_missing is {number} here and nothing at Klarna");
    assert_eq!(told[1..], [(lost("D1"), None), (lost("XYZ1"), Some(id))]);
    assert_eq!(kinds(&differences)[0], "shipping_info_external");
    for (difference, route) in differences[1..]
        .iter()
        .zip(["POST /v1/orders/{id}/shipping-info", "/captures/{capture_id}/shipping-info"])
    {
        let Repair::Person(what) = &difference.repair else { panic!("{difference:?}") };
        assert!(what.contains(route), "{what}");
    }
    story.finish(open);
    assert!(kinds(&reconcile(&mut story, &theirs)).ends_with(&["shipping_info_missing"; 3]));

    // A capture that is not there at all is told of once.
    theirs.captures = Vec::new();
    let kinds = kinds(&reconcile(&mut story, &theirs)).concat();
    assert_eq!(kinds.matches("shipping_info_missing").count(), 2, "{kinds}");
}

#[test]
fn an_act_in_doubt_is_known_by_its_parcel_whatever_was_left_empty() {
    let (mut story, _) = captured();
    let wanted = ShippingInfo { tracking_uri: Some(String::new()), ..parcel("DHL", None) };
    let intent = story.request(add(None, wanted));
    story.lose_sight(intent, true);
    let mut theirs = found(&story);
    let recognised = |theirs: &_| story.sale().recognise(&story.sale().intents[&intent], theirs);
    assert_eq!(recognised(&theirs), kvitt_core::Recognised::NotDone);
    theirs.shipping_info = vec![parcel("DHL", Some(""))];
    assert_eq!(recognised(&theirs), kvitt_core::Recognised::Done(Outcome::Changed));
}
