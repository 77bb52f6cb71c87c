//! Addresses as they are read.

use std::fmt;

use crate::tolerant::tolerant;

tolerant! {
    /// An address that Klarna answered. Order Management gives all members, empty ones as empty
    /// texts (recorded exchange). `Debug` shows the country only.
    pub struct Address {
        optional {
            /// Given name.
            given_name: String,
            /// Family name.
            family_name: String,
            /// Name of the organization (B2B).
            organization_name: String,
            /// Person in the organization (B2B).
            attention: String,
            /// Title.
            title: String,
            /// Street and number.
            street_address: String,
            /// Apartment, floor, care of.
            street_address2: String,
            /// Postal code, as Klarna formats it.
            postal_code: String,
            /// City.
            city: String,
            /// State or region.
            region: String,
            /// ISO 3166 code, in either case.
            country: String,
            /// E-mail.
            email: String,
            /// Phone.
            phone: String,
        }
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Address").field("country", &self.country).finish_non_exhaustive()
    }
}

/// The same address to be sent: empty texts are left out.
impl From<Address> for crate::Address {
    fn from(read: Address) -> Self {
        let given = |text: Option<String>| text.filter(|text| !text.is_empty());
        Self {
            given_name: given(read.given_name),
            family_name: given(read.family_name),
            organization_name: given(read.organization_name),
            attention: given(read.attention),
            title: given(read.title),
            street_address: given(read.street_address),
            street_address2: given(read.street_address2),
            postal_code: given(read.postal_code),
            city: given(read.city),
            region: given(read.region),
            country: given(read.country),
            email: given(read.email),
            phone: given(read.phone),
        }
    }
}
