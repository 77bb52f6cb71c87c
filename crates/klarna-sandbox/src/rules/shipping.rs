//! Parcels and addresses: what a merchant may add or change after the purchase.

use super::{
    order::{Capture, Order, Status},
    purchase::letters,
    read::{Body, Problem, Reader},
    refusal::Refusal,
    texts::{ADDRESS, SHIPPING_INFO, Side, Texts},
};

/// The most parcels of one order or capture (Klarna documentation).
const PARCELS_MAX: usize = 500;

/// What an address cannot be without; such a member may be changed but not cleared.
const MANDATORY: [&str; 6] =
    ["given_name", "family_name", "street_address", "postal_code", "city", "country"];

/// The parcels of a request.
pub(crate) fn read(reader: &mut Reader<'_>, min: usize) -> Option<Vec<Texts>> {
    reader.objects("shipping_info", min, PARCELS_MAX, |parcel| {
        Texts::read(parcel, &SHIPPING_INFO, Side::Orders)
    })
}

/// The parcels of a request that is about nothing else.
pub(crate) fn required(body: &Body<'_>) -> Result<Vec<Texts>, Refusal> {
    let mut problems: Vec<Problem> = Vec::new();
    let mut reader = Reader::new(body, &mut problems);
    reader.required("shipping_info");
    let parcels = read(&mut reader, 1);
    match parcels {
        Some(parcels) if problems.is_empty() => Ok(parcels),
        _ => Err(Refusal::unprocessable(&problems)),
    }
}

/// Appends parcels to a list that holds so many at most.
pub(crate) fn append(held: &mut Vec<Texts>, parcels: Vec<Texts>) -> Result<(), Refusal> {
    if held.len() + parcels.len() > PARCELS_MAX {
        let problem = Problem {
            path: "shipping_info".to_owned(),
            fault: super::read::Fault::Size { min: 1, max: PARCELS_MAX },
        };
        return Err(Refusal::unprocessable(&[problem]));
    }
    held.extend(parcels);
    Ok(())
}

/// The capture of this id, or the refusal of an act on it that ends in `consequence`.
pub(crate) fn capture_of<'a>(
    order: &'a mut Order,
    capture_id: &str,
    consequence: &str,
) -> Result<&'a mut Capture, Refusal> {
    if order.captures.is_empty() {
        return Err(Refusal::not_allowed(format!("Order has no captures. {consequence}")));
    }
    let text = format!("Capture could not be found. {consequence}");
    order.capture_mut(capture_id).ok_or_else(|| Refusal::new(404, "NO_SUCH_CAPTURE", text))
}

/// What follows where a message is not sent again.
pub(crate) const NO_SEND_OUT: &str = "Send out cannot be triggered.";

/// Sends the customer's message of a capture once more.
pub(crate) fn send_out(order: &mut Order, capture_id: &str) -> Result<(), Refusal> {
    let capture = capture_of(order, capture_id, NO_SEND_OUT)?;
    capture.send_outs = capture.send_outs.saturating_add(1);
    Ok(())
}

/// Changes the shipping address.
pub(crate) fn update_customer_details(order: &mut Order, body: &Body<'_>) -> Result<(), Refusal> {
    let mut problems: Vec<Problem> = Vec::new();
    let mut reader = Reader::new(body, &mut problems);
    let refuses_billing = reader.mentions("billing_address");
    let address = reader.object("shipping_address", |it| Texts::read(it, &ADDRESS, Side::Orders));
    if !problems.is_empty() {
        return Err(Refusal::unprocessable(&problems));
    }
    if refuses_billing {
        return Err(Refusal::not_allowed(
            "Billing address cannot be updated for user account order. \
             Customer details cannot be updated.",
        ));
    }
    if !order.status.is_open() {
        return Err(Refusal::not_allowed(format!(
            "Order is {}. Customer details cannot be updated.",
            order.status.in_words()
        )));
    }
    let Some(address) = address else { return Ok(()) };
    for name in MANDATORY {
        if address.get(name) == Some("") {
            let text = format!("'shipping_address.{name}' must not be empty");
            return Err(Refusal::new(422, "INVALID_ADDRESS", text));
        }
    }
    if address.get("country").is_some_and(|country| !letters(country, 2)) {
        let text = "'shipping_address.country' is not valid";
        return Err(Refusal::new(422, "INVALID_ADDRESS", text));
    }
    // Nothing was said: it makes no address out of nothing (guess).
    if order.shipping_address.is_some() || address.texts().any(|text| !text.is_empty()) {
        order.shipping_address.get_or_insert_default().merge(address);
    }
    Ok(())
}

/// Changes the merchant's references: only those sent, an empty one clears.
pub(crate) fn update_references(order: &mut Order, body: &Body<'_>) -> Result<(), Refusal> {
    let mut problems: Vec<Problem> = Vec::new();
    let mut reader = Reader::new(body, &mut problems);
    let sent = ["merchant_reference1", "merchant_reference2"].map(|name| reader.text(name, 0, 255));
    if !problems.is_empty() {
        return Err(Refusal::unprocessable(&problems));
    }
    if order.status == Status::Cancelled {
        return Err(Refusal::not_allowed(
            "Order is cancelled. Merchant references cannot be updated.",
        ));
    }
    let held = [&mut order.merchant_reference1, &mut order.merchant_reference2];
    for (held, sent) in held.into_iter().zip(sent) {
        if let Some(text) = sent {
            *held = if text.is_empty() { None } else { Some(text) };
        }
    }
    Ok(())
}

/// The choices for putting off an invoice: days and the fee in minor units. Klarna publishes
/// neither (guess).
pub(crate) const DUE_DATE_OPTIONS: [(i64, i64); 2] = [(14, 0), (30, 1900)];

/// Puts off the due date of a capture's invoice.
pub(crate) fn extend_due_date(
    order: &mut Order,
    capture_id: &str,
    body: &Body<'_>,
) -> Result<(), Refusal> {
    const CONSEQUENCE: &str = "Due date cannot be extended.";
    let mut problems: Vec<Problem> = Vec::new();
    let days = Reader::new(body, &mut problems).required_integer("number_of_days", 1, i64::MAX);
    if !problems.is_empty() {
        return Err(Refusal::unprocessable(&problems));
    }
    let is_invoice = order.method.is_invoice();
    let capture = capture_of(order, capture_id, CONSEQUENCE)?;
    if !is_invoice {
        return Err(Refusal::not_allowed(format!("Order is not paid by invoice. {CONSEQUENCE}")));
    }
    if !DUE_DATE_OPTIONS.iter().any(|(offered, _)| *offered == days) {
        return Err(Refusal::not_allowed(format!(
            "Number of days {days} is not offered. {CONSEQUENCE}"
        )));
    }
    if capture.due_date_extended_by.is_some() {
        return Err(Refusal::not_allowed(format!("Due date has been extended. {CONSEQUENCE}")));
    }
    capture.due_date_extended_by = Some(days);
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::rules::order::tests::order;

    #[test]
    fn references_change_only_where_sent() {
        let mut order = order();
        let both = json!({"merchant_reference1": "1", "merchant_reference2": "2"});
        update_references(&mut order, &Body::of(&both)).unwrap();
        update_references(&mut order, &Body::of(&json!({"merchant_reference1": ""}))).unwrap();
        assert_eq!(order.merchant_reference1, None);
        assert_eq!(order.merchant_reference2.as_deref(), Some("2"));
        order.status = Status::Cancelled;
        let refusal = update_references(&mut order, &Body::of(&both)).unwrap_err();
        assert_eq!((refusal.status, &*refusal.code), (403, "NOT_ALLOWED"));
    }

    #[test]
    fn a_shipping_address_is_changed_but_not_emptied() {
        let mut order = order();
        let body = json!({"shipping_address": {"city": "Lund", "postal_code": "22100"}});
        update_customer_details(&mut order, &Body::of(&body)).unwrap();
        let body = json!({"shipping_address": {"city": "Malmö"}});
        update_customer_details(&mut order, &Body::of(&body)).unwrap();
        let held = order.shipping_address.as_ref().unwrap();
        assert_eq!((held.get("city"), held.get("postal_code")), (Some("Malmö"), Some("22100")));
        let body = json!({"shipping_address": {"city": ""}});
        let refusal = update_customer_details(&mut order, &Body::of(&body)).unwrap_err();
        assert_eq!((refusal.status, &*refusal.code), (422, "INVALID_ADDRESS"));
        let body = json!({"shipping_address": {"country": "SWE"}});
        let refusal = update_customer_details(&mut order, &Body::of(&body)).unwrap_err();
        assert_eq!((refusal.status, &*refusal.code), (422, "INVALID_ADDRESS"));
        let body = json!({"billing_address": {"city": "Lund"}});
        let refusal = update_customer_details(&mut order, &Body::of(&body)).unwrap_err();
        assert_eq!(
            refusal.messages,
            ["Billing address cannot be updated for user account order. \
              Customer details cannot be updated."]
        );
    }

    #[test]
    fn an_address_that_says_nothing_changes_nothing() {
        let mut order = order();
        let update = |order: &mut Order, address: serde_json::Value| {
            update_customer_details(order, &Body::of(&json!({ "shipping_address": address })))
        };
        order.shipping_address = None;
        for address in [json!({}), json!({"email": "", "phone": ""}), json!({"floor": "2"})] {
            update(&mut order, address).unwrap();
            assert!(order.shipping_address.is_none());
        }
        // One that is there keeps what it has, and can lose what it may be without.
        update(&mut order, json!({"city": "Lund", "phone": "+46701740615"})).unwrap();
        update(&mut order, json!({})).unwrap();
        let phone =
            |order: &Order| order.shipping_address.as_ref()?.get("phone").map(str::to_owned);
        assert_eq!(phone(&order).as_deref(), Some("+46701740615"));
        update(&mut order, json!({"phone": ""})).unwrap();
        assert_eq!(phone(&order).as_deref(), Some(""));

        // Of a billing address it is known that it is refused.
        let billing = json!({"billing_address": {}});
        let refusal = update_customer_details(&mut order, &Body::of(&billing)).unwrap_err();
        assert_eq!((refusal.status, &*refusal.code), (403, "NOT_ALLOWED"));
    }

    #[test]
    fn parcels_are_counted_and_measured() {
        assert!(required(&Body::of(&json!({}))).is_err());
        assert!(required(&Body::of(&json!({"shipping_info": []}))).is_err());
        let long = json!({"shipping_info": [{"shipping_company": "x".repeat(101)}]});
        let refusal = required(&Body::of(&long)).err().unwrap();
        assert_eq!(
            refusal.messages,
            ["The size of the shipping_info/shipping_company value must be between 0 and 100"]
        );
        let one = json!({"shipping_info": [{"shipping_method": "Home"}]});
        let mut held = Vec::new();
        for _ in 0..500 {
            append(&mut held, required(&Body::of(&one)).ok().unwrap()).unwrap();
        }
        assert_eq!(
            append(&mut held, required(&Body::of(&one)).ok().unwrap()).unwrap_err().status,
            422
        );
        assert_eq!(held.len(), 500);
    }
}
