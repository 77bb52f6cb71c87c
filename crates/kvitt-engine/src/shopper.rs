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
