//! The addresses that a sale keeps beside those that Klarna has. They are personal data: nothing of
//! what they say leaves this file but to be kept in private.

use klarna::{Address, read};
use kvitt_core::{ActKind, AddressKind, Event, Evidence, Sale};
use kvitt_ledger::{Private, PrivateChange};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};

use crate::engine::Draft;
use crate::shopper::write;
use crate::{EngineError, names};

/// What takes over the addresses that others changed: an event that names what differs, and the
/// address as Klarna has it, which is where goods have to go to be paid for.
pub(crate) fn external(
    sale: &Sale,
    private: &Private,
    order: &klarna::orders::Order,
    evidence: &Evidence,
) -> Result<Draft, EngineError> {
    let mut draft = Draft::default();
    let moves = sale.open_intent(|act| act.kind() == ActKind::UpdateShippingAddress).is_some();
    for (address, name, found, is_open) in [
        (AddressKind::BillingAddress, names::BILLING_ADDRESS, &order.billing_address, false),
        (AddressKind::ShippingAddress, names::SHIPPING_ADDRESS, &order.shipping_address, moves),
    ] {
        let ours = private.personal(name).filter(|_| !is_open);
        let (Some(ours), Some(found)) = (ours.and_then(address_of), found) else { continue };
        let members = other_members(&ours, found);
        if members.is_empty() {
            continue;
        }
        let value = as_at_klarna(&ours, found)?;
        draft.private.push(PrivateChange::SetPersonal { name: name.to_owned(), value });
        let evidence = evidence.clone();
        draft.events.push(Event::ExternalAddress { address, members, evidence });
    }
    Ok(draft)
}

/// Whether an address that was sent is the one that Klarna now has. Klarna formats what it is given:
/// letters and digits count, and of a telephone number its end.
pub(crate) fn is_address(sent: &SecretString, found: &read::Address) -> bool {
    address_of(sent).is_some_and(|sent| members(&sent, found).iter().all(Member::is_same))
}

/// An address in the ledger. What cannot be read is left alone: a read of the order must not hang
/// on it.
fn address_of(text: &SecretString) -> Option<Address> {
    serde_json::from_str(text.expose_secret()).ok()
}

/// The members that are known here, and that Klarna has otherwise. It completes what it was not
/// given; and what it does not show at all, it says nothing of. One that was emptied is shown, as an
/// empty text.
fn other_members(ours: &Address, found: &read::Address) -> Vec<String> {
    let members = members(ours, found);
    // An order that tells nothing of where it goes any more tells of no other place.
    if members.iter().all(|it| bare(it.found).is_empty()) {
        return Vec::new();
    }
    let differs = |it: &&Member| it.found.is_some() && !bare(it.ours).is_empty() && !it.is_same();
    members.iter().filter(differs).map(|it| it.name.to_owned()).collect()
}

/// The address with what Klarna shows of it.
fn as_at_klarna(ours: &Address, found: &read::Address) -> Result<SecretString, EngineError> {
    let mut address = Map::new();
    for it in members(ours, found) {
        if let Some(text) = it.found.or(it.ours).filter(|text| !text.is_empty()) {
            address.insert(it.name.to_owned(), Value::from(text));
        }
    }
    write(&address)
}

/// A member of an address on both sides.
struct Member<'a> {
    name: &'static str,
    ours: Option<&'a str>,
    found: Option<&'a str>,
}

impl Member<'_> {
    fn is_same(&self) -> bool {
        let (ours, found) = (bare(self.ours), bare(self.found));
        let end = |number: &str| number.trim_start_matches('0').to_owned();
        match self.name {
            // How to address somebody is no part of where that is.
            "title" => true,
            "phone" => {
                ours.is_empty() == found.is_empty()
                    && (ours.ends_with(&end(&found)) || found.ends_with(&end(&ours)))
            }
            _ => ours == found,
        }
    }
}

fn members<'a>(ours: &'a Address, found: &'a read::Address) -> [Member<'a>; 13] {
    [
        ("given_name", &ours.given_name, &found.given_name),
        ("family_name", &ours.family_name, &found.family_name),
        ("organization_name", &ours.organization_name, &found.organization_name),
        ("attention", &ours.attention, &found.attention),
        ("title", &ours.title, &found.title),
        ("street_address", &ours.street_address, &found.street_address),
        ("street_address2", &ours.street_address2, &found.street_address2),
        ("postal_code", &ours.postal_code, &found.postal_code),
        ("city", &ours.city, &found.city),
        ("region", &ours.region, &found.region),
        ("country", &ours.country, &found.country),
        ("email", &ours.email, &found.email),
        ("phone", &ours.phone, &found.phone),
    ]
    .map(|(name, ours, found)| Member { name, ours: ours.as_deref(), found: found.as_deref() })
}

fn bare(text: Option<&str>) -> String {
    let text = text.unwrap_or_default();
    text.chars().filter(|it| it.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn sent() -> Value {
        json!({
            "given_name": "Alva", "street_address": "Götgatan 1", "postal_code": "111 43",
            "city": "stockholm", "country": "SE", "phone": "070-174 06 15"
        })
    }

    fn found() -> Value {
        json!({
            "given_name": "Alva", "family_name": "", "street_address": "GÖTGATAN 1",
            "postal_code": "11143", "city": "Stockholm", "country": "se", "phone": "+46701740615"
        })
    }

    fn found_with(member: &str, value: Value) -> read::Address {
        let mut found = found();
        found[member] = value;
        serde_json::from_value(found).unwrap()
    }

    fn ours_with(member: &str, value: Value) -> Address {
        let mut ours = sent();
        ours[member] = value;
        serde_json::from_value(ours).unwrap()
    }

    #[test]
    fn an_address_is_known_again_however_klarna_formats_it() {
        let is_found = |member: &str, value: &str| {
            is_address(&sent().to_string().into(), &found_with(member, json!(value)))
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

    #[test]
    fn a_member_that_was_given_and_is_another_or_emptied_differs_and_nothing_else_does() {
        let differ = |member, value| {
            other_members(&serde_json::from_value(sent()).unwrap(), &found_with(member, value))
        };
        for (member, value) in [
            ("street_address", json!("Kungsgatan 7")),
            ("postal_code", json!("11144")),
            ("phone", json!("")),
        ] {
            assert_eq!(differ(member, value), [member]);
        }
        for (member, value) in [
            ("family_name", json!("Ek")),
            ("email", json!("alva@example.com")),
            ("street_address2", json!("")),
            ("city", Value::Null),
            ("title", json!("Fru")),
        ] {
            assert_eq!(differ(member, value), [""; 0], "{member}");
        }
        let titled = ours_with("title", json!("Frau"));
        assert_eq!(other_members(&titled, &found_with("title", json!("Fru"))), [""; 0]);
        let nothing = json!({"given_name": "", "city": "", "country": ""});
        let nothing = serde_json::from_value(nothing).unwrap();
        assert_eq!(other_members(&titled, &nothing), [""; 0]);
    }

    #[test]
    fn what_klarna_shows_is_kept_and_what_it_does_not_show_stays() {
        let ours = ours_with("organization_name", json!("Ek AB"));
        let kept = as_at_klarna(&ours, &found_with("phone", json!(""))).unwrap();
        assert_eq!(
            serde_json::from_str::<Value>(kept.expose_secret()).unwrap(),
            json!({
                "given_name": "Alva", "organization_name": "Ek AB", "street_address": "GÖTGATAN 1",
                "postal_code": "11143", "city": "Stockholm", "country": "se"
            })
        );
        let again = address_of(&kept).unwrap();
        assert_eq!(other_members(&again, &found_with("phone", json!(""))), [""; 0]);
    }
}
