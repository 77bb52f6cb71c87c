//! Customers as they are read.

use std::fmt;

use crate::OrganizationEntityType;
use crate::tolerant::tolerant;

tolerant! {
    /// A customer that Klarna answered, with fewer members than were sent. `Debug` shows the kind
    /// only.
    pub struct Customer {
        optional {
            /// `person` or `organization`; a person where missing.
            r#type: String,
            /// Date of birth, `YYYY-MM-DD` in all but some samples.
            date_of_birth: String,
            /// Given name (Hosted Payment Page only).
            given_name: String,
            /// Family name (Hosted Payment Page only).
            family_name: String,
            /// Gender.
            gender: String,
            /// Title.
            title: String,
            /// National identification number.
            national_identification_number: String,
            /// Kind of the organization.
            organization_entity_type: OrganizationEntityType,
            /// Number in the country's register.
            organization_registration_id: String,
            /// VAT number.
            vat_id: String,
        }
    }
}

impl fmt::Debug for Customer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let organization = self.r#type.as_deref() == Some("organization");
        f.write_str(if organization { "Customer(organization)" } else { "Customer(person)" })
    }
}
