//! Klarna's test persons, for whom the shop can prefill the address.

use serde_json::{Value, json};

use super::catalogue::Market;

/// What is to happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TestBuyer {
    Approved,
    Denied,
    NewCustomer,
    Pending,
    InvalidFields,
}

/// Every one, with its name in forms and for people.
pub(super) const TEST_BUYERS: [(TestBuyer, &str, &str); 5] = [
    (TestBuyer::Approved, "approved", "A test person who is approved"),
    (TestBuyer::Denied, "denied", "A test person who is denied"),
    (TestBuyer::NewCustomer, "new", "A new customer"),
    (TestBuyer::Pending, "pending", "A purchase that Klarna looks at for a minute"),
    (TestBuyer::InvalidFields, "invalid", "An e-mail address that Klarna does not accept"),
];

impl TestBuyer {
    pub(super) fn of(name: &str) -> Option<Self> {
        TEST_BUYERS.iter().find(|(_, known, _)| *known == name).map(|(buyer, ..)| *buyer)
    }

    /// The billing address by which Klarna's sandbox knows them (Klarna documentation: sample
    /// customer data).
    pub(super) fn billing_address(self, market: Market) -> Value {
        let plus = match self {
            Self::Approved => "",
            Self::Denied => "+denied",
            Self::NewCustomer => "+new_user",
            Self::Pending => "+pend-accept-01",
            Self::InvalidFields => "+invalid_fields",
        };
        match market {
            Market::Sweden => json!({
                "given_name": "Alice", "family_name": "Test",
                "email": format!("customer{plus}@email.se"), "phone": "+46701740615",
                "street_address": "Södra Blasieholmshamnen 2", "postal_code": "11148",
                "city": "Stockholm", "country": "SE"
            }),
            Market::UnitedStates => json!({
                "given_name": "Test", "family_name": "Person-us",
                "email": format!("customer{plus}@email.us"), "phone": "+13106683312",
                "street_address": "509 Amsterdam Ave", "postal_code": "10024-3941",
                "city": "New York", "region": "NY", "country": "US"
            }),
        }
    }
}
