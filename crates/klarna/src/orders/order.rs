//! Orders as they are read.

use kvitt_money::{Country, Currency};

use super::{Capture, Refund};
use crate::answer::from_json;
use crate::read::{self, FraudStatus};
use crate::tolerant::{open_enum, tolerant};
use crate::{DateTime, OrderId, Private};

open_enum! {
    /// State of an order. A refund does not change it (recorded exchange).
    pub enum OrderStatus {
        /// Nothing was captured yet.
        Authorized = "AUTHORIZED",
        /// A part was captured.
        PartCaptured = "PART_CAPTURED",
        /// Nothing is left to capture.
        Captured = "CAPTURED",
        /// Cancelled. `remaining_authorized_amount` may stay as it was (recorded exchange).
        Cancelled = "CANCELLED",
        /// The authorization ran out.
        Expired = "EXPIRED",
        /// Closed; Klarna does not describe it.
        Closed = "CLOSED",
    }
}

tolerant! {
    /// An order. Amounts are minor units of `purchase_currency`. The amounts that decide what may
    /// be captured and refunded are required, so that a missing one is an error and never a zero.
    #[derive(Debug)]
    pub struct Order {
        required {
            /// Klarna's id.
            order_id: OrderId,
            /// State.
            status: OrderStatus,
            /// The current total.
            order_amount: i64,
            /// Sum of all captures, not reduced by refunds.
            captured_amount: i64,
            /// Sum of all refunds.
            refunded_amount: i64,
            /// What can still be captured, except where the order is cancelled or expired.
            remaining_authorized_amount: i64,
        }
        optional {
            /// What Klarna thinks of the risk. Missing is not accepted.
            fraud_status: FraudStatus,
            /// The total at first.
            original_order_amount: i64,
            /// ISO 4217 code, in either case.
            purchase_currency: String,
            /// ISO 3166 code, in either case.
            purchase_country: String,
            /// Locale, as Klarna derived it.
            locale: String,
            /// Order number shown to the customer.
            merchant_reference1: String,
            /// Second reference, shown in settlements.
            merchant_reference2: String,
            /// Klarna's short reference, shown to the customer.
            klarna_reference: String,
            /// Customer.
            customer: read::Customer,
            /// Billing address.
            billing_address: read::Address,
            /// Shipping address.
            shipping_address: read::Address,
            /// When it was placed.
            created_at: DateTime,
            /// Until when it can be captured.
            expires_at: DateTime,
            /// What the shop passed through.
            merchant_data: Private,
            /// How it was paid at first.
            initial_payment_method: read::InitialPaymentMethod,
        }
        lists {
            /// The lines.
            order_lines: read::OrderLine,
            /// The captures.
            captures: Capture,
            /// The refunds.
            refunds: Refund,
            /// Parcels of the order.
            shipping_info: read::ShippingInfo,
        }
    }
}

impl Order {
    /// `purchase_country`, where it is a market that is known.
    pub fn country(&self) -> Option<Country> {
        self.purchase_country.as_deref()?.parse().ok()
    }

    /// `purchase_currency`, where it is one that is known.
    pub fn currency(&self) -> Option<Currency> {
        Currency::from_code(&self.purchase_currency.as_deref()?.to_ascii_uppercase())
    }
}

from_json!(Order);
