//! Shipping information as it is read.

use crate::orders::ShippingMethod;
use crate::tolerant::tolerant;

tolerant! {
    /// One parcel, as Klarna answered it.
    #[derive(Debug)]
    pub struct ShippingInfo {
        optional {
            /// Carrier.
            shipping_company: String,
            /// How it is shipped.
            shipping_method: ShippingMethod,
            /// Tracking number.
            tracking_number: String,
            /// Tracking page.
            tracking_uri: String,
            /// Carrier of the return.
            return_shipping_company: String,
            /// Tracking number of the return.
            return_tracking_number: String,
            /// Tracking page of the return.
            return_tracking_uri: String,
        }
    }
}
