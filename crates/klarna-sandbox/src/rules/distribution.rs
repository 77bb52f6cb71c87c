//! How a merchant has a hosted page's link sent to the buyer.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    contact, market,
    purchase::letters,
    read::{Body, Fault, Problem, Reader},
    refusal::Refusal,
};

const TEXT_MAX: usize = 255;
/// How a terminal's number and a code that a buyer reads out look (the schema's examples).
const ACCESS_CODE_DIGITS: std::ops::RangeInclusive<usize> = 6..=12;

/// By which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Method {
    Sms,
    Email,
    Token,
}

const METHODS: [Method; 3] = [Method::Sms, Method::Email, Method::Token];

impl Method {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Sms => "sms",
            Self::Email => "email",
            Self::Token => "token",
        }
    }
}

/// To whom. Without `Debug`: personal data.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct Contact {
    #[serde(skip_serializing_if = "Option::is_none")]
    access_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone_country: Option<String>,
}

/// What is to be sent.
#[derive(Clone)]
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) contact: Contact,
    pub(crate) template: Option<String>,
}

impl Request {
    /// Reads and checks a request for a purchase in a country.
    pub(crate) fn read(body: &Body<'_>, country: &str) -> Result<Self, Refusal> {
        let mut problems: Vec<Problem> = Vec::new();
        let mut reader = Reader::new(body, &mut problems);
        reader.required("contact_information");
        reader.required("method");
        let contact = reader.object("contact_information", |it| Contact {
            access_id: it.text("access_id", 0, TEXT_MAX),
            email: it.text("email", 0, TEXT_MAX),
            phone: it.text("phone", 0, TEXT_MAX),
            phone_country: it.text("phone_country", 0, TEXT_MAX),
        });
        let find =
            |text: &str| METHODS.into_iter().find(|it| it.as_str().eq_ignore_ascii_case(text));
        let name = reader.form("method", |text| find(text).is_some());
        let method = name.as_deref().and_then(find);
        let is_template = |text: &str| text.eq_ignore_ascii_case("INSTORE_PURCHASE");
        let template = reader.form("template", is_template);
        match (method, contact) {
            (Some(method), Some(contact)) if problems.is_empty() => {
                contact.check(method, country)?;
                Ok(Self { method, contact, template })
            }
            _ => Err(Refusal::constraint_violation(&problems)),
        }
    }
}

impl Contact {
    /// Where a message of this method would go.
    pub(crate) fn of(&self, method: Method) -> String {
        let parts = match method {
            Method::Sms => [&self.phone, &self.phone_country],
            Method::Email => [&self.email, &None],
            Method::Token => [&self.access_id, &None],
        };
        parts.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(" ")
    }

    /// Whether the link can be sent there. The codes are documented, which case has which of them
    /// is partly a guess.
    fn check(&self, method: Method, country: &str) -> Result<(), Refusal> {
        match method {
            Method::Email => {
                let email = given(self.email.as_deref(), "email")?;
                fits("email", contact::is_email(email))
            }
            Method::Sms => {
                let phone = given(self.phone.as_deref(), "phone")?;
                let phone_country = given(self.phone_country.as_deref(), "phone_country")?;
                fits("phone", contact::is_phone(phone))?;
                fits("phone_country", letters(phone_country, 2))?;
                let is_near = market::of(phone_country).is_some()
                    && market::region(phone_country) == market::region(country);
                if is_near {
                    return Ok(());
                }
                let text = format!("Phone numbers of {phone_country} are not supported here");
                Err(Refusal::new(400, "UNSUPPORTED_COUNTRY", text))
            }
            Method::Token => {
                let access_id = given(self.access_id.as_deref(), "access_id")?;
                if is_access_id(access_id) {
                    return Ok(());
                }
                Err(Refusal::new(404, "NOT_FOUND", "Access token not found"))
            }
        }
    }
}

fn given<'a>(text: Option<&'a str>, name: &str) -> Result<&'a str, Refusal> {
    text.filter(|text| !text.is_empty()).ok_or_else(|| {
        let text = format!("'contact_information.{name}' must not be empty for this method");
        Refusal::new(400, "MISSING_CONTACT_DATA", text)
    })
}

fn fits(name: &str, fits: bool) -> Result<(), Refusal> {
    if fits {
        return Ok(());
    }
    let path = format!("contact_information.{name}");
    Err(Refusal::constraint_violation(&[Problem { path, fault: Fault::Pattern }]))
}

/// Whether an access id looks like one of the schema's examples. All that do are known here, the
/// others are those that Klarna does not find (guess: the sandbox has no such terminals).
fn is_access_id(text: &str) -> bool {
    let is_code =
        ACCESS_CODE_DIGITS.contains(&text.len()) && text.bytes().all(|it| it.is_ascii_digit());
    is_code || Uuid::try_parse(text.strip_prefix("klarna:").unwrap_or(text)).is_ok()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(method: &str, contact: &Value) -> Result<Method, (u16, String, Vec<String>)> {
        let body = json!({"method": method, "contact_information": contact});
        Request::read(&Body::of(&body), "SE")
            .map(|it| it.method)
            .map_err(|it| (it.status, it.code.into_owned(), it.messages))
    }

    fn code(method: &str, contact: &Value) -> (u16, String) {
        read(method, contact).map_err(|(status, code, _)| (status, code)).unwrap_err()
    }

    #[test]
    fn a_contact_fits_its_method() {
        let phone =
            |number: &str, country: &str| json!({"phone": number, "phone_country": country});
        assert_eq!(read("email", &json!({"email": "test@example.com"})), Ok(Method::Email));
        assert_eq!(read("SMS", &phone("07000212345", "SE")), Ok(Method::Sms));
        assert_eq!(read("sms", &phone("+447755564318", "gb")), Ok(Method::Sms));
        for id in ["klarna:09f4a78d-d096-47d4-a0f6-abcf680c70fe", "467521087419", "278352"] {
            assert_eq!(read("token", &json!({"access_id": id})), Ok(Method::Token), "{id}");
        }
        let missing = (400, "MISSING_CONTACT_DATA".to_owned());
        assert_eq!(code("email", &phone("07000212345", "SE")), missing);
        assert_eq!(code("email", &json!({"email": ""})), missing);
        assert_eq!(code("sms", &json!({"phone_country": "SE"})), missing);
        assert_eq!(code("sms", &json!({"phone": "07000212345"})), missing);
        assert_eq!(code("token", &json!({})), missing);
        let bad = (400, "CONSTRAINT_VIOLATION".to_owned());
        assert_eq!(code("email", &json!({"email": "nobody"})), bad);
        assert_eq!(code("sms", &phone("call me", "SE")), bad);
        assert_eq!(code("sms", &phone("07000212345", "Sweden")), bad);
        let elsewhere = (400, "UNSUPPORTED_COUNTRY".to_owned());
        assert_eq!(code("sms", &phone("+13106683312", "US")), elsewhere);
        assert_eq!(code("sms", &phone("+81312345678", "JP")), elsewhere);
        for id in ["27835", "4675210874190", "klarna:7", "terminal"] {
            assert_eq!(code("token", &json!({"access_id": id})), (404, "NOT_FOUND".to_owned()));
        }
    }

    #[test]
    fn what_the_schema_requires_is_told_together() {
        let body = json!({"template": "CARD"});
        let refusal = Request::read(&Body::of(&body), "SE").err().unwrap();
        assert_eq!((refusal.status, &*refusal.code), (400, "CONSTRAINT_VIOLATION"));
        assert_eq!(
            refusal.messages,
            [
                "'contact_information' must not be null",
                "'method' must not be null",
                "'template' is not valid"
            ]
        );
        let (_, _, messages) = read("pigeon", &json!({})).unwrap_err();
        assert_eq!(messages, ["'method' is not valid"]);
        let (_, _, messages) = read("email", &json!("test@example.com")).unwrap_err();
        assert_eq!(messages, ["'contact_information' must be an object"]);
    }
}
