//! Tracking of parcels, as it is sent and shown.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

macro_rules! shipping_info {
    ($($(#[$doc:meta])* $name:ident)*) => {
        /// Tracking of one parcel.
        #[derive(Clone, Serialize, Deserialize, ToSchema)]
        #[serde(deny_unknown_fields)]
        pub(crate) struct ShippingInfo {
            $($(#[$doc])* #[serde(skip_serializing_if = "Option::is_none")] $name: Option<String>,)*
        }

        impl From<ShippingInfo> for kvitt_core::ShippingInfo {
            fn from(given: ShippingInfo) -> Self {
                Self { $($name: given.$name),* }
            }
        }

        impl From<&kvitt_core::ShippingInfo> for ShippingInfo {
            fn from(known: &kvitt_core::ShippingInfo) -> Self {
                Self { $($name: known.$name.clone()),* }
            }
        }
    };
}

shipping_info! {
    /// Carrier, at most 100 characters.
    shipping_company
    /// One of Klarna's methods, such as `Home` or `PickUpPoint`.
    shipping_method
    /// Tracking number, at most 100 characters.
    tracking_number
    /// Page on which the parcel is followed, at most 1,024 characters.
    tracking_uri
    /// Carrier for a return, at most 100 characters.
    return_shipping_company
    /// Tracking number for a return, at most 100 characters.
    return_tracking_number
    /// Page on which a return is followed, at most 1,024 characters.
    return_tracking_uri
}

/// Parcels as the business knows them.
pub(crate) fn parcels(given: Vec<ShippingInfo>) -> Vec<kvitt_core::ShippingInfo> {
    given.into_iter().map(Into::into).collect()
}
