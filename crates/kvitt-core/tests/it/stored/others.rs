//! What others did at Klarna.

use kvitt_core::{AddressKind, Event, ShippingInfo};

use super::{evidence, shirt, stands_as, text};
use crate::support::time;

#[test]
fn what_others_changed() {
    let update = Event::ExternalUpdate { cart: shirt(), evidence: evidence() };
    stands_as(&update, r#"{"type": "external_update", "cart": CART, "evidence": EVIDENCE}"#);
    let references = Event::ExternalReferences {
        merchant_reference1: Some(text("B")),
        merchant_reference2: None,
        evidence: evidence(),
    };
    stands_as(
        &references,
        r#"{"type": "external_references", "merchant_reference1": "B", "evidence": EVIDENCE}"#,
    );
    let tracking = |capture_id| Event::ExternalShippingInfo {
        capture_id,
        shipping_info: vec![ShippingInfo {
            tracking_number: Some(text("XYZ1")),
            ..ShippingInfo::default()
        }],
        evidence: evidence(),
    };
    stands_as(
        &tracking(Some(text("c-1"))),
        r#"{
            "type": "external_shipping_info", "capture_id": "c-1",
            "shipping_info": [{"tracking_number": "XYZ1"}], "evidence": EVIDENCE
        }"#,
    );
    stands_as(
        &tracking(None),
        r#"{
            "type": "external_shipping_info", "shipping_info": [{"tracking_number": "XYZ1"}],
            "evidence": EVIDENCE
        }"#,
    );
    let moved =
        |address, members| Event::ExternalAddress { address, members, evidence: evidence() };
    let shipping = moved(AddressKind::ShippingAddress, vec![text("street_address"), text("city")]);
    stands_as(
        &shipping,
        r#"{
            "type": "external_address", "address": "shipping_address",
            "members": ["street_address", "city"], "evidence": EVIDENCE
        }"#,
    );
    let billing = moved(AddressKind::BillingAddress, vec![text("phone")]);
    stands_as(
        &billing,
        r#"{
            "type": "external_address", "address": "billing_address", "members": ["phone"],
            "evidence": EVIDENCE
        }"#,
    );
    let order = Event::ExternalOrder {
        klarna_order_id: text("k-1"),
        fraud_status: kvitt_core::FraudStatus::Accepted,
        cart: shirt(),
        placed_at: Some(time("2026-01-01T12:00:00Z")),
        payment_method: None,
        evidence: evidence(),
    };
    stands_as(
        &order,
        r#"{
            "type": "external_order", "klarna_order_id": "k-1", "fraud_status": "ACCEPTED",
            "cart": CART, "placed_at": "2026-01-01T12:00:00Z", "evidence": EVIDENCE
        }"#,
    );
    for (event, name) in [
        (update, "update_authorization.external"),
        (references, "update_references.external"),
        (tracking(None), "add_shipping_info.external"),
        (shipping, "update_shipping_address.external"),
        (billing, "update_billing_address.external"),
        (order, "place.external"),
    ] {
        assert_eq!((event.name(None).as_str(), event.intent()), (name, None));
    }
}
