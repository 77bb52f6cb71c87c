//! One simple wish of each kind, for tests that only care about the kind.

use kvitt_core::{ActKind, AuthorizationWish, ReferencesWish, Sale, ShippingInfo, Wish};

use crate::support::{capture, refund};

/// The wish of a kind that asks for least: everything, the cart as it is, some reference.
pub(crate) fn simplest(kind: ActKind, sale: &Sale) -> Wish {
    let cart = sale.order.as_ref().map_or(&sale.cart, |order| &order.cart).clone();
    match kind {
        ActKind::Place => Wish::Place,
        ActKind::Capture => capture(&[]),
        ActKind::Refund => refund(&[]),
        ActKind::Cancel => Wish::Cancel,
        ActKind::Release => Wish::Release,
        ActKind::Extend => Wish::Extend,
        ActKind::UpdateAuthorization => {
            Wish::UpdateAuthorization(AuthorizationWish { cart, description: None })
        }
        ActKind::UpdateReferences => simplest_references(),
        ActKind::UpdateShippingAddress => Wish::UpdateShippingAddress,
        ActKind::AddShippingInfo => {
            Wish::AddShippingInfo { capture_id: None, shipping_info: vec![ShippingInfo::default()] }
        }
        ActKind::TriggerSendOut => {
            let captures = sale.order.iter().flat_map(|order| &order.captures);
            let capture_id = captures.map(|it| it.capture_id.clone()).next().unwrap_or_default();
            Wish::TriggerSendOut { capture_id }
        }
    }
}

/// New references.
pub(crate) fn simplest_references() -> Wish {
    Wish::UpdateReferences(ReferencesWish {
        merchant_reference1: Some("1002".to_owned()),
        merchant_reference2: None,
    })
}
