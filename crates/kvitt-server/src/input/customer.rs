//! Who buys, as it is sent and shown. Personal data: it has no `Debug`.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A person or an organization. Klarna asks the shopper for what is missing.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Customer {
    /// A person (B2C).
    Person {
        /// Date of birth, such as `1941-03-21`.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<String>, format = Date)]
        date_of_birth: Option<Date>,
        /// Gender.
        #[serde(skip_serializing_if = "Option::is_none")]
        gender: Option<String>,
        /// Title.
        #[serde(skip_serializing_if = "Option::is_none")]
        title: Option<String>,
        /// Four or nine digits of the social security number (United States).
        #[serde(skip_serializing_if = "Option::is_none")]
        last_four_ssn: Option<String>,
        /// National identification number.
        #[serde(skip_serializing_if = "Option::is_none")]
        national_identification_number: Option<String>,
    },
    /// An organization (B2B).
    Organization {
        /// Kind of the organization, by Klarna's name, such as `LIMITED_COMPANY`.
        #[serde(skip_serializing_if = "Option::is_none")]
        organization_entity_type: Option<String>,
        /// Number in the country's register.
        #[serde(skip_serializing_if = "Option::is_none")]
        organization_registration_id: Option<String>,
        /// VAT number.
        #[serde(skip_serializing_if = "Option::is_none")]
        vat_id: Option<String>,
    },
}

impl From<Customer> for klarna::Customer {
    fn from(given: Customer) -> Self {
        match given {
            Customer::Person {
                date_of_birth,
                gender,
                title,
                last_four_ssn,
                national_identification_number,
            } => Self::Person(klarna::Person {
                date_of_birth,
                gender,
                title,
                last_four_ssn,
                national_identification_number,
            }),
            Customer::Organization {
                organization_entity_type,
                organization_registration_id,
                vat_id,
            } => Self::Organization(klarna::Organization {
                organization_entity_type: organization_entity_type.as_deref().map(Into::into),
                organization_registration_id,
                vat_id,
            }),
        }
    }
}

impl From<klarna::Customer> for Customer {
    fn from(known: klarna::Customer) -> Self {
        match known {
            klarna::Customer::Person(person) => Self::Person {
                date_of_birth: person.date_of_birth,
                gender: person.gender,
                title: person.title,
                last_four_ssn: person.last_four_ssn,
                national_identification_number: person.national_identification_number,
            },
            klarna::Customer::Organization(organization) => Self::Organization {
                organization_entity_type: organization
                    .organization_entity_type
                    .map(|kind| kind.to_string()),
                organization_registration_id: organization.organization_registration_id,
                vat_id: organization.vat_id,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_kinds_do_not_mix() {
        for good in [
            r#"{"type":"person","date_of_birth":"1941-03-21"}"#,
            r#"{"type":"organization","vat_id":"SE002031013201"}"#,
        ] {
            let read: Customer = serde_json::from_str(good).unwrap();
            assert_eq!(serde_json::to_string(&read).unwrap(), good);
        }
        for bad in [
            r#"{"type":"person","vat_id":"SE002031013201"}"#,
            r#"{"type":"organization","title":"Mr"}"#,
            r#"{"type":"person","date_of_birth":"1941-02-30"}"#,
            r#"{"type":"robot"}"#,
            r#"{"date_of_birth":"1941-03-21"}"#,
        ] {
            assert!(serde_json::from_str::<Customer>(bad).is_err(), "{bad} was accepted");
        }
    }
}
