//! Capturing: takes money from what remains authorized.

use jiff::Timestamp;

use super::{
    line::{AMOUNT_MAX, LINES_MAX, Line},
    order::{Capture, FraudStatus, Order, Status},
    person,
    read::{Body, Problem, Reader},
    refusal::Refusal,
    shipping,
    texts::{Side, Texts},
};

/// What a capture asks for.
pub(crate) struct Request {
    captured_amount: i64,
    description: Option<String>,
    reference: Option<String>,
    order_lines: Option<Vec<Line>>,
    shipping_info: Option<Vec<Texts>>,
    shipping_delay: Option<i64>,
}

impl Request {
    pub(crate) fn read(body: &Body<'_>) -> Result<Self, Refusal> {
        let mut problems: Vec<Problem> = Vec::new();
        let mut reader = Reader::new(body, &mut problems);
        let request = Self {
            captured_amount: positive(&mut reader, "captured_amount"),
            description: reader.text("description", 0, 255),
            reference: reader.text("reference", 0, 255),
            order_lines: lines(&mut reader),
            shipping_info: shipping::read(&mut reader, 0),
            shipping_delay: reader.integer("shipping_delay", 0, i64::MAX),
        };
        if problems.is_empty() { Ok(request) } else { Err(Refusal::unprocessable(&problems)) }
    }

    /// Whether lines were sent: Klarna then says that it validated them.
    pub(crate) fn has_lines(&self) -> bool {
        self.order_lines.is_some()
    }
}

/// An amount that is there and above zero. The schema allows zero, an actual capture does not:
/// refused here (guess).
pub(crate) fn positive(reader: &mut Reader<'_>, name: &str) -> i64 {
    reader.required_integer(name, 1, AMOUNT_MAX)
}

/// The lines of an Order Management request.
pub(crate) fn lines(reader: &mut Reader<'_>) -> Option<Vec<Line>> {
    reader.objects("order_lines", 0, LINES_MAX, |line| Line::read(line, Side::Orders))
}

/// Captures, or says why not.
pub(crate) fn capture(
    order: &mut Order,
    request: Request,
    capture_id: String,
    now: Timestamp,
    while_pending: bool,
) -> Result<(), Refusal> {
    let pending = order.fraud_status == FraudStatus::Pending && !while_pending;
    let delayed = request.shipping_delay.unwrap_or(0) > 0;
    if matches!(order.status, Status::Cancelled | Status::Expired) || pending || delayed {
        return Err(Refusal::capture_not_allowed("Capture not allowed"));
    }
    if request.captured_amount > order.remaining_authorized_amount {
        return Err(Refusal::capture_not_allowed(
            "Captured amount is higher than the remaining authorized amount. Capture not possible.",
        ));
    }
    take(order, request, capture_id, now);
    // Whoever captures an order has heard of it (Klarna documentation); that an automatic capture
    // is not the merchant's word is a guess.
    order.acknowledged = true;
    Ok(())
}

/// Captures the whole order if it was placed so and fraud control has accepted it; until then it
/// waits (guess: not documented).
pub(crate) fn automatically(order: &mut Order, capture_id: String, now: Timestamp) {
    if !order.auto_capture_due
        || order.fraud_status != FraudStatus::Accepted
        || order.status != Status::Authorized
        || order.remaining_authorized_amount == 0
    {
        return;
    }
    order.auto_capture_due = false;
    let request = Request {
        captured_amount: order.remaining_authorized_amount,
        description: None,
        reference: None,
        order_lines: Some(order.order_lines.clone()),
        shipping_info: None,
        shipping_delay: None,
    };
    take(order, request, capture_id, now);
}

fn take(order: &mut Order, request: Request, capture_id: String, now: Timestamp) {
    order.captured_amount += request.captured_amount;
    order.remaining_authorized_amount -= request.captured_amount;
    order.status = if order.remaining_authorized_amount == 0 {
        Status::Captured
    } else {
        Status::PartCaptured
    };
    if order.dispute_reason.as_deref() != Some(person::HIGH_RISK_ORDER) {
        order.dispute(Some(&capture_id), now);
    }
    // Whoever captures a rejected order takes the risk over; Klarna then leaves it alone.
    order.cancelled_due = None;
    order.captures.push(Capture {
        capture_id,
        klarna_reference: format!("{}-{}", order.klarna_reference, order.captures.len() + 1),
        captured_amount: request.captured_amount,
        captured_at: now,
        description: request.description.unwrap_or_default(),
        reference: request.reference,
        order_lines: request.order_lines.unwrap_or_default(),
        refunded_amount: 0,
        allocating: Vec::new(),
        billing_address: order.billing_address.clone(),
        shipping_address: order.shipping_address.clone(),
        shipping_info: request.shipping_info.unwrap_or_default(),
        due_date_extended_by: None,
        send_outs: 0,
    });
}

#[cfg(test)]
pub(crate) mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::rules::{
        order::tests::{at, order, with_reaction},
        person::Reaction,
    };

    pub(crate) fn take_from(order: &mut Order, body: &Value) -> Result<(), Refusal> {
        let request = Request::read(&Body::of(body))?;
        let id = format!("c{}", order.captures.len() + 1);
        capture(order, request, id, at("2026-01-02T00:00:00Z"), false)
    }

    #[test]
    fn captures_add_up_to_the_order() {
        let mut order = order();
        take_from(&mut order, &json!({"captured_amount": 3000})).unwrap();
        assert_eq!(order.status, Status::PartCaptured);
        assert_eq!((order.captured_amount, order.remaining_authorized_amount), (3000, 7000));
        take_from(&mut order, &json!({"captured_amount": "7000"})).unwrap();
        assert_eq!(order.status, Status::Captured);
        assert_eq!(order.captures[1].klarna_reference, "ABCDEFGH-2");
        let refusal = take_from(&mut order, &json!({"captured_amount": 1})).unwrap_err();
        assert_eq!(
            refusal.messages,
            [
                "Captured amount is higher than the remaining authorized amount. Capture not possible."
            ]
        );
    }

    #[test]
    fn bad_requests_are_422() {
        let mut order = order();
        for (body, text) in [
            (json!({}), "'captured_amount' must not be null"),
            (json!({"captured_amount": 0}), "'captured_amount' must be between 1 and 200000000"),
            (json!({"captured_amount": -1}), "'captured_amount' must be between 1 and 200000000"),
            (json!({"captured_amount": 1.5}), "'captured_amount' must be an integer"),
        ] {
            let refusal = take_from(&mut order, &body).unwrap_err();
            assert_eq!((refusal.status, refusal.messages), (422, vec![text.to_owned()]));
        }
        assert!(order.captures.is_empty());
    }

    #[test]
    fn a_pending_order_is_not_captured() {
        let pending = Reaction::Pending { accepted: true, minutes: 5 };
        let mut order = with_reaction(pending, true);
        assert!(order.captures.is_empty());
        let refusal = take_from(&mut order, &json!({"captured_amount": 1})).unwrap_err();
        assert_eq!((refusal.status, &*refusal.code), (403, "CAPTURE_NOT_ALLOWED"));
    }
}
