//! Klarna's limits for texts and tracking (Order Management's API description).

use crate::act::ShippingInfo;
use crate::refusal::Refusal;

/// How a parcel may travel, in Klarna's words.
pub const SHIPPING_METHODS: &str = "PickUpStore, Home, BoxReg, BoxUnreg, PickUpPoint, Own, Postal, \
     DHLPackstation, Digital, Undefined, PickUpWarehouse, ClickCollect, PalletDelivery";

/// A reference or a description: at most 255 characters.
pub(super) fn check_text(field: &'static str, text: Option<&str>) -> Result<(), Refusal> {
    check_length(field, text, 255, "0 to 255 characters")
}

/// At most 500 parcels; texts within their limits; a method that Klarna knows.
pub(super) fn check_shipping_info(parcels: &[ShippingInfo]) -> Result<(), Refusal> {
    if parcels.len() > 500 {
        let (field, length) = ("shipping_info", parcels.len());
        return Err(Refusal::Length { field, length, allowed: "0 to 500 parcels" });
    }
    for parcel in parcels {
        let short = [
            ("shipping_company", &parcel.shipping_company),
            ("tracking_number", &parcel.tracking_number),
            ("return_shipping_company", &parcel.return_shipping_company),
            ("return_tracking_number", &parcel.return_tracking_number),
        ];
        for (field, text) in short {
            check_length(field, text.as_deref(), 100, "0 to 100 characters")?;
        }
        let long = [
            ("tracking_uri", &parcel.tracking_uri),
            ("return_tracking_uri", &parcel.return_tracking_uri),
        ];
        for (field, text) in long {
            check_length(field, text.as_deref(), 1024, "0 to 1024 characters")?;
        }
        if let Some(method) = &parcel.shipping_method
            && !SHIPPING_METHODS.split(", ").any(|known| known == method)
        {
            let given = method.clone();
            return Err(Refusal::ShippingMethod { given, allowed: SHIPPING_METHODS });
        }
    }
    Ok(())
}

fn check_length(
    field: &'static str,
    text: Option<&str>,
    longest: usize,
    allowed: &'static str,
) -> Result<(), Refusal> {
    let length = text.map_or(0, |text| text.chars().count());
    if length > longest { Err(Refusal::Length { field, length, allowed }) } else { Ok(()) }
}
