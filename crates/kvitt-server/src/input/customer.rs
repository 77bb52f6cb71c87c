//! Who buys, as it is sent and shown. Personal data: it has no `Debug`.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A person or an organization.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum Customer {
    /// A person (B2C).
    Person(Person),
    /// An organization (B2B).
    Organization(Organization),
}

/// A person. Klarna asks the shopper for what is missing.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Person {
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
}

/// An organization.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Organization {
    /// Kind of the organization, by Klarna's name, such as `LIMITED_COMPANY`.
    #[serde(skip_serializing_if = "Option::is_none")]
    organization_entity_type: Option<String>,
    /// Number in the country's register.
    #[serde(skip_serializing_if = "Option::is_none")]
    organization_registration_id: Option<String>,
    /// VAT number.
    #[serde(skip_serializing_if = "Option::is_none")]
    vat_id: Option<String>,
}

impl From<Customer> for klarna::Customer {
    fn from(given: Customer) -> Self {
        match given {
            Customer::Person(person) => Self::Person(klarna::Person {
                date_of_birth: person.date_of_birth,
                gender: person.gender,
                title: person.title,
                last_four_ssn: person.last_four_ssn,
                national_identification_number: person.national_identification_number,
            }),
            Customer::Organization(organization) => Self::Organization(klarna::Organization {
                organization_entity_type: organization
                    .organization_entity_type
                    .as_deref()
                    .map(Into::into),
                organization_registration_id: organization.organization_registration_id,
                vat_id: organization.vat_id,
            }),
        }
    }
}

impl From<klarna::Customer> for Customer {
    fn from(known: klarna::Customer) -> Self {
        match known {
            klarna::Customer::Person(person) => Self::Person(Person {
                date_of_birth: person.date_of_birth,
                gender: person.gender,
                title: person.title,
                last_four_ssn: person.last_four_ssn,
                national_identification_number: person.national_identification_number,
            }),
            klarna::Customer::Organization(organization) => Self::Organization(Organization {
                organization_entity_type: organization
                    .organization_entity_type
                    .map(|kind| kind.to_string()),
                organization_registration_id: organization.organization_registration_id,
                vat_id: organization.vat_id,
            }),
        }
    }
}
