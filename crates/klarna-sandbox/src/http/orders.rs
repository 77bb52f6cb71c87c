//! Order Management v1: eighteen operations.

use axum::http::Method;

use super::{
    Call,
    payments::{method_not_allowed, unknown_path},
};
use crate::{
    answer::{Answer, Style},
    rules::{authorization, capture, order::Order, refund, refusal::Refusal, shipping},
    settings::Settings,
    state::{Moment, State, orders},
    write,
};

/// Answers a call under `/ordermanagement/v1`; `path` is what follows.
pub(crate) fn answer(
    call: &Call,
    path: &[&str],
    state: &mut State,
    moment: &Moment<'_>,
) -> Result<Answer, Refusal> {
    let ["orders", id, operation @ ..] = path else {
        // An empty id: as recorded of another API's orders.
        return Err(if path == ["orders"] { method_not_allowed() } else { unknown_path() });
    };
    let Some(order_id) = orders::canonical(id) else {
        let text = "Order ID must be a valid UUID.";
        return Err(Refusal::new(400, "INVALID_ORDER_ID", text));
    };
    if call.method == Method::GET {
        let found = state.orders.get(&order_id);
        read(id, found, operation, &moment.settings)
    } else {
        let answer = write_operation(call, id, operation, state, moment);
        state.weigh_order(&order_id);
        answer
    }
}

fn read(
    id: &str,
    found: Option<&Order>,
    operation: &[&str],
    settings: &Settings,
) -> Result<Answer, Refusal> {
    if !matches!(
        operation,
        [] | ["captures"]
            | ["captures" | "refunds", _]
            | ["captures", _, "extend-due-date-options"]
    ) {
        let is_write =
            known_write(&Method::POST, operation) || known_write(&Method::PATCH, operation);
        return Err(if is_write { method_not_allowed() } else { unknown_path() });
    }
    if let ["refunds", refund_id] = operation {
        let refund = found.and_then(|order| {
            order.refunds.iter().find(|it| it.refund_id.eq_ignore_ascii_case(refund_id))
        });
        let refund = refund.ok_or_else(|| {
            let text = format!("Refund {refund_id} cannot be found for order {id}");
            Refusal::new(404, "NOT_FOUND", text)
        })?;
        return Ok(Style::Orders.json(200, &write::orders::refund(refund, settings).into()));
    }
    // With the final stop where an order's read was recorded, without it where a capture's read is
    // documented.
    let end = if operation.is_empty() { "." } else { "" };
    let order = found.ok_or_else(|| {
        Refusal::new(404, "NO_SUCH_ORDER", format!("Order {id} cannot be found{end}"))
    })?;
    let body = match operation {
        ["captures"] => write::orders::captures(order, settings),
        ["captures", capture_id, rest @ ..] => {
            let place = order.find_capture(capture_id).ok_or_else(|| {
                Refusal::new(404, "NO_SUCH_CAPTURE", "Capture could not be found.")
            })?;
            if rest.is_empty() {
                write::orders::capture(order, place, settings).into()
            } else {
                write::orders::due_date_options(order).into()
            }
        }
        _ => write::orders::order(order, settings).into(),
    };
    Ok(Style::Orders.json(200, &body))
}

/// Whether an operation exists that changes something under this method and path.
fn known_write(method: &Method, operation: &[&str]) -> bool {
    match operation {
        [
            "acknowledge"
            | "captures"
            | "extend-authorization-time"
            | "refunds"
            | "release-remaining-authorization"
            | "shipping-info"
            | "cancel",
        ]
        | ["captures", _, "shipping-info" | "trigger-send-out"] => *method == Method::POST,
        ["authorization" | "customer-details" | "merchant-references"]
        | ["captures", _, "extend-due-date"] => *method == Method::PATCH,
        _ => false,
    }
}

fn write_operation(
    call: &Call,
    id: &str,
    operation: &[&str],
    state: &mut State,
    moment: &Moment<'_>,
) -> Result<Answer, Refusal> {
    if !known_write(&call.method, operation) {
        let exists = known_write(&Method::POST, operation)
            || known_write(&Method::PATCH, operation)
            || matches!(
                operation,
                [] | ["captures" | "refunds", _] | ["captures", _, "extend-due-date-options"]
            );
        return Err(if exists { method_not_allowed() } else { unknown_path() });
    }
    let order = orders::find_mut(&mut state.orders, id);
    match operation {
        ["captures"] => {
            let order = known(order, id, "Capture not possible.")?;
            let request = capture::Request::read(&call.document()?)?;
            let capture_id = moment.uuid();
            let has_lines = request.has_lines();
            let pending = moment.settings.capture_while_pending;
            capture::capture(order, request, capture_id.clone(), moment.now, pending)?;
            let place = format!("orders/{}/captures/{capture_id}", order.order_id);
            let made = created(&place, has_lines, moment);
            Ok(made.with("capture-id", capture_id))
        }
        ["refunds"] => {
            let text = format!("Order {id} cannot be found. Refund not possible.");
            let order = order.ok_or_else(|| Refusal::new(404, "NOT_FOUND", text))?;
            let request = refund::Request::read(&call.document()?)?;
            let refund_id = moment.uuid();
            let has_lines = request.has_lines();
            refund::refund(order, request, refund_id.clone(), moment.now)?;
            let place = format!("orders/{}/refunds/{refund_id}", order.order_id);
            let made = created(&place, has_lines, moment);
            Ok(made.with("refund-id", refund_id))
        }
        _ => {
            change(call, id, operation, order, moment)?;
            Ok(Answer::empty(204).with("transaction-id", moment.uuid()))
        }
    }
}

/// The operations that answer 204.
fn change(
    call: &Call,
    id: &str,
    operation: &[&str],
    order: Option<&mut Order>,
    moment: &Moment<'_>,
) -> Result<(), Refusal> {
    match operation {
        ["acknowledge"] => {
            authorization::acknowledge(known(order, id, "Acknowledgement not possible.")?)
        }
        ["authorization"] => {
            let order = known(order, id, "Order authorization cannot be updated.")?;
            authorization::update(order, authorization::Update::read(&call.document()?)?)
        }
        ["cancel"] => authorization::cancel(known(order, id, "Cancel not possible.")?),
        ["customer-details"] => {
            let order = known(order, id, "Customer details cannot be updated.")?;
            shipping::update_customer_details(order, &call.document()?)
        }
        ["extend-authorization-time"] => {
            let order = known(order, id, "Authorization time cannot be extended.")?;
            authorization::extend(order, moment.now, moment.settings.authorization_days)
        }
        ["merchant-references"] => {
            // The one text that does not name the order (Klarna documentation).
            let text = "Order cannot be found. Merchant references cannot be updated.";
            let order = order.ok_or_else(|| Refusal::new(404, "NO_SUCH_ORDER", text))?;
            shipping::update_references(order, &call.document()?)
        }
        ["release-remaining-authorization"] => {
            let order = known(order, id, "Remaining authorization cannot be released.")?;
            authorization::release(order)
        }
        ["shipping-info"] => {
            let consequence = format!("Shipping info cannot be added to order {id}.");
            let order = known(order, id, &consequence)?;
            shipping::append(&mut order.shipping_info, shipping::required(&call.document()?)?)
        }
        ["captures", capture_id, "shipping-info"] => {
            let consequence = format!("Shipping info cannot be added to capture {capture_id}");
            let order = known(order, id, &format!("{consequence}."))?;
            let capture = shipping::capture_of(order, capture_id, &consequence)?;
            shipping::append(&mut capture.shipping_info, shipping::required(&call.document()?)?)
        }
        ["captures", capture_id, "trigger-send-out"] => {
            shipping::send_out(known(order, id, shipping::NO_SEND_OUT)?, capture_id)
        }
        ["captures", capture_id, "extend-due-date"] => {
            let order = known(order, id, "Due date cannot be extended.")?;
            shipping::extend_due_date(order, capture_id, &call.document()?)
        }
        _ => Err(unknown_path()),
    }
}

fn known<'a>(
    order: Option<&'a mut Order>,
    id: &str,
    consequence: &str,
) -> Result<&'a mut Order, Refusal> {
    let text = || format!("Order {id} cannot be found. {consequence}");
    order.ok_or_else(|| Refusal::new(404, "NO_SUCH_ORDER", text()))
}

/// 201 without a body; the id and the place are in the headers (recorded exchange).
fn created(place: &str, has_lines: bool, moment: &Moment<'_>) -> Answer {
    let answer = Answer::empty(201)
        .with("location", format!("{}/ordermanagement/v1/{place}", moment.base_url))
        .with("transaction-id", moment.uuid());
    if has_lines { answer.with("klarna-order-validation", "Valid") } else { answer }
}
