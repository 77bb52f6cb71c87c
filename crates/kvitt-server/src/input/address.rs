//! An address as it is sent and shown. Personal data: it has no `Debug`.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

macro_rules! address {
    ($($(#[$doc:meta])* $name:ident)*) => {
        /// An address. Klarna asks the shopper for what is missing.
        #[derive(Clone, Serialize, Deserialize, ToSchema)]
        #[serde(deny_unknown_fields)]
        pub(crate) struct Address {
            $($(#[$doc])* #[serde(skip_serializing_if = "Option::is_none")] $name: Option<String>,)*
        }

        impl From<Address> for klarna::Address {
            fn from(given: Address) -> Self {
                Self { $($name: given.$name),* }
            }
        }

        impl From<klarna::Address> for Address {
            fn from(known: klarna::Address) -> Self {
                Self { $($name: known.$name),* }
            }
        }
    };
}

address! {
    /// Given name.
    given_name
    /// Family name.
    family_name
    /// Name of the organization (B2B).
    organization_name
    /// Person in the organization (B2B).
    attention
    /// Title, by country.
    title
    /// Street and number.
    street_address
    /// Apartment, floor, care of.
    street_address2
    /// Postal code.
    postal_code
    /// City.
    city
    /// State or region; needed in the United States and Australia.
    region
    /// ISO 3166 code of two letters.
    country
    /// E-mail.
    email
    /// Phone.
    phone
}
