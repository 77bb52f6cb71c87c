//! Who buys: personal data, which stands apart from a sale's events.

use klarna::{Address, Customer};
use kvitt_core::Refused;
use kvitt_ledger::{Private, PrivateChange};
use kvitt_money::Country;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{EngineError, names};

/// Who buys, as far as is known. `Debug` shows nothing of it.
#[derive(Debug, Clone, Default)]
pub struct Shopper {
    /// The billing address.
    pub billing_address: Option<Address>,
    /// The shipping address; Klarna takes the billing address where it is absent.
    pub shipping_address: Option<Address>,
    /// A person or a company.
    pub customer: Option<Customer>,
}

impl Shopper {
    /// As it stands in the ledger.
    pub(crate) fn of(private: &Private) -> Result<Self, EngineError> {
        Ok(Self {
            billing_address: read(private, names::BILLING_ADDRESS)?,
            shipping_address: read(private, names::SHIPPING_ADDRESS)?,
            customer: read(private, names::CUSTOMER)?,
        })
    }

    /// The shopper without the addresses of other countries, and what has to be written to forget
    /// those: Klarna takes a purchase to be paid where it is made (its documentation: billing and
    /// shipping address are in `purchase_country`).
    pub(crate) fn in_country(mut self, country: Country) -> (Self, Vec<PrivateChange>) {
        let mut forgotten = Vec::new();
        let addresses = [
            (names::BILLING_ADDRESS, &mut self.billing_address),
            (names::SHIPPING_ADDRESS, &mut self.shipping_address),
        ];
        for (name, address) in addresses {
            let is_elsewhere = |address: &Address| {
                address.country.as_ref().is_some_and(|it| !it.eq_ignore_ascii_case(country.code()))
            };
            if address.as_ref().is_some_and(is_elsewhere) {
                *address = None;
                forgotten.push(PrivateChange::RemovePersonal { name: name.to_owned() });
            }
        }
        (self, forgotten)
    }

    /// What has to be written to keep it.
    pub(crate) fn changes(&self) -> Result<Vec<PrivateChange>, EngineError> {
        let members = [
            (names::BILLING_ADDRESS, self.billing_address.as_ref().map(write).transpose()?),
            (names::SHIPPING_ADDRESS, self.shipping_address.as_ref().map(write).transpose()?),
            (names::CUSTOMER, self.customer.as_ref().map(write).transpose()?),
        ];
        let set = |(name, value): (&str, Option<SecretString>)| {
            Some(PrivateChange::SetPersonal { name: name.to_owned(), value: value? })
        };
        Ok(members.into_iter().filter_map(set).collect())
    }
}

/// Personal data as text. Its value must not show in an error, so the error says only where.
pub(crate) fn write(value: &impl Serialize) -> Result<SecretString, EngineError> {
    serde_json::to_string(value)
        .map(SecretString::from)
        .map_err(|_| EngineError::Internal("personal data cannot be written".to_owned()))
}

fn read<T: DeserializeOwned>(private: &Private, name: &str) -> Result<Option<T>, EngineError> {
    let Some(text) = private.personal(name) else { return Ok(None) };
    serde_json::from_str(text.expose_secret())
        .map(Some)
        .map_err(|_| EngineError::Internal(format!("{name} in the ledger cannot be read")))
}

/// Shortest text of a person's that is looked for: two letters are a country or a title.
const TELLING_LENGTH: usize = 3;

/// A refusal for the events, from which personal data cannot be erased: where Klarna's messages
/// repeat what the sale knows of the shopper, they lose it.
pub(crate) fn impersonal(private: &Private, mut refused: Refused) -> Refused {
    let mut texts = Vec::new();
    for value in private.personal_names().filter_map(|name| private.personal(name)) {
        if let Ok(value) = serde_json::from_str(value.expose_secret()) {
            collect(&value, &mut texts);
        }
    }
    // The longest first: a name may be a part of an email address.
    texts.sort_by_key(|text| std::cmp::Reverse(text.len()));
    for message in &mut refused.error_messages {
        for text in &texts {
            *message = message.replace(text, "[personal]");
        }
    }
    refused
}

fn collect(value: &Value, texts: &mut Vec<String>) {
    match value {
        Value::String(text) if text.chars().count() >= TELLING_LENGTH => texts.push(text.clone()),
        Value::Array(values) => values.iter().for_each(|value| collect(value, texts)),
        Value::Object(members) => members.values().for_each(|value| collect(value, texts)),
        _ => {}
    }
}

/// Whether an address that was sent is the one that Klarna now has. Klarna formats what it is given:
/// letters and digits count, and of a telephone number its end.
pub(crate) fn is_address(sent: &SecretString, found: &klarna::read::Address) -> bool {
    let Ok(sent) = serde_json::from_str::<Address>(sent.expose_secret()) else { return false };
    let texts = [
        (&sent.given_name, &found.given_name),
        (&sent.family_name, &found.family_name),
        (&sent.organization_name, &found.organization_name),
        (&sent.attention, &found.attention),
        (&sent.street_address, &found.street_address),
        (&sent.street_address2, &found.street_address2),
        (&sent.postal_code, &found.postal_code),
        (&sent.city, &found.city),
        (&sent.region, &found.region),
        (&sent.country, &found.country),
        (&sent.email, &found.email),
    ];
    texts.into_iter().all(|(sent, found)| bare(sent.as_ref()) == bare(found.as_ref())) && {
        let (sent, found) = (bare(sent.phone.as_ref()), bare(found.phone.as_ref()));
        let end = |number: &str| number.trim_start_matches('0').to_owned();
        sent.is_empty() == found.is_empty()
            && (sent.ends_with(&end(&found)) || found.ends_with(&end(&sent)))
    }
}

fn bare(text: Option<&String>) -> String {
    let text = text.map(String::as_str).unwrap_or_default();
    text.chars().filter(|it| it.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_address_is_known_again_however_klarna_formats_it() {
        let sent = json!({
            "given_name": "Alva", "street_address": "Götgatan 1", "postal_code": "111 43",
            "city": "stockholm", "country": "SE", "phone": "070-174 06 15"
        });
        let found = json!({
            "given_name": "Alva", "family_name": "", "street_address": "GÖTGATAN 1",
            "postal_code": "11143", "city": "Stockholm", "country": "se", "phone": "+46701740615"
        });
        let is_found = |member: &str, value: &str| {
            let mut found = found.clone();
            found[member] = json!(value);
            is_address(&sent.to_string().into(), &serde_json::from_value(found).unwrap())
        };
        assert!(is_found("given_name", "Alva"));
        let others = [
            ("given_name", "Ada"),
            ("family_name", "Ek"),
            ("street_address", "Götgatan 2"),
            ("postal_code", "11144"),
            ("phone", "+46701740616"),
            ("phone", ""),
        ];
        for (member, other) in others {
            assert!(!is_found(member, other), "{member}");
        }
    }
}
