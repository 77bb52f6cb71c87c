//! What Klarna checks of an address only when the customer authorizes (Klarna documentation says
//! when, and names the fields; the forms themselves are guesses).

use super::{person, purchase::Purchase, test_persons, texts::Texts};

/// Fewest and most digits of a phone number, with its country code (E.164).
const PHONE_DIGITS: std::ops::RangeInclusive<usize> = 7..=15;

/// The fields of both addresses that the shopper has to mend, as dotted paths.
pub(crate) fn invalid_fields(purchase: &Purchase) -> Vec<String> {
    let addresses = [
        ("billing_address", &purchase.billing_address),
        ("shipping_address", &purchase.shipping_address),
    ];
    let country = purchase.country();
    addresses
        .into_iter()
        .filter_map(|(name, address)| Some((name, address.as_ref()?)))
        .flat_map(|(name, address)| {
            invalid(address, &country).into_iter().map(move |member| format!("{name}.{member}"))
        })
        .collect()
}

fn invalid(address: &Texts, purchase_country: &str) -> Vec<&'static str> {
    let country = address.get("country").unwrap_or(purchase_country).to_ascii_uppercase();
    let fits = |member: &'static str, text: &str| match member {
        "email" => is_email(text) && !person::has_invalid_email(text),
        "phone" => is_phone(text),
        "postal_code" => is_postal_code(&country, text),
        "given_name" | "family_name" => is_name(text),
        _ => true,
    };
    ["given_name", "family_name", "postal_code", "email", "phone"]
        .into_iter()
        .filter(|member| {
            let text = address.get(member).unwrap_or_default().trim();
            !text.is_empty() && !fits(member, text)
        })
        .collect()
}

/// Something before and something with a dot behind one `@`.
pub(crate) fn is_email(text: &str) -> bool {
    let Some((local, host)) = text.split_once('@') else { return false };
    let dotted = host.split_once('.').is_some_and(|(name, end)| !name.is_empty() && end.len() >= 2);
    !local.is_empty() && dotted && !text.contains(char::is_whitespace) && !host.contains('@')
}

/// Digits enough, and nothing but digits and what people put between them.
pub(crate) fn is_phone(text: &str) -> bool {
    let allowed = |it: char| it.is_ascii_digit() || "+-(). /".contains(it);
    text.chars().all(allowed) && PHONE_DIGITS.contains(&test_persons::digits(text).len())
}

/// More than one character, and not only digits (Klarna documentation).
pub(crate) fn is_name(text: &str) -> bool {
    text.chars().count() > 1 && !text.chars().all(|it| it.is_ascii_digit())
}

/// The country's number of digits; elsewhere anything short.
pub(crate) fn is_postal_code(country: &str, text: &str) -> bool {
    let code: String = text.chars().filter(|it| !" -".contains(*it)).collect();
    let digits = code.chars().all(|it| it.is_ascii_digit());
    match country {
        "AT" | "AU" | "BE" | "CH" | "DK" | "HU" | "NO" | "NZ" => digits && code.len() == 4,
        "CZ" | "DE" | "ES" | "FI" | "FR" | "GR" | "IT" | "MX" | "PL" | "SE" | "SK" => {
            digits && code.len() == 5
        }
        "PT" => digits && code.len() == 7,
        "RO" => digits && code.len() == 6,
        "US" => digits && matches!(code.len(), 5 | 9),
        "CA" | "NL" => code.len() == 6,
        _ => (2..=10).contains(&code.chars().count()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::rules::read::{Body, Members};

    fn invalid_of(value: serde_json::Value) -> Vec<String> {
        let members: Members = serde_json::from_value(value).unwrap();
        invalid_fields(&Purchase::read(&Body::from(&members)).0)
    }

    #[test]
    fn fields_are_named_by_their_path() {
        let address = json!({"given_name": "7", "family_name": "Ek", "email": "nobody",
            "postal_code": "1114", "phone": "call me", "city": "Stockholm"});
        assert_eq!(
            invalid_of(json!({"purchase_country": "SE", "billing_address": address,
                "shipping_address": {"country": "US", "postal_code": "10024-3941"}})),
            [
                "billing_address.given_name",
                "billing_address.postal_code",
                "billing_address.email",
                "billing_address.phone"
            ]
        );
    }

    #[test]
    fn what_is_not_sent_is_asked_for_later() {
        assert!(invalid_of(json!({"purchase_country": "SE"})).is_empty());
        assert!(invalid_of(json!({"billing_address": {"email": ""}})).is_empty());
    }

    #[test]
    fn forms() {
        for (text, fits) in [
            ("a@b.se", true),
            ("a@b", false),
            ("a@.se", false),
            ("@b.se", false),
            ("a b@c.se", false),
            ("a@b@c.se", false),
            ("customer+denied@email.uk", true),
        ] {
            assert_eq!(is_email(text), fits, "{text}");
        }
        for (text, fits) in
            [("+46 70-174 06 15", true), ("123456", false), ("+4670174061512345", false)]
        {
            assert_eq!(is_phone(text), fits, "{text}");
        }
        for (country, text, fits) in [
            ("SE", "111 48", true),
            ("SE", "1114", false),
            ("US", "10024-3941", true),
            ("US", "1002", false),
            ("IE", "D02 C838", true),
            ("NL", "1068 SR", true),
            ("GB", "W1S 3BE", true),
        ] {
            assert_eq!(is_postal_code(country, text), fits, "{country} {text}");
        }
    }
}
