//! Customer tokens as they are read.

use crate::Private;
use crate::answer::from_json;
use crate::tolerant::{open_enum, tolerant};

open_enum! {
    /// State of a customer token.
    pub enum TokenStatus {
        /// It can be charged.
        Active = "ACTIVE",
        /// The shop cancelled it, for good.
        Cancelled = "CANCELLED",
        /// Klarna suspended it.
        Suspended = "SUSPENDED",
    }
}

tolerant! {
    /// A customer token's state and payment method. The token itself is not among it.
    #[derive(Debug)]
    pub struct TokenDetails {
        required {
            /// State. An unknown one is not active.
            status: TokenStatus,
        }
        optional {
            /// Payment method, such as `INVOICE`; Klarna lists no names.
            payment_method_type: String,
            /// The card, where it is one.
            card: Card,
            /// The bank account, where it is one.
            direct_debit: DirectDebit,
        }
    }
}

tolerant! {
    /// A card.
    #[derive(Debug)]
    pub struct Card {
        optional {
            /// Brand, such as `VISA`.
            brand: String,
            /// Last month of validity, such as `12/2027`.
            expiry_date: Private,
            /// Number, all but its end hidden.
            masked_number: Private,
        }
    }
}

tolerant! {
    /// A bank account.
    #[derive(Debug)]
    pub struct DirectDebit {
        optional {
            /// Number, all but its end hidden.
            masked_number: Private,
        }
    }
}

from_json!(TokenDetails);
