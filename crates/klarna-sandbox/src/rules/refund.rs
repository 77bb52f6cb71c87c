//! Refunding: gives captured money back, to the order as a whole.

use jiff::Timestamp;

use super::{
    capture::{lines, positive},
    lifetime,
    line::Line,
    order::{Capture, Order, Refund, Status},
    read::{Body, Problem, Reader},
    refusal::Refusal,
};

/// What a refund asks for.
pub(crate) struct Request {
    refunded_amount: i64,
    description: Option<String>,
    reference: Option<String>,
    order_lines: Option<Vec<Line>>,
}

/// Where a fee may be kept from a return (Klarna documentation).
const RETURN_FEE_COUNTRIES: [&str; 15] =
    ["AT", "DE", "DK", "FI", "FR", "NL", "NO", "SE", "IT", "ES", "IE", "PT", "CZ", "AU", "GR"];

impl Request {
    pub(crate) fn read(body: &Body<'_>) -> Result<Self, Refusal> {
        let mut problems: Vec<Problem> = Vec::new();
        let mut reader = Reader::new(body, &mut problems);
        let request = Self {
            refunded_amount: positive(&mut reader, "refunded_amount"),
            description: reader.text("description", 0, 255),
            reference: reader.text("reference", 0, 255),
            order_lines: lines(&mut reader),
        };
        if problems.is_empty() { Ok(request) } else { Err(Refusal::unprocessable(&problems)) }
    }

    /// Whether lines were sent: Klarna then says that it validated them.
    pub(crate) fn has_lines(&self) -> bool {
        self.order_lines.is_some()
    }

    fn lines(&self) -> &[Line] {
        self.order_lines.as_deref().unwrap_or_default()
    }

    fn sum(&self) -> i128 {
        self.lines().iter().map(|line| i128::from(line.total_amount)).sum()
    }

    fn adds_up(&self) -> bool {
        self.sum() == i128::from(self.refunded_amount)
    }
}

/// Refunds, or says why not. The order's status stays as it is (observed).
pub(crate) fn refund(
    order: &mut Order,
    request: Request,
    refund_id: String,
    now: Timestamp,
) -> Result<(), Refusal> {
    if order.captures.is_empty() {
        return Err(Refusal::refund_not_allowed("Order has no captures. Refund not possible"));
    }
    if request.refunded_amount > order.captured_amount - order.refunded_amount {
        return Err(Refusal::refund_not_allowed(
            "Over refund is not allowed. Refund not possible.",
        ));
    }
    let keeps_fee = request
        .lines()
        .iter()
        .any(|line| line.kind_or_default() == "return_fee" && line.total_amount < 0);
    if keeps_fee && !fee_is_possible(order, &request) {
        return Err(Refusal::refund_not_allowed("Return fee is not allowed. Refund not possible."));
    }
    order.refunded_amount += request.refunded_amount;
    match allocation(order, &request) {
        Some(capture) => {
            let shows_at = lifetime::later(now, lifetime::ALLOCATION);
            capture.allocating.push((shows_at, request.refunded_amount));
        }
        None => order.allocation_failed = true,
    }
    order.refunds.push(Refund {
        refund_id,
        refunded_amount: request.refunded_amount,
        refunded_at: now,
        description: request.description.unwrap_or_default(),
        reference: request.reference,
        order_lines: request.order_lines.unwrap_or_default(),
    });
    Ok(())
}

fn fee_is_possible(order: &Order, request: &Request) -> bool {
    order.status == Status::Captured
        && order.captures.len() == 1
        && RETURN_FEE_COUNTRIES.contains(&order.purchase_country.as_str())
        && request.adds_up()
}

/// The capture to which the refund belongs, if its lines say so: they add up to the refund, the
/// capture has their references and is large enough, and no earlier refund went unallocated.
fn allocation<'a>(order: &'a mut Order, request: &Request) -> Option<&'a mut Capture> {
    if order.allocation_failed || request.lines().is_empty() || !request.adds_up() {
        return None;
    }
    let belongs = |line: &Line, capture: &Capture| {
        line.kind_or_default() == "return_fee"
            || line.reference.as_deref().is_some_and(|reference| {
                !reference.is_empty()
                    && capture
                        .order_lines
                        .iter()
                        .any(|captured| captured.reference.as_deref() == Some(reference))
            })
    };
    order.captures.iter_mut().find(|capture| {
        let allocating: i64 = capture.allocating.iter().map(|(_, amount)| amount).sum();
        request.refunded_amount <= capture.captured_amount - capture.refunded_amount - allocating
            && request.lines().iter().all(|line| belongs(line, capture))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::rules::{
        aging,
        capture::tests::take_from,
        order::tests::{at, order},
    };

    fn give(order: &mut Order, body: &Value) -> Result<(), Refusal> {
        let request = Request::read(&Body::of(body))?;
        refund(order, request, "r".into(), at("2026-01-03T00:00:00Z"))
    }

    fn captured() -> Order {
        let mut order = order();
        let first = json!({"captured_amount": 6000, "order_lines": [line("a", 6000)]});
        take_from(&mut order, &first).unwrap();
        let second = json!({"captured_amount": 4000, "order_lines": [line("b", 4000)]});
        take_from(&mut order, &second).unwrap();
        order
    }

    fn line(reference: &str, amount: i64) -> Value {
        json!({"reference": reference, "name": "x", "quantity": 1, "unit_price": amount,
            "total_amount": amount})
    }

    fn shown_at(order: &mut Order, now: &str) -> Vec<i64> {
        aging::age(order, at(now), false, || "late".to_owned());
        order.captures.iter().map(|capture| capture.refunded_amount).collect()
    }

    #[test]
    fn lines_allocate_a_refund_to_their_capture_a_little_later() {
        let mut order = captured();
        give(&mut order, &json!({"refunded_amount": 1000, "order_lines": [line("b", 1000)]}))
            .unwrap();
        assert_eq!(order.refunded_amount, 1000);
        assert_eq!(shown_at(&mut order, "2026-01-03T00:00:59Z"), [0, 0]);
        assert_eq!(shown_at(&mut order, "2026-01-03T00:01:00Z"), [0, 1000]);
        assert_eq!(shown_at(&mut order, "2026-01-03T00:02:00Z"), [0, 1000]);
        assert_eq!(order.status, Status::Captured);
    }

    #[test]
    fn what_is_being_allocated_takes_its_place() {
        let mut order = captured();
        let most = json!({"refunded_amount": 3000, "order_lines": [line("b", 3000)]});
        give(&mut order, &most).unwrap();
        give(&mut order, &most).unwrap();
        assert_eq!(shown_at(&mut order, "2026-01-04T00:00:00Z"), [0, 3000]);
    }

    #[test]
    fn after_one_unallocated_refund_none_is_allocated() {
        let mut order = captured();
        give(&mut order, &json!({"refunded_amount": 100})).unwrap();
        give(&mut order, &json!({"refunded_amount": 1000, "order_lines": [line("b", 1000)]}))
            .unwrap();
        assert_eq!(order.refunded_amount, 1100);
        assert_eq!(shown_at(&mut order, "2026-01-04T00:00:00Z"), [0, 0]);
    }

    #[test]
    fn no_more_than_captured_goes_back() {
        let mut order = captured();
        give(&mut order, &json!({"refunded_amount": 9999})).unwrap();
        let refusal = give(&mut order, &json!({"refunded_amount": 2})).unwrap_err();
        assert_eq!(refusal.messages, ["Over refund is not allowed. Refund not possible."]);
        give(&mut order, &json!({"refunded_amount": 1})).unwrap();
        assert_eq!(order.refunded_amount, 10_000);
    }

    #[test]
    fn a_return_fee_needs_one_full_capture() {
        let fee = json!({"name": "Return fee", "type": "return_fee", "quantity": 1,
            "unit_price": -500, "total_amount": -500});
        let body = json!({"refunded_amount": 3500, "order_lines": [line("b", 4000), fee]});
        assert_eq!(give(&mut captured(), &body).unwrap_err().code, "REFUND_NOT_ALLOWED");
        let mut order = order();
        take_from(&mut order, &json!({"captured_amount": 10_000})).unwrap();
        give(&mut order, &body).unwrap();
        assert_eq!(order.refunded_amount, 3500);
    }

    #[test]
    fn nothing_captured_nothing_refunded() {
        let refusal = give(&mut order(), &json!({"refunded_amount": 1})).unwrap_err();
        assert_eq!(refusal.messages, ["Order has no captures. Refund not possible"]);
        let refusal = give(&mut order(), &json!({})).unwrap_err();
        assert_eq!(refusal.messages, ["'refunded_amount' must not be null"]);
    }
}
