//! What changes an order's authorization: update, release, extension, cancellation,
//! acknowledgement.

use jiff::Timestamp;

use super::{
    capture::lines,
    lifetime,
    line::{AMOUNT_MAX, Line},
    order::{Order, Status},
    read::{Body, Problem, Reader},
    refusal::Refusal,
};

/// A new absolute amount for the order.
pub(crate) struct Update {
    order_amount: i64,
    order_lines: Option<Vec<Line>>,
}

impl Update {
    pub(crate) fn read(body: &Body<'_>) -> Result<Self, Refusal> {
        let mut problems: Vec<Problem> = Vec::new();
        let mut reader = Reader::new(body, &mut problems);
        reader.text("description", 0, 255);
        let update = Self {
            order_amount: reader.required_integer("order_amount", 0, AMOUNT_MAX),
            order_lines: lines(&mut reader),
        };
        if problems.is_empty() { Ok(update) } else { Err(Refusal::unprocessable(&problems)) }
    }
}

/// Sets the order's amount and lines. An update without lines deletes them (Klarna documentation).
pub(crate) fn update(order: &mut Order, update: Update) -> Result<(), Refusal> {
    let raises = update.order_amount > order.order_amount;
    if !order.status.is_open() || (raises && !order.method.may_be_raised(&order.purchase_country)) {
        return Err(Refusal::not_allowed("Update not allowed."));
    }
    if update.order_amount < order.captured_amount {
        return Err(Refusal::not_allowed(format!(
            "Resulting authorization amount {} cannot be less than the captured amount {} for \
             order. Order authorization cannot be updated",
            update.order_amount, order.captured_amount
        )));
    }
    order.order_amount = update.order_amount;
    order.remaining_authorized_amount = update.order_amount - order.captured_amount;
    order.order_lines = update.order_lines.unwrap_or_default();
    if order.status == Status::PartCaptured && order.remaining_authorized_amount == 0 {
        order.status = Status::Captured;
    }
    Ok(())
}

/// Drops what was not captured. `order_amount` stays (guess).
pub(crate) fn release(order: &mut Order) -> Result<(), Refusal> {
    let reason = match order.status {
        Status::PartCaptured => {
            order.remaining_authorized_amount = 0;
            order.status = Status::Captured;
            return Ok(());
        }
        Status::Authorized => "Order has no captures.".to_owned(),
        closed => format!("Order is {}.", closed.in_words()),
    };
    Err(Refusal::not_allowed(format!("{reason} Remaining authorization cannot be released.")))
}

/// Gives the order a new full period from today.
pub(crate) fn extend(order: &mut Order, now: Timestamp, days: u16) -> Result<(), Refusal> {
    const CONSEQUENCE: &str = "Authorization time cannot be extended.";
    if !order.status.is_open() {
        let reason = order.status.in_words();
        return Err(Refusal::not_allowed(format!("Order is {reason}. {CONSEQUENCE}")));
    }
    if !order.method.may_be_extended() {
        let text = format!("Payment method does not allow it. {CONSEQUENCE}");
        return Err(Refusal::not_allowed(text));
    }
    order.expires_at = lifetime::extended(order.created_at, order.expires_at, now, i64::from(days));
    Ok(())
}

/// Cancels an order of which nothing was captured. What remained authorized keeps being shown
/// (recorded exchange).
pub(crate) fn cancel(order: &mut Order) -> Result<(), Refusal> {
    let text = if !order.captures.is_empty() {
        "Order has previous captures. Cancel not possible.".to_owned()
    } else if order.status == Status::Authorized {
        order.status = Status::Cancelled;
        order.auto_capture_due = false;
        order.cancelled_due = None;
        return Ok(());
    } else {
        format!("Order is {}. Cancel not possible.", order.status.in_words())
    };
    Err(Refusal::new(403, "CANCEL_NOT_ALLOWED", text))
}

/// Nothing changes (observed) but that pushes end; only a cancelled order refuses it (guess:
/// Klarna declares a 403 but not its condition).
pub(crate) fn acknowledge(order: &mut Order) -> Result<(), Refusal> {
    if order.status == Status::Cancelled {
        return Err(Refusal::not_allowed("Order is cancelled. Acknowledgement not possible."));
    }
    order.acknowledged = true;
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::rules::{
        capture::tests::take_from,
        method::Method,
        order::tests::{at, order},
    };

    fn set(order: &mut Order, amount: i64) -> Result<(), Refusal> {
        let body = json!({"order_amount": amount});
        update(order, Update::read(&Body::of(&body))?)
    }

    #[test]
    fn an_update_sets_the_amount_and_deletes_lines_that_are_not_sent() {
        let mut order = order();
        set(&mut order, 12_000).unwrap();
        assert_eq!((order.order_amount, order.remaining_authorized_amount), (12_000, 12_000));
        assert_eq!(order.original_order_amount, 10_000);
        assert!(order.order_lines.is_empty());
    }

    #[test]
    fn an_update_stays_above_what_was_captured() {
        let mut order = order();
        take_from(&mut order, &json!({"captured_amount": 8000})).unwrap();
        assert_eq!(
            set(&mut order, 7000).unwrap_err().messages,
            ["Resulting authorization amount 7000 cannot be less than the captured amount 8000 \
              for order. Order authorization cannot be updated"]
        );
        set(&mut order, 8000).unwrap();
        assert_eq!((order.status, order.remaining_authorized_amount), (Status::Captured, 0));
        assert_eq!(set(&mut order, 9000).unwrap_err().messages, ["Update not allowed."]);
    }

    #[test]
    fn a_card_order_is_neither_raised_nor_extended() {
        let mut order = order();
        order.method = Method::of("card").unwrap();
        assert_eq!(set(&mut order, 10_001).unwrap_err().messages, ["Update not allowed."]);
        set(&mut order, 9999).unwrap();
        assert!(extend(&mut order, at("2026-01-02T00:00:00Z"), 28).is_err());
    }

    #[test]
    fn release_needs_a_capture_and_a_rest() {
        let text = |order: &mut Order| release(order).unwrap_err().messages.join("");
        let mut order = order();
        assert_eq!(
            text(&mut order),
            "Order has no captures. Remaining authorization cannot be released."
        );
        take_from(&mut order, &json!({"captured_amount": 8000})).unwrap();
        release(&mut order).unwrap();
        assert_eq!((order.status, order.remaining_authorized_amount), (Status::Captured, 0));
        assert_eq!(order.order_amount, 10_000);
        assert_eq!(
            text(&mut order),
            "Order is fully captured. Remaining authorization cannot be released."
        );
    }

    #[test]
    fn cancelling_keeps_what_remained_and_closes_every_door() {
        let mut order = order();
        cancel(&mut order).unwrap();
        assert_eq!((order.status, order.remaining_authorized_amount), (Status::Cancelled, 10_000));
        assert_eq!(cancel(&mut order).unwrap_err().code, "CANCEL_NOT_ALLOWED");
        assert!(set(&mut order, 1).is_err());
        assert!(release(&mut order).is_err());
        assert!(extend(&mut order, at("2026-01-02T00:00:00Z"), 28).is_err());
        assert!(acknowledge(&mut order).is_err());
        assert_eq!(
            take_from(&mut order, &json!({"captured_amount": 1})).unwrap_err().messages,
            ["Capture not allowed"]
        );
    }

    #[test]
    fn a_captured_order_is_not_cancelled() {
        let mut order = order();
        take_from(&mut order, &json!({"captured_amount": 1})).unwrap();
        assert_eq!(
            cancel(&mut order).unwrap_err().messages,
            ["Order has previous captures. Cancel not possible."]
        );
    }

    #[test]
    fn an_extension_counts_from_today() {
        let mut order = order();
        extend(&mut order, at("2026-01-15T12:00:00Z"), 28).unwrap();
        assert_eq!(order.expires_at, at("2026-02-12T00:00:00Z"));
        order.status = Status::Expired;
        assert_eq!(
            extend(&mut order, at("2026-03-01T00:00:00Z"), 28).unwrap_err().messages,
            ["Order is expired. Authorization time cannot be extended."]
        );
    }
}
