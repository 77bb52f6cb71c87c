//! How events stand in the ledger. What is written there stays there: a literal of this file only
//! ever gains a member that may be absent.

mod others;

use kvitt_core::{
    Act, ApiKeyId, Cause, CheckoutTerms, Door, Event, EventId, Evidence, FraudStatus, IntentId,
    LineId, LinePart, OrderSnapshot, Outcome, PaymentMethodCategory, Placement, Recorded, Refused,
    SaleCart, ShippingInfo, UserId, WebhookEndpointId,
};
use kvitt_money::PurchaseMarket;
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::support::{cart_of, line, start, terms, time};

const CART: &str = r#"{
    "cart": {
        "purchase_country": "SE",
        "order_amount": 24900,
        "order_tax_amount": 4980,
        "order_lines": [LINE]
    },
    "line_ids": ["l1"]
}"#;
const LINE: &str = r#"{
    "type": "physical",
    "name": "Shirt",
    "quantity": 1,
    "unit_price": 24900,
    "tax_rate": 2500,
    "total_amount": 24900,
    "total_tax_amount": 4980
}"#;
const INTENT: IntentId = IntentId(Uuid::from_u128(7));

fn shirt() -> SaleCart {
    cart_of(vec![line("Shirt", 24_900, 1)])
}

fn text(text: &str) -> String {
    text.to_owned()
}

fn evidence() -> Evidence {
    Evidence {
        operation: text("captureOrder"),
        status: Some(201),
        correlation_id: Some(text("c-1")),
    }
}

/// Written like this, and read from it as it was.
#[track_caller]
fn stands_as<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(value: &T, json: &str) {
    let json = json
        .replace("CART", CART)
        .replace("LINE", LINE)
        .replace("INTENT", r#""int_00000000000000000000000000000007""#)
        .replace(
            "EVIDENCE",
            r#"{"operation": "captureOrder", "status": 201, "correlation_id": "c-1"}"#,
        );
    let expected: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(serde_json::to_value(value).unwrap(), expected);
    assert_eq!(serde_json::from_str::<T>(&json).unwrap(), *value);
    assert_eq!(serde_json::from_value::<T>(expected).unwrap(), *value);
}

#[test]
fn events_of_a_checkout() {
    stands_as(
        &Event::CheckoutCreated { terms: terms(), cart: shirt() },
        r#"{
            "type": "checkout_created",
            "terms": {
                "account": "main",
                "market": {
                    "purchase_country": "SE", "purchase_currency": "SEK", "locale": "sv-SE"
                },
                "placement": "automatic",
                "merchant_reference1": "1001"
            },
            "cart": CART
        }"#,
    );
    stands_as(
        &CheckoutTerms {
            placement: Placement::Manual,
            merchant_reference2: Some(text("B")),
            merchant_data: Some(text("C")),
            confirmation_url: Some(text("https://shop.example/thanks")),
            ..terms()
        },
        r#"{
            "account": "main",
            "market": {"purchase_country": "SE", "purchase_currency": "SEK", "locale": "sv-SE"},
            "placement": "manual",
            "merchant_reference1": "1001",
            "merchant_reference2": "B",
            "merchant_data": "C",
            "confirmation_url": "https://shop.example/thanks"
        }"#,
    );
    stands_as(&Event::CartChanged { cart: shirt() }, r#"{"type": "cart_changed", "cart": CART}"#);
    stands_as(
        &Event::MarketChanged {
            account: "euro".to_owned(),
            market: PurchaseMarket::new("FI", "EUR", "fi-FI").unwrap(),
            cart: shirt(),
        },
        r#"{
            "type": "market_changed",
            "account": "euro",
            "market": {"purchase_country": "FI", "purchase_currency": "EUR", "locale": "fi-FI"},
            "cart": CART
        }"#,
    );
    stands_as(&Event::CheckoutAbandoned, r#"{"type": "checkout_abandoned"}"#);
}

#[test]
fn events_of_a_session() {
    stands_as(
        &Event::SessionOpened {
            session_id: text("s-1"),
            expires_at: time("2026-01-03T12:00:00Z"),
            cart_version: 1,
            payment_method_categories: vec![PaymentMethodCategory {
                identifier: text("klarna"),
                name: text("Betala med Klarna"),
            }],
            evidence: evidence(),
        },
        r#"{
            "type": "session_opened",
            "session_id": "s-1",
            "expires_at": "2026-01-03T12:00:00Z",
            "cart_version": 1,
            "payment_method_categories": [{"identifier": "klarna", "name": "Betala med Klarna"}],
            "evidence": EVIDENCE
        }"#,
    );
    stands_as(
        &Event::SessionUpdated { session_id: text("s-1"), cart_version: 2, evidence: evidence() },
        r#"{
            "type": "session_updated", "session_id": "s-1", "cart_version": 2,
            "evidence": EVIDENCE
        }"#,
    );
    stands_as(
        &Event::SessionLost { session_id: text("s-1"), evidence: evidence() },
        r#"{"type": "session_lost", "session_id": "s-1", "evidence": EVIDENCE}"#,
    );
    stands_as(
        &Event::SessionRefused {
            refused: Refused {
                error_code: text("BAD_VALUE"),
                error_messages: vec![text("Bad value: order_amount")],
                evidence: Evidence { operation: text("x"), ..Evidence::default() },
            },
        },
        r#"{
            "type": "session_refused",
            "refused": {
                "error_code": "BAD_VALUE",
                "error_messages": ["Bad value: order_amount"],
                "evidence": {"operation": "x"}
            }
        }"#,
    );
}

#[test]
fn events_of_an_authorization() {
    for (door, name) in
        [(Door::Browser, "browser"), (Door::Callback, "callback"), (Door::Session, "session")]
    {
        stands_as(
            &Event::AuthorizationReceived {
                authorization: text("d-1"),
                session_id: text("s-1"),
                cart_version: 1,
                door,
                expires_at: time("2026-01-01T13:00:00Z"),
            },
            &r#"{
                "type": "authorization_received",
                "authorization": "d-1",
                "session_id": "s-1",
                "cart_version": 1,
                "door": "DOOR",
                "expires_at": "2026-01-01T13:00:00Z"
            }"#
            .replace("DOOR", name),
        );
    }
    stands_as(
        &Event::AuthorizationReleased { authorization: text("d-1"), evidence: evidence() },
        r#"{"type": "authorization_released", "authorization": "d-1", "evidence": EVIDENCE}"#,
    );
}

#[test]
fn what_a_read_session_showed() {
    for (event, name) in [
        (Event::SessionRead { session_id: text("s-1"), evidence: evidence() }, "read"),
        (Event::SessionCompleted { session_id: text("s-1"), evidence: evidence() }, "completed"),
    ] {
        stands_as(
            &event,
            &r#"{"type": "session_NAME", "session_id": "s-1", "evidence": EVIDENCE}"#
                .replace("NAME", name),
        );
        assert_eq!(event.name(None), format!("session.{name}"));
    }
}

#[test]
fn alarms() {
    stands_as(
        &Event::AuthorizationExpiring {
            expires_at: time("2026-01-29T00:00:00Z"),
            due_at: time("2026-01-22T00:00:00Z"),
            remaining_authorized_amount: 100,
        },
        r#"{
            "type": "authorization_expiring", "expires_at": "2026-01-29T00:00:00Z",
            "due_at": "2026-01-22T00:00:00Z", "remaining_authorized_amount": 100
        }"#,
    );
    stands_as(
        &Event::AuthorizationExpired {
            expires_at: time("2026-01-29T00:00:00Z"),
            uncaptured_amount: 100,
        },
        r#"{
            "type": "authorization_expired", "expires_at": "2026-01-29T00:00:00Z",
            "uncaptured_amount": 100
        }"#,
    );
}

#[test]
fn events_of_an_undo() {
    stands_as(
        &Event::UndoRequested { intent: INTENT, reference: None, description: None },
        r#"{"type": "undo_requested", "intent": INTENT}"#,
    );
    stands_as(
        &Event::UndoRequested {
            intent: INTENT,
            reference: Some(text("r-1")),
            description: Some(text("Sorry")),
        },
        r#"{
            "type": "undo_requested", "intent": INTENT, "reference": "r-1",
            "description": "Sorry"
        }"#,
    );
    stands_as(&Event::UndoDone { intent: INTENT }, r#"{"type": "undo_done", "intent": INTENT}"#);
    stands_as(
        &Event::UndoRefused {
            intent: INTENT,
            refused: Refused {
                error_code: text("NOT_ALLOWED"),
                error_messages: Vec::new(),
                evidence: evidence(),
            },
        },
        r#"{
            "type": "undo_refused", "intent": INTENT,
            "refused": {"error_code": "NOT_ALLOWED", "error_messages": [], "evidence": EVIDENCE}
        }"#,
    );
}

#[test]
fn events_of_an_intent() {
    stands_as(
        &Event::Requested {
            intent: INTENT,
            act: Act::Cancel,
            idempotency_key: text("k-1"),
            part_of: None,
        },
        r#"{
            "type": "requested", "intent": INTENT, "act": {"kind": "cancel"},
            "idempotency_key": "k-1"
        }"#,
    );
    stands_as(
        &Event::Requested {
            intent: INTENT,
            act: Act::Release,
            idempotency_key: text("k-1"),
            part_of: Some(INTENT),
        },
        r#"{
            "type": "requested", "intent": INTENT, "act": {"kind": "release"},
            "idempotency_key": "k-1", "part_of": INTENT
        }"#,
    );
    stands_as(
        &Event::Done { intent: INTENT, outcome: Outcome::Changed, evidence: evidence() },
        r#"{
            "type": "done", "intent": INTENT, "outcome": {"kind": "changed"},
            "evidence": EVIDENCE
        }"#,
    );
    stands_as(
        &Event::Refused {
            intent: INTENT,
            refused: Refused {
                error_code: text("CAPTURE_NOT_ALLOWED"),
                error_messages: Vec::new(),
                evidence: evidence(),
            },
        },
        r#"{
            "type": "refused",
            "intent": INTENT,
            "refused": {
                "error_code": "CAPTURE_NOT_ALLOWED", "error_messages": [], "evidence": EVIDENCE
            }
        }"#,
    );
    stands_as(
        &Event::OutcomeUnknown {
            intent: INTENT,
            attempt: 2,
            problem: text("no answer"),
            may_have_taken_effect: true,
            evidence: evidence(),
        },
        r#"{
            "type": "outcome_unknown",
            "intent": INTENT,
            "attempt": 2,
            "problem": "no answer",
            "may_have_taken_effect": true,
            "evidence": EVIDENCE
        }"#,
    );
    stands_as(
        &Event::NeedsHuman { intent: INTENT, reason: text("look"), evidence: evidence() },
        r#"{"type": "needs_human", "intent": INTENT, "reason": "look", "evidence": EVIDENCE}"#,
    );
}

#[test]
fn events_of_an_order() {
    stands_as(
        &Event::ExternalCapture {
            capture_id: text("cap-1"),
            captured_amount: 100,
            reference: Some(text("portal")),
            description: None,
            captured_at: Some(time("2026-01-02T00:00:00Z")),
            evidence: evidence(),
        },
        r#"{
            "type": "external_capture",
            "capture_id": "cap-1",
            "captured_amount": 100,
            "reference": "portal",
            "captured_at": "2026-01-02T00:00:00Z",
            "evidence": EVIDENCE
        }"#,
    );
    stands_as(
        &Event::ExternalRefund {
            refund_id: text("ref-1"),
            refunded_amount: 50,
            reference: None,
            description: Some(text("sorry")),
            refunded_at: None,
            evidence: evidence(),
        },
        r#"{
            "type": "external_refund",
            "refund_id": "ref-1",
            "refunded_amount": 50,
            "description": "sorry",
            "evidence": EVIDENCE
        }"#,
    );
    stands_as(
        &Event::ExternalRelease { evidence: evidence() },
        r#"{"type": "external_release", "evidence": EVIDENCE}"#,
    );
    stands_as(
        &Event::OrderRead {
            snapshot: OrderSnapshot {
                status: text("AUTHORIZED"),
                fraud_status: FraudStatus::Accepted,
                order_amount: 24_900,
                original_order_amount: 24_901,
                captured_amount: 1,
                refunded_amount: 2,
                remaining_authorized_amount: 3,
                expires_at: Some(time("2026-01-29T00:00:00Z")),
                klarna_reference: Some(text("KR-1")),
            },
            evidence: evidence(),
        },
        r#"{
            "type": "order_read",
            "snapshot": {
                "status": "AUTHORIZED",
                "fraud_status": "ACCEPTED",
                "order_amount": 24900,
                "original_order_amount": 24901,
                "captured_amount": 1,
                "refunded_amount": 2,
                "remaining_authorized_amount": 3,
                "expires_at": "2026-01-29T00:00:00Z",
                "klarna_reference": "KR-1"
            },
            "evidence": EVIDENCE
        }"#,
    );
    stands_as(
        &OrderSnapshot {
            status: text("CLOSED"),
            fraud_status: FraudStatus::Other(text("A_NEW_WORD")),
            order_amount: 1,
            original_order_amount: 1,
            captured_amount: 0,
            refunded_amount: 0,
            remaining_authorized_amount: 0,
            expires_at: None,
            klarna_reference: None,
        },
        r#"{
            "status": "CLOSED", "fraud_status": "A_NEW_WORD", "order_amount": 1,
            "original_order_amount": 1, "captured_amount": 0, "refunded_amount": 0,
            "remaining_authorized_amount": 0
        }"#,
    );
    stands_as(&Event::ShipmentStopped, r#"{"type": "shipment_stopped"}"#);
}

#[test]
fn acts() {
    let lines = vec![LinePart {
        line_id: LineId(text("l1")),
        line: line("Shirt", 24_900, 1).into_fields(),
    }];
    let parcel = ShippingInfo {
        shipping_company: Some(text("PostNord")),
        shipping_method: Some(text("Home")),
        tracking_number: Some(text("1")),
        tracking_uri: Some(text("2")),
        return_shipping_company: Some(text("3")),
        return_tracking_number: Some(text("4")),
        return_tracking_uri: Some(text("5")),
    };
    let parcel_json = r#"{
        "shipping_company": "PostNord", "shipping_method": "Home", "tracking_number": "1",
        "tracking_uri": "2", "return_shipping_company": "3", "return_tracking_number": "4",
        "return_tracking_uri": "5"
    }"#;
    stands_as(
        &Act::Place { authorization: text("d-1"), cart: shirt() },
        r#"{"kind": "place", "authorization": "d-1", "cart": CART}"#,
    );
    stands_as(
        &Act::Capture {
            captured_amount: 24_900,
            lines: lines.clone(),
            reference: Some(text("r")),
            description: Some(text("d")),
            shipping_info: vec![parcel.clone()],
            is_final: true,
        },
        &r#"{
            "kind": "capture",
            "captured_amount": 24900,
            "lines": [{"line_id": "l1", "line": LINE}],
            "reference": "r",
            "description": "d",
            "shipping_info": [PARCEL],
            "final": true
        }"#
        .replace("PARCEL", parcel_json),
    );
    stands_as(
        &Act::Capture {
            captured_amount: 1,
            lines: Vec::new(),
            reference: None,
            description: None,
            shipping_info: Vec::new(),
            is_final: false,
        },
        r#"{"kind": "capture", "captured_amount": 1, "lines": []}"#,
    );
    stands_as(
        &Act::Refund {
            refunded_amount: 24_900,
            lines,
            reference: Some(text("r")),
            description: None,
        },
        r#"{
            "kind": "refund", "refunded_amount": 24900,
            "lines": [{"line_id": "l1", "line": LINE}], "reference": "r"
        }"#,
    );
    stands_as(&Act::Cancel, r#"{"kind": "cancel"}"#);
    stands_as(&Act::Release, r#"{"kind": "release"}"#);
    stands_as(&Act::Extend, r#"{"kind": "extend"}"#);
    stands_as(
        &Act::UpdateAuthorization { cart: shirt(), description: Some(text("d")) },
        r#"{"kind": "update_authorization", "cart": CART, "description": "d"}"#,
    );
    stands_as(
        &Act::UpdateReferences {
            merchant_reference1: Some(String::new()),
            merchant_reference2: Some(text("B")),
        },
        r#"{"kind": "update_references", "merchant_reference1": "", "merchant_reference2": "B"}"#,
    );
    stands_as(&Act::UpdateShippingAddress, r#"{"kind": "update_shipping_address"}"#);
    stands_as(
        &Act::AddShippingInfo {
            capture_id: Some(text("cap-1")),
            shipping_info: vec![parcel, ShippingInfo::default()],
        },
        &r#"{
            "kind": "add_shipping_info", "capture_id": "cap-1", "shipping_info": [PARCEL, {}]
        }"#
        .replace("PARCEL", parcel_json),
    );
    stands_as(
        &Act::TriggerSendOut { capture_id: text("cap-1") },
        r#"{"kind": "trigger_send_out", "capture_id": "cap-1"}"#,
    );
}

#[test]
fn events_about_webhooks() {
    let endpoint = WebhookEndpointId(Uuid::from_u128(8));
    stands_as(
        &Event::WebhookEndpointDisabled { endpoint, reason: text("it answered 410") },
        r#"{
            "type": "webhook_endpoint_disabled",
            "endpoint": "whk_00000000000000000000000000000008", "reason": "it answered 410"
        }"#,
    );
    let event = EventId(Uuid::from_u128(5));
    stands_as(
        &Event::WebhookGivenUp { endpoint, event, reason: text("it answered 500") },
        r#"{
            "type": "webhook_given_up", "endpoint": "whk_00000000000000000000000000000008",
            "event": "evt_00000000000000000000000000000005", "reason": "it answered 500"
        }"#,
    );
}

#[test]
fn outcomes() {
    stands_as(
        &Outcome::Placed {
            klarna_order_id: text("o-1"),
            fraud_status: FraudStatus::Pending,
            redirect_url: Some(text("https://pay.example")),
            payment_method: Some(text("invoice")),
        },
        r#"{
            "kind": "placed", "klarna_order_id": "o-1", "fraud_status": "PENDING",
            "redirect_url": "https://pay.example", "payment_method": "invoice"
        }"#,
    );
    stands_as(
        &Outcome::Captured { capture_id: text("c") },
        r#"{"kind": "captured", "capture_id": "c"}"#,
    );
    stands_as(
        &Outcome::Refunded { refund_id: text("r") },
        r#"{"kind": "refunded", "refund_id": "r"}"#,
    );
    stands_as(&Outcome::Changed, r#"{"kind": "changed"}"#);
}

#[test]
fn the_envelope_and_who_caused_it() {
    stands_as(
        &Recorded {
            id: EventId(Uuid::from_u128(5)),
            seq: 3,
            at: start(),
            cause: Cause::Merchant { api_key: ApiKeyId(Uuid::from_u128(6)) },
            event: Event::CheckoutAbandoned,
        },
        r#"{
            "id": "evt_00000000000000000000000000000005",
            "seq": 3,
            "at": "2026-01-01T12:00:00Z",
            "cause": {"by": "merchant", "api_key": "key_00000000000000000000000000000006"},
            "event": {"type": "checkout_abandoned"}
        }"#,
    );
    stands_as(
        &Cause::Operator { user: UserId(Uuid::from_u128(7)) },
        r#"{"by": "operator", "user": "usr_00000000000000000000000000000007"}"#,
    );
    stands_as(&Cause::Shopper, r#"{"by": "shopper"}"#);
    stands_as(&Cause::Callback, r#"{"by": "callback"}"#);
    stands_as(&Cause::Kvitt, r#"{"by": "kvitt"}"#);
}

#[test]
fn a_stored_cart_whose_ids_do_not_fit_is_refused() {
    let read = |ids: &str| {
        let json = CART.replace("LINE", LINE).replace(r#"["l1"]"#, ids);
        serde_json::from_str::<SaleCart>(&json)
    };
    assert_eq!(read(r#"["l1"]"#).unwrap(), shirt());
    let refused = [
        ("[]", "0 line ids for 1 lines"),
        (r#"["l1", "l2"]"#, "2 line ids for 1 lines"),
        (r#"[""]"#, "line_id \"\" must have 1 to 64 characters"),
    ];
    for (ids, text) in refused {
        assert_eq!(read(ids).unwrap_err().to_string(), text);
    }
    assert!(read("[null]").is_err());
    let twice = CART
        .replace("LINE", &format!("{LINE}, {LINE}"))
        .replace("24900,\n        \"order_tax_amount\": 4980", "49800, \"order_tax_amount\": 9960");
    let twice = twice.replace(r#"["l1"]"#, r#"["l1", "l1"]"#);
    assert_eq!(
        serde_json::from_str::<SaleCart>(&twice).unwrap_err().to_string(),
        "line_id l1 stands on two lines: give each line its own, or leave it out"
    );
}

#[test]
fn line_ids_are_given_or_counted() {
    let id = |text: &str| Some(LineId(text.to_owned()));
    let cart = || shirt().cart().clone();
    assert_eq!(SaleCart::new(cart(), &[None]).unwrap(), shirt());
    let longest = "ö".repeat(64);
    let named = SaleCart::new(cart(), &[id(&longest)]).unwrap();
    assert!(named.line(&LineId(longest)).is_some());
    assert!(named.line(&LineId("l1".to_owned())).is_none());
    for (wanted, text) in [
        (vec![], "0 line ids for 1 lines".to_owned()),
        (
            vec![id(&"x".repeat(65))],
            format!("line_id {:?} must have 1 to 64 characters", "x".repeat(65)),
        ),
    ] {
        assert_eq!(SaleCart::new(cart(), &wanted).unwrap_err().to_string(), text);
    }
    let three = || {
        let line = || line("Shirt", 24_900, 1);
        cart_of(vec![line(), line(), line()]).cart().clone()
    };
    let ids = |cart: &SaleCart| cart.lines().map(|(id, _)| id.0.clone()).collect::<Vec<_>>();
    // A free number never meets one that was given.
    let mixed = SaleCart::new(three(), &[None, id("l1"), None]).unwrap();
    assert_eq!(ids(&mixed), ["l2", "l1", "l3"]);
    assert_eq!(ids(&SaleCart::numbered(three())), ["l1", "l2", "l3"]);
    let doubled = SaleCart::new(three(), &[id("a"), None, id("a")]).unwrap_err();
    assert!(doubled.to_string().starts_with("line_id a stands on two lines"));
}

#[test]
fn the_names_of_events() {
    use kvitt_core::ActKind;
    let requested = Event::Requested {
        intent: INTENT,
        act: Act::Release,
        idempotency_key: String::new(),
        part_of: None,
    };
    assert_eq!(requested.name(None), "release.requested");
    assert_eq!(requested.intent(), Some(INTENT));
    let refused = Event::Refused { intent: INTENT, refused: Refused::default() };
    assert_eq!(refused.name(Some(ActKind::AddShippingInfo)), "add_shipping_info.refused");
    assert_eq!(refused.name(None), "act.refused");
    assert_eq!(refused.name(Some(ActKind::TriggerSendOut)), "trigger_send_out.refused");
    let done =
        Event::Done { intent: INTENT, outcome: Outcome::Changed, evidence: Evidence::default() };
    assert_eq!(done.name(Some(ActKind::Extend)), "extend.done");
    let unknown = Event::OutcomeUnknown {
        intent: INTENT,
        attempt: 1,
        problem: String::new(),
        may_have_taken_effect: false,
        evidence: Evidence::default(),
    };
    assert_eq!(unknown.name(Some(ActKind::Place)), "place.unknown");
    let human =
        Event::NeedsHuman { intent: INTENT, reason: String::new(), evidence: Evidence::default() };
    assert_eq!(human.name(Some(ActKind::Refund)), "refund.needs_human");
    for event in [done, unknown, human, refused] {
        assert_eq!(event.intent(), Some(INTENT));
    }
    let undo = Event::UndoRequested { intent: INTENT, reference: None, description: None };
    let end = Event::UndoRefused { intent: INTENT, refused: Refused::default() };
    for (event, name) in [
        (undo, "undo.requested"),
        (Event::UndoDone { intent: INTENT }, "undo.done"),
        (end, "undo.refused"),
    ] {
        assert_eq!((event.name(None).as_str(), event.intent()), (name, Some(INTENT)));
    }
    let plain = [
        (Event::CartChanged { cart: shirt() }, "checkout.cart_changed"),
        (
            Event::MarketChanged { account: String::new(), market: terms().market, cart: shirt() },
            "checkout.market_changed",
        ),
        (Event::CheckoutAbandoned, "checkout.abandoned"),
        (Event::ShipmentStopped, "order.shipment_stopped"),
        (Event::CheckoutCreated { terms: terms(), cart: shirt() }, "checkout.created"),
    ];
    for (event, name) in plain {
        assert_eq!((event.name(None).as_str(), event.intent()), (name, None));
        assert!(!event.is_about_webhooks());
    }
    let endpoint = WebhookEndpointId(Uuid::from_u128(8));
    let (event, reason) = (EventId(Uuid::from_u128(5)), String::new());
    let about_webhooks = [
        (
            Event::WebhookEndpointDisabled { endpoint, reason: reason.clone() },
            "webhook_endpoint.disabled",
        ),
        (Event::WebhookGivenUp { endpoint, event, reason }, "webhook.given_up"),
    ];
    for (event, name) in about_webhooks {
        assert_eq!((event.name(None).as_str(), event.intent()), (name, None));
        assert!(event.is_about_webhooks());
    }
    for kind in ActKind::ON_ORDERS.into_iter().chain([ActKind::Place]) {
        assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
    }
}
