//! The shop's references of an order.

use bon::Builder;
use serde::Serialize;

use crate::check::{FieldError, at_most};

/// New references: what is not given stays as it was, an empty text clears it.
///
/// ```
/// use klarna::orders::MerchantReferences;
///
/// let references = MerchantReferences::builder().merchant_reference1("order 17").build();
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Builder, Serialize)]
#[builder(on(String, into))]
pub struct MerchantReferences {
    /// Order number shown to the customer, at most 255 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub merchant_reference1: Option<String>,
    /// Second reference, shown in settlements, at most 255 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub merchant_reference2: Option<String>,
}

impl MerchantReferences {
    pub(super) fn check(&self) -> Result<(), FieldError> {
        if self.merchant_reference1.is_none() && self.merchant_reference2.is_none() {
            return Err(FieldError::new(
                "merchant_references",
                "without a reference",
                "merchant_reference1, merchant_reference2 or both",
            ));
        }
        at_most("merchant_reference1", self.merchant_reference1.as_deref(), 255)?;
        at_most("merchant_reference2", self.merchant_reference2.as_deref(), 255)
    }
}
