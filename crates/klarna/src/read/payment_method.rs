//! How the shopper pays.

use serde::{Deserialize, Deserializer};

use crate::tolerant::{open_enum, tolerant};

open_enum! {
    /// Payment method of a placed order, as Payments names it.
    pub enum PaymentMethodType {
        /// Invoice.
        Invoice = "invoice",
        /// Fixed amount.
        FixedAmount = "fixed_amount",
        /// Account.
        BaseAccount = "base_account",
        /// Direct debit.
        DirectDebit = "direct_debit",
        /// Bank transfer.
        DirectBankTransfer = "direct_bank_transfer",
        /// Invoice to an organization.
        B2bInvoice = "b2b_invoice",
        /// Card.
        Card = "card",
        /// Instalments on a card.
        SliceItByCard = "slice_it_by_card",
        /// Later, by card.
        PayLaterByCard = "pay_later_by_card",
        /// By card.
        PayByCard = "pay_by_card",
        /// Instalments of a fixed sum.
        FixedSumCredit = "fixed_sum_credit",
        /// Another method.
        AlternativePaymentMethod = "alternative_payment_method",
        /// Pix.
        Pix = "pix",
        /// Deferred interest.
        DeferredInterest = "deferred_interest",
    }
}

open_enum! {
    /// Payment method of an order, as Order Management names it.
    pub enum InitialPaymentMethodType {
        /// Account.
        Account = "ACCOUNT",
        /// Another method.
        AlternativePaymentMethod = "ALTERNATIVE_PAYMENT_METHOD",
        /// Bank transfer.
        BankTransfer = "BANK_TRANSFER",
        /// Card.
        Card = "CARD",
        /// Deferred interest.
        DeferredInterest = "DEFERRED_INTEREST",
        /// Direct debit.
        DirectDebit = "DIRECT_DEBIT",
        /// Fixed amount by card.
        FixedAmountByCard = "FIXED_AMOUNT_BY_CARD",
        /// Fixed amount.
        FixedAmount = "FIXED_AMOUNT",
        /// Instalments of a fixed sum.
        FixedSumCredit = "FIXED_SUM_CREDIT",
        /// Invoice to an organization.
        InvoiceBusiness = "INVOICE_BUSINESS",
        /// Invoice.
        Invoice = "INVOICE",
        /// By `MobilePay`.
        Mobilepay = "MOBILEPAY",
        /// By card.
        PayByCard = "PAY_BY_CARD",
        /// In parts.
        PayInX = "PAY_IN_X",
        /// Later, by card.
        PayLaterByCard = "PAY_LATER_BY_CARD",
        /// Later, in parts.
        PayLaterInParts = "PAY_LATER_IN_PARTS",
        /// Swish.
        Swish = "SWISH",
        /// Klarna's own name `OTHER`.
        OtherMethod = "OTHER",
    }
}

tolerant! {
    /// How a placed order is paid. Klarna answers an object; its guide shows a bare text, which
    /// is read as the type.
    #[derive(Debug)]
    pub struct AuthorizedPaymentMethod {
        optional {
            /// Payment method.
            r#type: PaymentMethodType,
            /// Days until payment.
            number_of_days: i64,
            /// Number of instalments.
            number_of_installments: i64,
        }
    }
}

/// Reads the object, or the bare text as its type.
pub(crate) fn object_or_text<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<AuthorizedPaymentMethod>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Shape {
        Text(PaymentMethodType),
        Object(AuthorizedPaymentMethod),
    }
    let shape = Option::<Shape>::deserialize(deserializer)?;
    Ok(shape.map(|shape| match shape {
        Shape::Text(method) => AuthorizedPaymentMethod {
            r#type: Some(method),
            number_of_days: None,
            number_of_installments: None,
            extra: crate::Extra::default(),
        },
        Shape::Object(object) => object,
    }))
}

tolerant! {
    /// How an order was paid at first.
    #[derive(Debug)]
    pub struct InitialPaymentMethod {
        optional {
            /// Payment method.
            r#type: InitialPaymentMethodType,
            /// Its name.
            description: String,
            /// Number of instalments.
            number_of_installments: i64,
        }
    }
}
