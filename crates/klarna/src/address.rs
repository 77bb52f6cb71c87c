//! Addresses as they are sent.

use std::fmt;

use bon::Builder;
use serde::{Deserialize, Serialize};

use crate::check::{FieldError, at_most, country};

/// An address to be sent to Klarna. Which limits apply depends on the API, so they are checked
/// when the request is built. `Debug` shows the country only.
///
/// ```
/// let address = klarna::Address::builder()
///     .given_name("Alice")
///     .family_name("Test")
///     .street_address("Södra Blasieholmshamnen 2")
///     .postal_code("11148")
///     .city("Stockholm")
///     .country("SE")
///     .build();
/// assert_eq!(format!("{address:?}"), r#"Address { country: Some("SE"), .. }"#);
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Default, Builder, Serialize, Deserialize)]
#[builder(on(String, into))]
#[serde(default, deny_unknown_fields)]
pub struct Address {
    /// Given name: more than one character, not only digits (Klarna documentation).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub given_name: Option<String>,
    /// Family name: more than one character, not only digits (Klarna documentation).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub family_name: Option<String>,
    /// Name of the organization (B2B).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organization_name: Option<String>,
    /// Person in the organization (B2B).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attention: Option<String>,
    /// Title, by country: `Mr`, `Frau`, `Dhr.`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Street and number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub street_address: Option<String>,
    /// Apartment, floor, care of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub street_address2: Option<String>,
    /// Postal code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub postal_code: Option<String>,
    /// City.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
    /// State or region; needed in the United States and Australia.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// ISO 3166 code of two letters, in either case. It may differ from `purchase_country`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// E-mail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Phone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Address").field("country", &self.country).finish_non_exhaustive()
    }
}

/// The longest text of each member, in characters.
struct Limits {
    names: usize,
    organization: usize,
    street: usize,
    place: usize,
    contact: usize,
}

/// Klarna's API description of Payments: 99 for almost everything.
const PAYMENTS: Limits = Limits { names: 99, organization: 99, street: 99, place: 99, contact: 99 };
/// Klarna's API description of Order Management.
const ORDER_MANAGEMENT: Limits =
    Limits { names: 100, organization: 255, street: 100, place: 200, contact: 100 };

impl Address {
    /// Refuses what Payments would refuse; the error's field begins with `object`.
    pub(crate) fn check_for_payments(&self, object: &str) -> Result<(), FieldError> {
        self.check(&PAYMENTS).map_err(|error| error.within(object))
    }

    /// Refuses what Order Management would refuse; the error's field begins with `object`.
    pub(crate) fn check_for_order_management(&self, object: &str) -> Result<(), FieldError> {
        self.check(&ORDER_MANAGEMENT).map_err(|error| error.within(object))
    }

    fn check(&self, limits: &Limits) -> Result<(), FieldError> {
        let texts = [
            ("given_name", &self.given_name, limits.names),
            ("family_name", &self.family_name, limits.names),
            ("organization_name", &self.organization_name, limits.organization),
            ("attention", &self.attention, limits.organization),
            ("title", &self.title, 20),
            ("street_address", &self.street_address, limits.street),
            ("street_address2", &self.street_address2, limits.street),
            ("postal_code", &self.postal_code, 10),
            ("city", &self.city, limits.place),
            ("region", &self.region, limits.place),
            ("email", &self.email, limits.contact),
            ("phone", &self.phone, limits.contact),
        ];
        for (field, text, most) in texts {
            at_most(field, text.as_deref(), most)?;
        }
        self.country.as_deref().map_or(Ok(()), |code| country("country", code))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_api_has_limits_of_its_own() {
        let city = |length: usize| Address::builder().city("x".repeat(length)).build();
        assert!(city(99).check_for_payments("billing_address").is_ok());
        let refusal = city(100).check_for_payments("billing_address").unwrap_err();
        assert_eq!(
            refusal.to_string(),
            "billing_address.city is 100 characters long, expected 0 to 99 characters"
        );
        assert!(city(200).check_for_order_management("shipping_address").is_ok());
        assert!(city(201).check_for_order_management("shipping_address").is_err());
    }

    #[test]
    fn a_country_is_two_letters() {
        for good in ["SE", "se"] {
            assert!(Address::builder().country(good).build().check_for_payments("a").is_ok());
        }
        for bad in ["", "SWE", "S1", "Å"] {
            assert!(Address::builder().country(bad).build().check_for_payments("a").is_err());
        }
    }
}
