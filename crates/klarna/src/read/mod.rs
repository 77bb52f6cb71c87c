//! What Klarna answers: objects that the APIs share, read tolerantly. Unknown members are kept,
//! missing ones are `None`, and Klarna's empty texts stay empty texts.
//!
//! The types also serialize, to what was read, so that an answer can be stored whole.

mod address;
mod customer;
mod order_line;
mod payment_method;
mod shipping_info;

pub use address::Address;
pub use customer::Customer;
pub use order_line::{OrderLine, ProductIdentifiers, Subscription};
pub(crate) use payment_method::object_or_text;
pub use payment_method::{
    AuthorizedPaymentMethod, InitialPaymentMethod, InitialPaymentMethodType, PaymentMethodType,
};
pub use shipping_info::ShippingInfo;

use crate::tolerant::open_enum;

open_enum! {
    /// What Klarna thinks of the risk of an order. Only `ACCEPTED` promises payment.
    pub enum FraudStatus {
        /// Accepted: the order may be shipped.
        Accepted = "ACCEPTED",
        /// Being reviewed, up to 24 hours: do not ship, wait.
        Pending = "PENDING",
        /// Rejected: a capture moves the risk to the shop.
        Rejected = "REJECTED",
        /// Stopped after it was accepted: do not ship (seen in older code of Klarna's).
        Stopped = "STOPPED",
    }
}
