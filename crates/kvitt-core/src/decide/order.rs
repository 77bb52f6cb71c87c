//! Decisions about an order: which acts its state allows, and changes that move no money.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use jiff::Timestamp;

use super::limits::{check_shipping_info, check_text};
use crate::act::{Act, ActKind, ShippingInfo};
use crate::cart::SaleCart;
use crate::order::{Order, OrderStatus};
use crate::refusal::Refusal;
use crate::sale::Sale;

/// New lines and sums for an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorizationWish {
    /// The lines, each with the id it had where it is the same line.
    pub cart: SaleCart,
    /// Shown to the customer.
    pub description: Option<String>,
}

/// New references; an absent one stays, an empty one is cleared.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReferencesWish {
    /// The shop's order number.
    pub merchant_reference1: Option<String>,
    /// The shop's second reference.
    pub merchant_reference2: Option<String>,
}

impl Sale {
    /// Which acts an order's state allows (Klarna documentation: manage orders; where it is
    /// silent, the safe side).
    pub(super) fn may_on_order(&self, kind: ActKind, at: Timestamp) -> Result<(), Refusal> {
        use OrderStatus::{Authorized, Cancelled, Captured, Expired, PartCaptured};
        let order = self.order.as_ref().ok_or(Refusal::NoOrder)?;
        let status = order.status(at);
        let hint = match (kind, status) {
            (ActKind::Place, _) => return Err(Refusal::AlreadyPlaced),
            (_, Cancelled) => "a cancelled order stays cancelled",
            (ActKind::Capture | ActKind::Extend, Expired) => {
                "its authorization ran out, the shopper has to order again"
            }
            (ActKind::Capture | ActKind::Extend, Captured) => "nothing is left to capture",
            (ActKind::Capture, Authorized | PartCaptured) => return may_capture(order),
            (ActKind::Refund | ActKind::Release, Authorized) => {
                "nothing is captured yet; cancel it instead"
            }
            (ActKind::Refund, Expired) => "nothing was captured",
            (ActKind::TriggerSendOut, Authorized | Expired) => {
                "nothing is captured, so there is no message to send again"
            }
            (ActKind::Refund, Captured | PartCaptured)
                if order.amounts(at).refundable_amount() == 0 =>
            {
                "everything captured is refunded already"
            }
            (ActKind::Cancel, PartCaptured) => {
                "something is captured; release the rest, and refund what was captured"
            }
            (ActKind::Cancel, Captured) => "it is captured; refund it instead",
            (ActKind::Cancel | ActKind::Release, Expired) => {
                "its authorization ran out by itself, nothing is held any more"
            }
            (ActKind::Release, Captured) => "nothing is left to release",
            (ActKind::UpdateAuthorization, Captured | Expired) => "its amount is settled",
            (ActKind::UpdateShippingAddress, Captured | Expired) => {
                "the address can only change before everything is captured"
            }
            (ActKind::Refund | ActKind::TriggerSendOut, Captured | PartCaptured)
            | (ActKind::Cancel, Authorized)
            | (ActKind::Release, PartCaptured)
            | (
                ActKind::Extend | ActKind::UpdateAuthorization | ActKind::UpdateShippingAddress,
                Authorized | PartCaptured,
            )
            | (ActKind::UpdateReferences | ActKind::AddShippingInfo, _) => return Ok(()),
        };
        Err(Refusal::WrongStatus { kind, status, hint })
    }

    pub(super) fn decide_update(&self, wish: AuthorizationWish) -> Result<Act, Refusal> {
        let order = self.order.as_ref().ok_or(Refusal::NoOrder)?;
        check_text("description", wish.description.as_deref())?;
        let given = wish.cart.cart().purchase_country();
        let expected = order.cart.cart().purchase_country();
        if given != expected {
            return Err(Refusal::CountryChanged { given: given.code(), expected: expected.code() });
        }
        let asked = wish.cart.cart().totals().order_amount;
        let captured = order.amounts(Timestamp::MIN).captured_amount;
        if asked < captured {
            return Err(Refusal::BelowCaptured { asked, captured });
        }
        if asked < 1 {
            return Err(Refusal::NotPositive { field: "order_amount", value: asked });
        }
        keeps_captured_lines(order, &wish.cart)?;
        Ok(Act::UpdateAuthorization { cart: wish.cart, description: wish.description })
    }

    pub(super) fn decide_shipping_info(
        &self,
        capture_id: Option<String>,
        shipping_info: Vec<ShippingInfo>,
    ) -> Result<Act, Refusal> {
        let order = self.order.as_ref().ok_or(Refusal::NoOrder)?;
        capture_id.as_deref().map_or(Ok(()), |capture_id| check_capture(order, capture_id))?;
        if shipping_info.is_empty() {
            return Err(Refusal::NothingToChange { expected: "at least one shipping_info" });
        }
        check_shipping_info(&shipping_info)?;
        Ok(Act::AddShippingInfo { capture_id, shipping_info })
    }

    pub(super) fn decide_send_out(&self, capture_id: String) -> Result<Act, Refusal> {
        let order = self.order.as_ref().ok_or(Refusal::NoOrder)?;
        check_capture(order, &capture_id)?;
        Ok(Act::TriggerSendOut { capture_id })
    }
}

fn check_capture(order: &Order, capture_id: &str) -> Result<(), Refusal> {
    if order.captures.iter().any(|capture| capture.capture_id == capture_id) {
        Ok(())
    } else {
        Err(Refusal::UnknownCapture { capture_id: capture_id.to_owned() })
    }
}

pub(super) fn decide_references(wish: ReferencesWish) -> Result<Act, Refusal> {
    check_text("merchant_reference1", wish.merchant_reference1.as_deref())?;
    check_text("merchant_reference2", wish.merchant_reference2.as_deref())?;
    if wish == ReferencesWish::default() {
        let expected = "merchant_reference1 or merchant_reference2";
        return Err(Refusal::NothingToChange { expected });
    }
    Ok(Act::UpdateReferences {
        merchant_reference1: wish.merchant_reference1,
        merchant_reference2: wish.merchant_reference2,
    })
}

/// A capture of an order that Klarna still reviews is held. A rejected one may be captured at the
/// shop's own risk (Klarna documentation: pending orders).
fn may_capture(order: &Order) -> Result<(), Refusal> {
    if order.stopped { Err(Refusal::ShipmentStopped) } else { Ok(()) }
}

/// A line of which something was captured stays, at its price, with at least that much of it:
/// otherwise later parts of it could not add up.
pub(crate) fn keeps_captured_lines(order: &Order, cart: &SaleCart) -> Result<(), Refusal> {
    let parts: BTreeSet<_> = order
        .captures
        .iter()
        .flat_map(|capture| &capture.lines)
        .map(|part| &part.line_id)
        .collect();
    for (line_id, left) in order.uncaptured_lines() {
        let Some(before) = order.cart.line(&line_id).filter(|_| parts.contains(&line_id)) else {
            continue;
        };
        let captured = before.quantity - left.quantity;
        let discount = before.total_discount_amount - left.total_discount_amount;
        let kept = cart.line(&line_id).is_some_and(|after| {
            let adds_up = match after.quantity.cmp(&captured) {
                Ordering::Less => false,
                Ordering::Equal => after.total_discount_amount == discount,
                Ordering::Greater => after.total_discount_amount >= discount,
            };
            after.unit_price == before.unit_price
                && after.tax_rate == before.tax_rate
                && after.line_type == before.line_type
                && adds_up
        });
        if !kept {
            return Err(Refusal::CapturedLineChanged { line_id, captured });
        }
    }
    Ok(())
}
