//! Shipping information as it is sent.

use bon::Builder;
use serde::Serialize;

use crate::check::{FieldError, at_most, count};
use crate::tolerant::open_enum;

/// Most entries in one request (Klarna's API description).
const ENTRIES_MAX: usize = 500;

open_enum! {
    /// How a parcel is shipped.
    pub enum ShippingMethod {
        /// Picked up in the shop.
        PickUpStore = "PickUpStore",
        /// Delivered home.
        Home = "Home",
        /// Letter box, registered.
        BoxReg = "BoxReg",
        /// Letter box, unregistered.
        BoxUnreg = "BoxUnreg",
        /// Picked up elsewhere.
        PickUpPoint = "PickUpPoint",
        /// The shop's own delivery.
        Own = "Own",
        /// By post.
        Postal = "Postal",
        /// DHL Packstation.
        DhlPackstation = "DHLPackstation",
        /// Not shipped at all.
        Digital = "Digital",
        /// Not said.
        Undefined = "Undefined",
        /// Picked up at a warehouse.
        PickUpWarehouse = "PickUpWarehouse",
        /// Click and collect.
        ClickCollect = "ClickCollect",
        /// On a pallet.
        PalletDelivery = "PalletDelivery",
    }
}

/// One parcel.
///
/// ```
/// use klarna::orders::{ShippingInfo, ShippingMethod};
///
/// let parcel = ShippingInfo::builder()
///     .shipping_company("PostNord")
///     .shipping_method(ShippingMethod::PickUpPoint)
///     .tracking_number("SE0123456789")
///     .build();
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Builder, Serialize)]
#[builder(on(String, into))]
pub struct ShippingInfo {
    /// Carrier, at most 100 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shipping_company: Option<String>,
    /// How it is shipped; an unknown method is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shipping_method: Option<ShippingMethod>,
    /// Tracking number, at most 100 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tracking_number: Option<String>,
    /// Tracking page, at most 1,024 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tracking_uri: Option<String>,
    /// Carrier of the return, at most 100 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub return_shipping_company: Option<String>,
    /// Tracking number of the return, at most 100 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub return_tracking_number: Option<String>,
    /// Tracking page of the return, at most 1,024 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub return_tracking_uri: Option<String>,
}

impl ShippingInfo {
    fn check(&self) -> Result<(), FieldError> {
        at_most("shipping_company", self.shipping_company.as_deref(), 100)?;
        at_most("tracking_number", self.tracking_number.as_deref(), 100)?;
        at_most("tracking_uri", self.tracking_uri.as_deref(), 1024)?;
        at_most("return_shipping_company", self.return_shipping_company.as_deref(), 100)?;
        at_most("return_tracking_number", self.return_tracking_number.as_deref(), 100)?;
        at_most("return_tracking_uri", self.return_tracking_uri.as_deref(), 1024)?;
        match &self.shipping_method {
            Some(ShippingMethod::Other(method)) => Err(FieldError::new(
                "shipping_method",
                format_args!("{method:?}"),
                "one of Klarna's names, such as PickUpPoint",
            )),
            _ => Ok(()),
        }
    }
}

pub(super) fn check_all(entries: &[ShippingInfo]) -> Result<(), FieldError> {
    count("shipping_info", entries.len(), ENTRIES_MAX)?;
    for (index, entry) in entries.iter().enumerate() {
        entry.check().map_err(|error| error.within(&format!("shipping_info[{index}]")))?;
    }
    Ok(())
}
