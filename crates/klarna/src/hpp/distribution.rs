//! How the page's link reaches the shopper.

use serde::Serialize;

use crate::Private;
use crate::check::{FieldError, country, length};

/// A link to be sent by Klarna. Each way has the contact data that it needs, and no other. Klarna
/// checks an address or number further than is done here, and answers 400 where it is none. Its
/// member `template`, which Klarna does not use (Klarna's API description), is not sent.
///
/// ```
/// use klarna::hpp::Distribution;
///
/// let by_email = Distribution::by_email("alice@example.com")?;
/// let by_sms = Distribution::by_sms("07000212345", "SE")?;
/// assert!(Distribution::by_email("alice").is_err());
/// # Ok::<(), klarna::FieldError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Distribution {
    contact_information: Contact,
    method: Way,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Way {
    Email,
    Sms,
    Token,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
struct Contact {
    #[serde(skip_serializing_if = "Option::is_none")]
    access_id: Option<Private>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<Private>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<Private>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone_country: Option<String>,
}

impl Distribution {
    /// By e-mail, in the language of the payment session. Refused where the address is not two
    /// parts with one `@` between them and no spaces.
    pub fn by_email(email: impl Into<Private>) -> Result<Self, FieldError> {
        let (field, email) = ("contact_information.email", email.into());
        length(field, email.expose(), 1..=255)?;
        let parts = email.expose().split_once('@');
        let is_odd = |it: char| it == '@' || it.is_whitespace() || it.is_control();
        let plain = |part: &str| !part.is_empty() && !part.contains(is_odd);
        if !parts.is_some_and(|(name, host)| plain(name) && plain(host)) {
            return Err(FieldError::new(field, "not an e-mail address", "name@host"));
        }
        let contact = Contact { email: Some(email), ..Contact::default() };
        Ok(Self { contact_information: contact, method: Way::Email })
    }

    /// By text message, to a number as it is dialled in its country, an ISO 3166 code of two
    /// letters. Refused where the number has anything but 5 to 99 digits, spaces and `+-()./`.
    pub fn by_sms(
        phone: impl Into<Private>,
        phone_country: impl Into<String>,
    ) -> Result<Self, FieldError> {
        let (field, phone, phone_country) =
            ("contact_information.phone", phone.into(), phone_country.into());
        // Customer Token's limits of a phone number; this API describes none.
        length(field, phone.expose(), 5..=99)?;
        let is_part = |it: char| it.is_ascii_digit() || " +-()./".contains(it);
        if !phone.expose().chars().all(is_part) {
            let expected = "digits, spaces and +-()./ only";
            return Err(FieldError::new(field, "not a phone number", expected));
        }
        country("contact_information.phone_country", &phone_country)?;
        let contact = Contact {
            phone: Some(phone),
            phone_country: Some(phone_country),
            ..Contact::default()
        };
        Ok(Self { contact_information: contact, method: Way::Sms })
    }

    /// To the device that showed an access id, such as one that a QR code held; as it was read.
    pub fn by_token(access_id: impl Into<Private>) -> Result<Self, FieldError> {
        let access_id = access_id.into();
        length("contact_information.access_id", access_id.expose(), 1..=255)?;
        let contact = Contact { access_id: Some(access_id), ..Contact::default() };
        Ok(Self { contact_information: contact, method: Way::Token })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contact_that_cannot_be_one_is_refused_without_being_shown() {
        let long = format!("hidden@{}", "x".repeat(250));
        for bad in
            ["", "hidden", "@hidden", "hidden@", "hid den@x", "hidden@x\0y", "hidden@x@y", &long]
        {
            let refusal = Distribution::by_email(bad).unwrap_err();
            assert_eq!(refusal.field, "contact_information.email", "{bad}");
            assert!(!refusal.to_string().contains("hid"), "{refusal}");
        }
        for bad in ["", "0701", "hidden", "+46 hidden", "07000212345\n"] {
            let refusal = Distribution::by_sms(bad, "SE").unwrap_err();
            assert_eq!(refusal.field, "contact_information.phone", "{bad}");
            assert!(!refusal.to_string().contains("hidden"), "{refusal}");
        }
        for bad in ["", "SWE", "46"] {
            let refusal = Distribution::by_sms("07000212345", bad).unwrap_err();
            assert_eq!(refusal.field, "contact_information.phone_country", "{bad}");
        }
        for bad in [String::new(), "x".repeat(256)] {
            let refusal = Distribution::by_token(bad).unwrap_err();
            assert_eq!(refusal.field, "contact_information.access_id");
        }
        assert!(Distribution::by_sms("+46 (0)70-174.06/15", "se").is_ok());
    }
}
