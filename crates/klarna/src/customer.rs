//! The customer as sent: a person or an organization.

use std::fmt;

use bon::Builder;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::check::{FieldError, at_most};
use crate::tolerant::open_enum;

/// Who buys. `Debug` shows which of the two only.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Customer {
    /// A person (B2C).
    Person(Person),
    /// An organization (B2B).
    Organization(Organization),
}

/// A person. Klarna asks the shopper for what is missing.
///
/// ```
/// use klarna::{Customer, Person};
///
/// let born = jiff::civil::date(1941, 3, 21);
/// let customer = Customer::from(Person::builder().date_of_birth(born).build());
/// assert_eq!(format!("{customer:?}"), "Customer(person)");
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Default, Builder, Serialize, Deserialize)]
#[builder(on(String, into))]
#[serde(default, deny_unknown_fields)]
pub struct Person {
    /// Date of birth.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date_of_birth: Option<Date>,
    /// Gender.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gender: Option<String>,
    /// Title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Four or nine digits of the social security number (United States).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_four_ssn: Option<String>,
    /// National identification number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub national_identification_number: Option<String>,
}

/// An organization.
#[derive(Clone, PartialEq, Eq, Hash, Default, Builder, Serialize, Deserialize)]
#[builder(on(String, into))]
#[serde(default, deny_unknown_fields)]
pub struct Organization {
    /// Kind of the organization.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organization_entity_type: Option<OrganizationEntityType>,
    /// Number in the country's register.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organization_registration_id: Option<String>,
    /// VAT number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vat_id: Option<String>,
}

open_enum! {
    /// Kind of an organization.
    pub enum OrganizationEntityType {
        /// Limited company.
        LimitedCompany = "LIMITED_COMPANY",
        /// Public limited company.
        PublicLimitedCompany = "PUBLIC_LIMITED_COMPANY",
        /// Entrepreneurial company.
        EntrepreneurialCompany = "ENTREPRENEURIAL_COMPANY",
        /// Limited partnership with a limited company as partner.
        LimitedPartnershipLimitedCompany = "LIMITED_PARTNERSHIP_LIMITED_COMPANY",
        /// Limited partnership.
        LimitedPartnership = "LIMITED_PARTNERSHIP",
        /// General partnership.
        GeneralPartnership = "GENERAL_PARTNERSHIP",
        /// Registered sole trader.
        RegisteredSoleTrader = "REGISTERED_SOLE_TRADER",
        /// Sole trader.
        SoleTrader = "SOLE_TRADER",
        /// Civil law partnership.
        CivilLawPartnership = "CIVIL_LAW_PARTNERSHIP",
        /// Public institution.
        PublicInstitution = "PUBLIC_INSTITUTION",
        /// Anything else, by Klarna's own name `OTHER`.
        OtherKind = "OTHER",
    }
}

impl From<Person> for Customer {
    fn from(person: Person) -> Self {
        Self::Person(person)
    }
}

impl From<Organization> for Customer {
    fn from(organization: Organization) -> Self {
        Self::Organization(organization)
    }
}

impl fmt::Debug for Customer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Person(_) => "Customer(person)",
            Self::Organization(_) => "Customer(organization)",
        })
    }
}

impl fmt::Debug for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Person(…)")
    }
}

impl fmt::Debug for Organization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Organization(…)")
    }
}

impl Customer {
    /// Refuses what Payments would refuse.
    pub(crate) fn check(&self) -> Result<(), FieldError> {
        let checked = match self {
            Self::Person(person) => person.check(),
            Self::Organization(organization) => organization.check(),
        };
        checked.map_err(|error| error.within("customer"))
    }
}

impl Person {
    fn check(&self) -> Result<(), FieldError> {
        at_most("gender", self.gender.as_deref(), 255)?;
        at_most("title", self.title.as_deref(), 255)?;
        let identification = self.national_identification_number.as_deref();
        at_most("national_identification_number", identification, 255)?;
        match &self.last_four_ssn {
            Some(digits)
                if !matches!(digits.len(), 4 | 9)
                    || !digits.bytes().all(|byte| byte.is_ascii_digit()) =>
            {
                Err(FieldError::new("last_four_ssn", "something else", "4 or 9 digits"))
            }
            _ => Ok(()),
        }
    }
}

impl Organization {
    fn check(&self) -> Result<(), FieldError> {
        if let Some(OrganizationEntityType::Other(_)) = self.organization_entity_type {
            return Err(FieldError::new(
                "organization_entity_type",
                "not one of Klarna's",
                "one of Klarna's names, such as LIMITED_COMPANY",
            ));
        }
        let registration = self.organization_registration_id.as_deref();
        at_most("organization_registration_id", registration, 255)?;
        at_most("vat_id", self.vat_id.as_deref(), 255)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_kinds_have_members_of_their_own() {
        let person = Person::builder().date_of_birth(jiff::civil::date(1941, 3, 21)).build();
        assert_eq!(
            serde_json::to_string(&Customer::from(person)).unwrap(),
            r#"{"type":"person","date_of_birth":"1941-03-21"}"#
        );
        let company = Organization::builder()
            .organization_entity_type(OrganizationEntityType::LimitedCompany)
            .vat_id("SE002031013201")
            .build();
        assert_eq!(
            serde_json::to_string(&Customer::from(company)).unwrap(),
            r#"{"type":"organization","organization_entity_type":"LIMITED_COMPANY","vat_id":"SE002031013201"}"#
        );
        let mixed = r#"{"type":"person","vat_id":"SE002031013201"}"#;
        assert!(serde_json::from_str::<Customer>(mixed).is_err());
    }

    #[test]
    fn a_number_that_cannot_be_one_is_refused_without_being_shown() {
        for bad in ["", "123", "12345", "12a4", "1234567890"] {
            let person = Person::builder().last_four_ssn(bad).build();
            let refusal = Customer::from(person).check().unwrap_err();
            assert_eq!(refusal.field, "customer.last_four_ssn");
            assert!(bad.is_empty() || !refusal.value.contains(bad), "{refusal}");
        }
        let odd = OrganizationEntityType::from("GUILD");
        let company = Organization::builder().organization_entity_type(odd).build();
        assert!(Customer::from(company).check().is_err());
    }
}
