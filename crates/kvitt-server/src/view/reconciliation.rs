//! A sale beside Klarna, and the ledger's own state.

use jiff::Timestamp;
use kvitt_core::{Repair, Side};
use kvitt_engine::{Reconciled, Reconciling};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// What came of holding a sale beside Klarna as it is now.
#[derive(Serialize, ToSchema)]
pub(crate) struct Reconciliation {
    /// The checkout, `chk_…`.
    checkout_id: String,
    /// The same sale seen as an order, `ord_…`.
    order_id: String,
    /// The shop's order number.
    merchant_reference1: Option<String>,
    /// Currency of the amounts, ISO 4217.
    purchase_currency: &'static str,
    /// What was read at Klarna: `order`, `session`, or null where nothing was there to read.
    looked_at: Option<&'static str>,
    /// Whether it was only looked at: then nothing was taken over.
    preview: bool,
    /// Everything that differed.
    differences: Vec<Difference>,
    /// Whether anything of it is left for a person.
    needs_person: bool,
}

/// One thing in which kvitt and Klarna differed.
#[derive(Serialize, ToSchema)]
pub(crate) struct Difference {
    /// What differed: `order_missing`, `order_unknown`, `order_external`, `placing_in_doubt`,
    /// `authorization_untold`, `cart_at_klarna`, `session_lost`, `act_done`, `act_not_done`,
    /// `act_ambiguous`, `capture_external`, `refund_external`, `release_external`, `lines_external`,
    /// `references_external`, `shipping_info_external`, `billing_address_external`,
    /// `shipping_address_external`, `capture_missing`, `refund_missing`, `shipping_info_missing`,
    /// `status`, `fraud_status`, `expires_at`, `order_amount`, `captured_amount`,
    /// `refunded_amount`, `remaining_authorized_amount`. Kinds are added over time.
    code: &'static str,
    /// The act that it is about, `int_…`.
    intent_id: Option<String>,
    /// What that act wants, such as `capture`.
    act: Option<&'static str>,
    /// Klarna's id of the capture, refund or order that it is about.
    klarna_id: Option<String>,
    /// What kvitt had: an amount in minor units, a text, or null for nothing.
    #[schema(value_type = Object)]
    kvitt: Value,
    /// What Klarna has, alike.
    #[schema(value_type = Object)]
    klarna: Value,
    /// What becomes of it.
    repair: DifferenceRepair,
}

/// What becomes of a difference.
#[derive(Serialize, ToSchema)]
pub(crate) struct DifferenceRepair {
    /// `taken_over` (kvitt has it now as Klarna has; in a preview it would), `by_itself` (kvitt goes
    /// on with it), or `person`.
    by: &'static str,
    /// What that means here, and for a person what to do.
    text: String,
}

/// Whether the ledger acts.
#[derive(Serialize, ToSchema)]
pub(crate) struct LedgerState {
    /// That it is frozen; null where it acts.
    pub frozen: Option<Frozen>,
}

/// That a ledger is frozen.
#[derive(Serialize, ToSchema)]
pub(crate) struct Frozen {
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
    /// Why.
    because: String,
    /// The way out.
    way_out: &'static str,
}

impl Frozen {
    /// A mark with the way out of it.
    pub(crate) fn of(frozen: kvitt_ledger::Frozen) -> Self {
        let way_out = "run `kvitt reconcile`: it holds every sale beside Klarna, and then lets the \
                       ledger act again";
        Self { since: frozen.since, because: frozen.because, way_out }
    }
}

impl Reconciliation {
    /// As it came out of the engine.
    pub(crate) fn of(reconciled: &Reconciled, how: Reconciling) -> Self {
        let Reconciled { sale, looked_at, differences } = reconciled;
        Self {
            checkout_id: sale.id.checkout_id().to_string(),
            order_id: sale.id.order_id().to_string(),
            merchant_reference1: sale.terms.merchant_reference1.clone(),
            purchase_currency: sale.terms.market.purchase_currency().code(),
            looked_at: *looked_at,
            preview: how == Reconciling::Preview,
            needs_person: differences.iter().any(kvitt_core::Difference::needs_person),
            differences: differences.iter().map(Difference::of).collect(),
        }
    }
}

impl Difference {
    fn of(difference: &kvitt_core::Difference) -> Self {
        let side = |side: &Side| match side {
            Side::Nothing => Value::Null,
            Side::Amount(amount) => (*amount).into(),
            Side::Text(text) => text.as_str().into(),
        };
        let (by, text) = match &difference.repair {
            Repair::TakenOver => ("taken_over", "kvitt has it as Klarna has it"),
            Repair::ByItself(text) => ("by_itself", text.as_str()),
            Repair::Person(text) => ("person", text.as_str()),
        };
        Self {
            code: difference.kind.as_str(),
            intent_id: difference.intent.map(|(id, _)| id.to_string()),
            act: difference.intent.map(|(_, kind)| kind.as_str()),
            klarna_id: difference.id.clone(),
            kvitt: side(&difference.ours),
            klarna: side(&difference.klarna),
            repair: DifferenceRepair { by, text: text.to_owned() },
        }
    }
}
