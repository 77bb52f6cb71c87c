//! Values to store, made of numbers so that no two tests share them by accident.

use jiff::{SignedDuration, Timestamp};
use kvitt_core::{
    Act, AddressKind, ApiKeyId, Cause, CheckoutTerms, Door, Event, EventId, Evidence, FraudStatus,
    IntentId, LineId, LinePart, OrderSnapshot, Outcome, PaymentMethodCategory, Placement, Refused,
    SaleCart, SaleId, ShippingInfo, UserId, WebhookEndpointId,
};
use kvitt_ledger::{Append, NewEvent, PasswordHash, SaleSummary, User, WebhookEndpoint};
use kvitt_money::{Cart, Country, OrderLine, PurchaseMarket, TaxRate};
use uuid::Uuid;

/// A moment, this many microseconds into the tests' time.
pub(crate) fn moment(us: i64) -> Timestamp {
    let start: Timestamp = "2026-03-01T12:00:00Z".parse().unwrap();
    start + SignedDuration::from_micros(us)
}

pub(crate) fn sale(number: u128) -> SaleId {
    SaleId(Uuid::from_u128((0x0192_f0c8 << 96) + number))
}

pub(crate) fn api_key(number: u128) -> ApiKeyId {
    ApiKeyId(Uuid::from_u128(number))
}

pub(crate) fn user_id(number: u128) -> UserId {
    UserId(Uuid::from_u128(number))
}

pub(crate) fn endpoint_id(number: u128) -> WebhookEndpointId {
    WebhookEndpointId(Uuid::from_u128(number))
}

/// An endpoint that wants everything.
pub(crate) fn endpoint(number: u128, created_at_us: i64) -> WebhookEndpoint {
    WebhookEndpoint {
        id: endpoint_id(number),
        revision: 0,
        url: format!("https://shop.example/{number}"),
        description: format!("endpoint {number}"),
        events: Vec::new(),
        secret: format!("whsec_of-{number}").into(),
        previous_secret: None,
        created_at: moment(created_at_us),
        enabled_at: moment(created_at_us),
        disabled: None,
        delivered_at: None,
        position: 0,
        again: None,
    }
}

/// A user who has not changed anything yet.
pub(crate) fn user(number: u128, created_at_us: i64) -> User {
    User {
        id: user_id(number),
        name: format!("Operator {number}"),
        password_hash: PasswordHash::new(format!("$argon2id$of-{number}")),
        created_at: moment(created_at_us),
        revoked_at: None,
    }
}

pub(crate) fn intent(number: u128) -> IntentId {
    IntentId(Uuid::from_u128(number))
}

pub(crate) fn work_id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

pub(crate) fn summary(sale: SaleId, version: u64) -> SaleSummary {
    SaleSummary {
        sale,
        version,
        created_at: moment(0),
        updated_at: moment(i64::try_from(version).unwrap()),
        account: "main".to_owned(),
        purchase_country: "SE".to_owned(),
        purchase_currency: "SEK".to_owned(),
        checkout_status: "open".to_owned(),
        order_status: None,
        fraud_status: None,
        klarna_order_id: None,
        klarna_reference: None,
        merchant_reference1: None,
        merchant_reference2: None,
        order_amount: 49_800,
        captured_amount: 0,
        refunded_amount: 0,
        remaining_authorized_amount: 0,
        placed_at: None,
        expires_at: None,
        attention: None,
        look_at: None,
    }
}

pub(crate) fn new_event(number: u128, event: Event) -> NewEvent {
    NewEvent {
        id: EventId(Uuid::from_u128(number)),
        at: moment(i64::try_from(number).unwrap()),
        cause: Cause::Kvitt,
        name: event.name(None),
        event,
    }
}

/// A step of one plain event on a sale that has `version` events.
pub(crate) fn step(sale: SaleId, version: u64) -> Append {
    Append {
        sale,
        expected_version: version,
        events: vec![new_event(u128::from(version) + 1, Event::CheckoutAbandoned)],
        summary: summary(sale, version + 1),
        idempotency: None,
        private: Vec::new(),
        work: Vec::new(),
        inbox: None,
        acts: false,
        fence: None,
    }
}

/// A step without events on a sale that has `version` events.
pub(crate) fn quiet_step(sale: SaleId, version: u64) -> Append {
    Append { events: Vec::new(), summary: summary(sale, version), ..step(sale, version) }
}

pub(crate) fn cart() -> SaleCart {
    let rate = TaxRate::new(2500).unwrap();
    let shirt = OrderLine::tax_inclusive("Skjorta på 100 % lin 👕", 24_900, rate, 2).unwrap();
    SaleCart::numbered(Cart::sum(Country::SE, vec![shirt]).unwrap())
}

fn capture() -> Act {
    Act::Capture {
        captured_amount: 24_900,
        lines: vec![LinePart {
            line_id: LineId("l1".to_owned()),
            line: (**cart().line(&LineId("l1".to_owned())).unwrap()).clone(),
        }],
        reference: Some("parcel 1".to_owned()),
        description: None,
        shipping_info: vec![ShippingInfo {
            tracking_number: Some("42".to_owned()),
            ..ShippingInfo::default()
        }],
        is_final: true,
    }
}

/// One event of each kind, with every member that can be absent there.
pub(crate) fn every_event() -> Vec<Event> {
    let evidence = Evidence {
        operation: "captureOrder".to_owned(),
        status: Some(201),
        correlation_id: Some("b1e4".to_owned()),
    };
    let refused = Refused {
        error_code: "CAPTURE_NOT_ALLOWED".to_owned(),
        error_messages: vec!["not \"allowed\"".to_owned()],
        evidence: evidence.clone(),
    };
    vec![
        Event::CheckoutCreated {
            terms: CheckoutTerms {
                account: "main".to_owned(),
                market: PurchaseMarket::new("SE", "SEK", "sv-SE").unwrap(),
                placement: Placement::Manual,
                merchant_reference1: Some("1001".to_owned()),
                merchant_reference2: None,
                merchant_data: Some("{}".to_owned()),
                confirmation_url: Some("https://shop.example/thanks".to_owned()),
            },
            cart: cart(),
        },
        Event::CartChanged { cart: cart() },
        Event::CheckoutAbandoned,
        Event::SessionOpened {
            session_id: "s-1".to_owned(),
            expires_at: moment(48),
            cart_version: 1,
            payment_method_categories: vec![PaymentMethodCategory {
                identifier: "klarna".to_owned(),
                name: "Betala med Klarna".to_owned(),
            }],
            evidence: evidence.clone(),
        },
        Event::SessionUpdated {
            session_id: "s-1".to_owned(),
            cart_version: 2,
            evidence: evidence.clone(),
        },
        Event::SessionLost { session_id: "s-1".to_owned(), evidence: evidence.clone() },
        Event::SessionRefused { refused: refused.clone() },
        Event::AuthorizationReceived {
            authorization: "digest".to_owned(),
            session_id: "s-1".to_owned(),
            cart_version: 2,
            door: Door::Callback,
            expires_at: moment(60),
        },
        Event::AuthorizationReleased {
            authorization: "digest".to_owned(),
            evidence: evidence.clone(),
        },
        Event::Requested {
            intent: intent(1),
            act: capture(),
            idempotency_key: "key-1".to_owned(),
            part_of: Some(intent(4)),
        },
        Event::Done {
            intent: intent(1),
            outcome: Outcome::Captured { capture_id: "c-1".to_owned() },
            evidence: evidence.clone(),
        },
        Event::Refused { intent: intent(2), refused: refused.clone() },
        Event::OutcomeUnknown {
            intent: intent(3),
            attempt: 2,
            problem: "no answer in 10 s".to_owned(),
            may_have_taken_effect: true,
            evidence: Evidence::default(),
        },
        Event::NeedsHuman {
            intent: intent(3),
            reason: "look at Klarna's portal".to_owned(),
            evidence: evidence.clone(),
        },
        Event::OrderRead {
            snapshot: OrderSnapshot {
                status: "A_NEW_STATE".to_owned(),
                fraud_status: FraudStatus::Other("PONDERING".to_owned()),
                order_amount: 49_800,
                original_order_amount: 49_800,
                captured_amount: 24_900,
                refunded_amount: 0,
                remaining_authorized_amount: 24_900,
                expires_at: Some(moment(28)),
                klarna_reference: Some("ABCD1234".to_owned()),
            },
            evidence: evidence.clone(),
        },
        Event::ShipmentStopped,
    ]
    .into_iter()
    .chain(what_others_did(evidence))
    .chain(later_kinds(refused))
    .chain(about_webhooks())
    .chain(found_by_reading())
    .collect()
}

fn about_webhooks() -> [Event; 2] {
    let endpoint = endpoint_id(1);
    let event = EventId(Uuid::from_u128(3));
    [
        Event::WebhookEndpointDisabled { endpoint, reason: "it answered 500".to_owned() },
        Event::WebhookGivenUp { endpoint, event, reason: "no answer".to_owned() },
    ]
}

fn found_by_reading() -> [Event; 7] {
    let evidence = Evidence {
        operation: "readCreditSession".to_owned(),
        status: Some(200),
        correlation_id: None,
    };
    [
        Event::SessionRead { session_id: "s-1".to_owned(), evidence: evidence.clone() },
        Event::SessionCompleted { session_id: "s-1".to_owned(), evidence: evidence.clone() },
        Event::ExternalUpdate { cart: cart(), evidence: evidence.clone() },
        Event::ExternalReferences {
            merchant_reference1: Some("1001-B".to_owned()),
            merchant_reference2: None,
            evidence: evidence.clone(),
        },
        Event::ExternalOrder {
            klarna_order_id: "k-1".to_owned(),
            fraud_status: FraudStatus::Accepted,
            cart: cart(),
            placed_at: Some(moment(3)),
            payment_method: None,
            evidence: evidence.clone(),
        },
        Event::ExternalShippingInfo {
            capture_id: None,
            shipping_info: vec![ShippingInfo {
                tracking_number: Some("XYZ1".to_owned()),
                ..ShippingInfo::default()
            }],
            evidence: evidence.clone(),
        },
        Event::ExternalAddress {
            address: AddressKind::ShippingAddress,
            members: vec!["street_address".to_owned()],
            evidence,
        },
    ]
}

fn later_kinds(refused: Refused) -> [Event; 8] {
    [
        Event::Held { intent: intent(5) },
        Event::Resumed { intent: intent(5) },
        Event::UndoRequested {
            intent: intent(4),
            reference: Some("r-1".to_owned()),
            description: Some("Sold out".to_owned()),
        },
        Event::UndoDone { intent: intent(4) },
        Event::UndoRefused { intent: intent(4), refused },
        Event::AuthorizationExpiring {
            expires_at: moment(28),
            due_at: moment(21),
            remaining_authorized_amount: 24_900,
        },
        Event::AuthorizationExpired { expires_at: moment(28), uncaptured_amount: 24_900 },
        Event::MarketChanged {
            account: "main".to_owned(),
            market: PurchaseMarket::new("SE", "SEK", "en-SE").unwrap(),
            cart: cart(),
        },
    ]
}

fn what_others_did(evidence: Evidence) -> [Event; 3] {
    [
        Event::ExternalCapture {
            capture_id: "5c3e0b9e-1f43-4a9f-a5c6-4a1c58f4a0b7".to_owned(),
            captured_amount: 24_900,
            reference: Some("portal".to_owned()),
            description: None,
            captured_at: Some(moment(3)),
            evidence: evidence.clone(),
        },
        Event::ExternalRefund {
            refund_id: "6d4f1caf-2054-4ba0-b6d7-5b2d69f5b1c8".to_owned(),
            refunded_amount: 100,
            reference: None,
            description: Some("sorry".to_owned()),
            refunded_at: None,
            evidence: evidence.clone(),
        },
        Event::ExternalRelease { evidence },
    ]
}

/// The place of an event's kind in [`every_event`]. A new kind does not compile until it is there.
pub(crate) fn kind(event: &Event) -> usize {
    match event {
        Event::CheckoutCreated { .. } => 0,
        Event::CartChanged { .. } => 1,
        Event::CheckoutAbandoned => 2,
        Event::SessionOpened { .. } => 3,
        Event::SessionUpdated { .. } => 4,
        Event::SessionLost { .. } => 5,
        Event::SessionRefused { .. } => 6,
        Event::AuthorizationReceived { .. } => 7,
        Event::AuthorizationReleased { .. } => 8,
        Event::Requested { .. } => 9,
        Event::Done { .. } => 10,
        Event::Refused { .. } => 11,
        Event::OutcomeUnknown { .. } => 12,
        Event::NeedsHuman { .. } => 13,
        Event::OrderRead { .. } => 14,
        Event::ShipmentStopped => 15,
        Event::ExternalCapture { .. } => 16,
        Event::ExternalRefund { .. } => 17,
        Event::ExternalRelease { .. } => 18,
        Event::Held { .. } => 19,
        Event::Resumed { .. } => 20,
        Event::UndoRequested { .. } => 21,
        Event::UndoDone { .. } => 22,
        Event::UndoRefused { .. } => 23,
        Event::AuthorizationExpiring { .. } => 24,
        Event::AuthorizationExpired { .. } => 25,
        Event::WebhookEndpointDisabled { .. } => 27,
        Event::WebhookGivenUp { .. } => 28,
        Event::MarketChanged { .. } => 26,
        Event::SessionRead { .. } => 29,
        Event::SessionCompleted { .. } => 30,
        Event::ExternalUpdate { .. } => 31,
        Event::ExternalReferences { .. } => 32,
        Event::ExternalOrder { .. } => 33,
        Event::ExternalShippingInfo { .. } => 34,
        Event::ExternalAddress { .. } => 35,
    }
}
