//! How a purchase is paid, under its two names.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// A payment method: Payments writes it in lower case, Order Management as a constant with a
/// description (recorded exchange for the first three; the others follow the documented lists).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Method {
    /// `authorized_payment_method.type` of Payments.
    pub(crate) payments: &'static str,
    /// `initial_payment_method.type` of Order Management.
    pub(crate) orders: &'static str,
    /// `initial_payment_method.description`.
    pub(crate) description: &'static str,
}

const fn method(payments: &'static str, orders: &'static str, description: &'static str) -> Method {
    Method { payments, orders, description }
}

/// Every method; the first is the default.
const METHODS: [Method; 12] = [
    method("invoice", "INVOICE", "Pay later"),
    method("card", "CARD", "Card"),
    method("pay_by_card", "PAY_BY_CARD", "Pay by card"),
    method("fixed_amount", "FIXED_AMOUNT", "Slice it (Fixed Payments)"),
    method("base_account", "ACCOUNT", "Account"),
    method("direct_debit", "DIRECT_DEBIT", "Direct debit"),
    method("direct_bank_transfer", "BANK_TRANSFER", "Bank transfer"),
    method("b2b_invoice", "INVOICE_BUSINESS", "Business invoice"),
    method("slice_it_by_card", "FIXED_AMOUNT_BY_CARD", "Slice it by card"),
    method("pay_later_by_card", "PAY_LATER_BY_CARD", "Pay later by card"),
    method("fixed_sum_credit", "FIXED_SUM_CREDIT", "Financing"),
    method("alternative_payment_method", "ALTERNATIVE_PAYMENT_METHOD", "Other"),
];

impl Serialize for Method {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.payments)
    }
}

impl<'de> Deserialize<'de> for Method {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::of(&name)
            .ok_or_else(|| D::Error::custom(format!("{name:?} is not a payment method type")))
    }
}

impl Default for Method {
    fn default() -> Self {
        METHODS[0]
    }
}

impl Method {
    /// The method of a name from Payments.
    pub(crate) fn of(name: &str) -> Option<Self> {
        METHODS.iter().copied().find(|method| method.payments.eq_ignore_ascii_case(name))
    }

    /// In how many parts the customer pays (the number of the documented sample).
    pub(crate) fn installments(self) -> Option<i64> {
        (self.payments == "fixed_amount").then_some(3)
    }

    /// Whether an order may be raised (Klarna documentation).
    pub(crate) fn may_be_raised(self, country: &str) -> bool {
        match self.payments {
            "invoice" | "b2b_invoice" | "base_account" => true,
            "direct_debit" => country != "CH",
            "fixed_amount" => ["AT", "DE", "DK", "FI", "FR", "NL", "NO", "SE"].contains(&country),
            _ => false,
        }
    }

    /// Whether the authorization may be extended: not when paid at once by card, nor with United
    /// States financing (Klarna documentation).
    pub(crate) fn may_be_extended(self) -> bool {
        !matches!(self.payments, "card" | "pay_by_card" | "fixed_sum_credit")
    }

    /// Whether the customer is sent an invoice whose due date can move.
    pub(crate) fn is_invoice(self) -> bool {
        matches!(self.payments, "invoice" | "b2b_invoice")
    }
}
