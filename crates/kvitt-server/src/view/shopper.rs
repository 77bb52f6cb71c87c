//! Personal data, always under one member, so that it is seen and can be left out.

use serde::Serialize;
use utoipa::ToSchema;

use crate::input::{Address, Customer};

/// Who buys: personal data, as far as the shop sent it.
#[derive(Clone, Serialize, ToSchema)]
pub(crate) struct Shopper {
    #[serde(skip_serializing_if = "Option::is_none")]
    billing_address: Option<Address>,
    #[serde(skip_serializing_if = "Option::is_none")]
    shipping_address: Option<Address>,
    #[serde(skip_serializing_if = "Option::is_none")]
    customer: Option<Customer>,
}

impl From<kvitt_engine::Shopper> for Shopper {
    fn from(known: kvitt_engine::Shopper) -> Self {
        Self {
            billing_address: known.billing_address.map(Into::into),
            shipping_address: known.shipping_address.map(Into::into),
            customer: known.customer.map(Into::into),
        }
    }
}
