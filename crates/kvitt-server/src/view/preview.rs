//! What an act would do.

use kvitt_core::{Act, Amounts};
use serde::Serialize;
use utoipa::ToSchema;

use super::OrderLine;

/// What an act would do now. Nothing was stored, and Klarna was not asked.
#[derive(Serialize, ToSchema)]
pub(crate) struct Preview {
    /// Always true.
    preview: bool,
    /// The act.
    kind: &'static str,
    /// What Klarna will do, in a sentence.
    effect: String,
    /// How much would move, in minor units.
    #[serde(skip_serializing_if = "Option::is_none")]
    amount: Option<i64>,
    /// Of which lines, or the new lines; empty where none are touched.
    order_lines: Vec<OrderLine>,
    /// The order's state now.
    status_before: &'static str,
    /// The sums now.
    before: Sums,
    /// The order's state afterwards.
    status_after: &'static str,
    /// The sums afterwards.
    after: Sums,
    /// The acts of an undo, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    steps: Vec<PreviewStep>,
}

/// One act that an undo would be made of.
#[derive(Serialize, ToSchema)]
pub(crate) struct PreviewStep {
    /// `cancel`, `release` or `refund`.
    kind: &'static str,
    /// What Klarna will do, in a sentence.
    effect: String,
    /// How much would move, in minor units.
    #[serde(skip_serializing_if = "Option::is_none")]
    amount: Option<i64>,
    /// The order's state after it.
    status_after: &'static str,
    /// The sums after it.
    after: Sums,
}

impl From<kvitt_core::UndoPlan> for Preview {
    fn from(plan: kvitt_core::UndoPlan) -> Self {
        let last = plan.last();
        let (status_after, after) = (last.status_after.as_str(), last.after.into());
        let (amount, order_lines) = moved(&last.act);
        let steps: Vec<PreviewStep> = plan
            .steps()
            .map(|step| PreviewStep {
                kind: step.act.kind().as_str(),
                effect: effect(&step.act),
                amount: moved(&step.act).0,
                status_after: step.status_after.as_str(),
                after: step.after.into(),
            })
            .collect();
        let effects: Vec<_> = steps.iter().map(|step| step.effect.as_str()).collect();
        Self {
            preview: true,
            kind: "undo",
            effect: effects.join("; then "),
            amount,
            order_lines,
            status_before: plan.first.status_before.as_str(),
            before: plan.first.before.into(),
            status_after,
            after,
            steps,
        }
    }
}

/// How much an act moves, and of which lines.
fn moved(act: &Act) -> (Option<i64>, Vec<OrderLine>) {
    match act {
        Act::Capture { captured_amount, lines, .. } => {
            (Some(*captured_amount), OrderLine::of_parts(lines))
        }
        Act::Refund { refunded_amount, lines, .. } => {
            (Some(*refunded_amount), OrderLine::of_parts(lines))
        }
        Act::UpdateAuthorization { cart, .. } => {
            (Some(cart.cart().totals().order_amount), OrderLine::of_cart(cart))
        }
        _ => (None, Vec::new()),
    }
}

/// An order's sums, in minor units.
#[derive(Serialize, ToSchema)]
pub(crate) struct Sums {
    /// Current total of the authorization.
    order_amount: i64,
    /// Sum of all captures.
    captured_amount: i64,
    /// Sum of all refunds.
    refunded_amount: i64,
    /// What can still be refunded.
    refundable_amount: i64,
    /// What can still be captured.
    remaining_authorized_amount: i64,
}

impl From<Amounts> for Sums {
    fn from(amounts: Amounts) -> Self {
        Self {
            order_amount: amounts.order_amount,
            captured_amount: amounts.captured_amount,
            refunded_amount: amounts.refunded_amount,
            refundable_amount: amounts.refundable_amount(),
            remaining_authorized_amount: amounts.remaining_authorized_amount,
        }
    }
}

impl From<kvitt_core::Preview> for Preview {
    fn from(preview: kvitt_core::Preview) -> Self {
        let (amount, order_lines) = moved(&preview.act);
        Self {
            preview: true,
            kind: preview.act.kind().as_str(),
            effect: effect(&preview.act),
            amount,
            order_lines,
            status_before: preview.status_before.as_str(),
            before: preview.before.into(),
            status_after: preview.status_after.as_str(),
            after: preview.after.into(),
            steps: Vec::new(),
        }
    }
}

/// What Klarna does on such an act (Klarna documentation: manage orders).
pub(crate) fn effect(act: &Act) -> String {
    match act {
        Act::Place { .. } => "Klarna places the order with exactly these lines".to_owned(),
        Act::Capture { is_final: true, .. } => {
            "Klarna bills the customer for it and pays it out; kvitt then releases what is left"
                .to_owned()
        }
        Act::Capture { .. } => "Klarna bills the customer for it and pays it out".to_owned(),
        Act::Refund { .. } => "Klarna gives it back to the customer".to_owned(),
        Act::Cancel => "Klarna frees all of the customer's credit, for good".to_owned(),
        Act::Release => "Klarna frees what is left to capture, for good".to_owned(),
        Act::Extend => "Klarna counts the account's period anew from today, at most to 180 days \
             after the order; the new date is read from Klarna afterwards"
            .to_owned(),
        Act::UpdateAuthorization { .. } => {
            "Klarna replaces the lines; a higher total is checked anew and may be refused"
                .to_owned()
        }
        Act::UpdateReferences { merchant_reference1, merchant_reference2 } => {
            let set = |name: &str, value: &Option<String>| match value.as_deref() {
                None => format!("{name} stays"),
                Some("") => format!("{name} is cleared"),
                Some(value) => format!("{name} becomes {value}"),
            };
            format!(
                "{}, {}",
                set("merchant_reference1", merchant_reference1),
                set("merchant_reference2", merchant_reference2)
            )
        }
        Act::UpdateShippingAddress => {
            "Klarna checks the new address and takes it, or refuses it".to_owned()
        }
        Act::AddShippingInfo { capture_id, shipping_info } => {
            let parcels = match shipping_info.len() {
                1 => "1 parcel is".to_owned(),
                parcels => format!("{parcels} parcels are"),
            };
            match capture_id {
                Some(capture_id) => format!("{parcels} added to capture {capture_id}"),
                None => format!("{parcels} added to the order"),
            }
        }
        Act::TriggerSendOut { capture_id } => format!(
            "Klarna sends the customer its message of capture {capture_id}, such as the invoice, \
             once more; no money moves"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_of_references_says_what_stays_what_goes_and_what_comes() {
        let act = Act::UpdateReferences {
            merchant_reference1: Some("1001-B".to_owned()),
            merchant_reference2: Some(String::new()),
        };
        assert_eq!(
            effect(&act),
            "merchant_reference1 becomes 1001-B, merchant_reference2 is cleared"
        );
        let act = Act::UpdateReferences {
            merchant_reference1: None,
            merchant_reference2: Some("x".to_owned()),
        };
        assert_eq!(effect(&act), "merchant_reference1 stays, merchant_reference2 becomes x");
    }
}
