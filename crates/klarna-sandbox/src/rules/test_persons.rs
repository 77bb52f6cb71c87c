//! Klarna's test persons, country by country (Klarna documentation: sample customer data).

use serde::Serialize;
use serde_json::{Value, json};

use super::read::Members;

/// Whom a country's purchases can be tried with.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct TestPersons {
    /// ISO 3166 alpha-2.
    pub(crate) country: &'static str,
    /// The end of the test persons' e-mail addresses, `customer@email.…`.
    #[serde(skip)]
    email_ending: &'static str,
    /// The phone of the person who is approved, E.164.
    pub(crate) approved_phone: &'static str,
    /// The phone of the person who is denied.
    pub(crate) denied_phone: &'static str,
    given_name: &'static str,
    family_name: &'static str,
    street_address: &'static str,
    postal_code: &'static str,
    city: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    region: &'static str,
    date_of_birth: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    national_identification_number: &'static str,
}

impl TestPersons {
    /// The e-mail address of a test person: `""` is approved, `+denied` is not, and so on.
    pub(crate) fn email(&self, plus_part: &str) -> String {
        format!("customer{plus_part}@email.{}", self.email_ending)
    }

    /// The billing address of the person whose e-mail has this plus part.
    pub(crate) fn address(&self, plus_part: &str) -> Members {
        let is_denied = plus_part.starts_with("+denied");
        let phone = if is_denied { self.denied_phone } else { self.approved_phone };
        let email = self.email(plus_part);
        let members = [
            ("given_name", self.given_name),
            ("family_name", self.family_name),
            ("email", &email),
            ("phone", phone),
            ("street_address", self.street_address),
            ("postal_code", self.postal_code),
            ("city", self.city),
            ("region", self.region),
            ("country", self.country),
        ];
        let known = members.into_iter().filter(|(_, text)| !text.is_empty());
        known.map(|(name, text)| (name.to_owned(), Value::from(text))).collect()
    }

    /// The two of them as they are listed: addresses for a session, and what the e-mail's plus
    /// part makes of it.
    pub(crate) fn listed(&self) -> Value {
        let mut listed = json!(self);
        listed["approved"] = Value::Object(self.address(""));
        listed["denied"] = Value::Object(self.address("+denied"));
        listed
    }
}

static PERSONS: [TestPersons; 26] = [
    TestPersons {
        country: "AT",
        email_ending: "at",
        approved_phone: "+4306762600456",
        denied_phone: "+4306762600745",
        given_name: "Test",
        family_name: "Person-at",
        street_address: "Mariahilfer Straße 47",
        postal_code: "1060",
        city: "Wien",
        region: "",
        date_of_birth: "1970-07-10",
        national_identification_number: "",
    },
    TestPersons {
        country: "AU",
        email_ending: "au",
        approved_phone: "+61473752244",
        denied_phone: "+61473763254",
        given_name: "Test",
        family_name: "Person-au",
        street_address: "4 Wharf St",
        postal_code: "4877",
        city: "Port Douglas",
        region: "QLD",
        date_of_birth: "1970-07-10",
        national_identification_number: "",
    },
    TestPersons {
        country: "BE",
        email_ending: "be",
        approved_phone: "+32485121291",
        denied_phone: "+32485212123",
        given_name: "Test",
        family_name: "Person-be",
        street_address: "Grote Markt 1",
        postal_code: "1000",
        city: "Brussel",
        region: "",
        date_of_birth: "1970-07-10",
        national_identification_number: "",
    },
    TestPersons {
        country: "CA",
        email_ending: "ca",
        approved_phone: "+15197438620",
        denied_phone: "+15197308624",
        given_name: "Test",
        family_name: "Person-ca",
        street_address: "2693 Byron Rd",
        postal_code: "V7H 1L9",
        city: "North Vancouver",
        region: "BC",
        date_of_birth: "1970-07-10",
        national_identification_number: "",
    },
    TestPersons {
        country: "CH",
        email_ending: "ch",
        approved_phone: "+41758680000",
        denied_phone: "+41758680001",
        given_name: "Accepted",
        family_name: "Person-ch",
        street_address: "Augustinergasse 2",
        postal_code: "4051",
        city: "Basel",
        region: "",
        date_of_birth: "1990-01-01",
        national_identification_number: "",
    },
    TestPersons {
        country: "CZ",
        email_ending: "cz",
        approved_phone: "+420771613715",
        denied_phone: "+420771623691",
        given_name: "Test",
        family_name: "Person-cz",
        street_address: "Zazvorkova 1480/11",
        postal_code: "155 00",
        city: "Praha",
        region: "",
        date_of_birth: "1970-01-01",
        national_identification_number: "",
    },
    TestPersons {
        country: "DE",
        email_ending: "de",
        approved_phone: "+49017614284340",
        denied_phone: "+49017610927312",
        given_name: "Mock",
        family_name: "Mock",
        street_address: "Neue Schönhauser Str. 2",
        postal_code: "10178",
        city: "Berlin",
        region: "",
        date_of_birth: "1970-07-10",
        national_identification_number: "",
    },
    TestPersons {
        country: "DK",
        email_ending: "dk",
        approved_phone: "+4542555628",
        denied_phone: "+4552555348",
        given_name: "Test",
        family_name: "Person-dk",
        street_address: "Dantes Plads 7",
        postal_code: "1556",
        city: "København Ø",
        region: "",
        date_of_birth: "1980-01-01",
        national_identification_number: "",
    },
    TestPersons {
        country: "ES",
        email_ending: "es",
        approved_phone: "+34672563009",
        denied_phone: "+34682425101",
        given_name: "Test",
        family_name: "Person-es",
        street_address: "C. de Atocha 27",
        postal_code: "28012",
        city: "Madrid",
        region: "",
        date_of_birth: "1970-07-10",
        national_identification_number: "99999999R",
    },
    TestPersons {
        country: "FI",
        email_ending: "fi",
        approved_phone: "+358401234567",
        denied_phone: "+358401234568",
        given_name: "Test",
        family_name: "Person-fi",
        street_address: "Mannerheimintie 34",
        postal_code: "00100",
        city: "Helsinki",
        region: "",
        date_of_birth: "1999-01-01",
        national_identification_number: "190122-829F",
    },
    TestPersons {
        country: "FR",
        email_ending: "fr",
        approved_phone: "+33689854321",
        denied_phone: "+33687984322",
        given_name: "Test",
        family_name: "Person-fr",
        street_address: "33 rue la Fayette",
        postal_code: "75009",
        city: "Paris",
        region: "",
        date_of_birth: "1990-07-10",
        national_identification_number: "",
    },
    TestPersons {
        country: "GB",
        email_ending: "uk",
        approved_phone: "+447755564318",
        denied_phone: "+447355505530",
        given_name: "Test",
        family_name: "Person-uk",
        street_address: "10 New Burlington Street Apt. 214",
        postal_code: "W1S 3BE",
        city: "London",
        region: "",
        date_of_birth: "1970-07-10",
        national_identification_number: "",
    },
    TestPersons {
        country: "GR",
        email_ending: "gr",
        approved_phone: "+306945553624",
        denied_phone: "+306945553625",
        given_name: "Test",
        family_name: "Person-gr",
        street_address: "Kephisias 37",
        postal_code: "151 23",
        city: "Athina",
        region: "",
        date_of_birth: "1960-01-01",
        national_identification_number: "090000045",
    },
    TestPersons {
        country: "HU",
        email_ending: "hu",
        approved_phone: "+36300102692",
        denied_phone: "+36705553575",
        given_name: "Test",
        family_name: "Person-hu",
        street_address: "Ludovika tér 2",
        postal_code: "1083",
        city: "Budapest",
        region: "",
        date_of_birth: "2000-01-01",
        national_identification_number: "",
    },
    TestPersons {
        country: "IE",
        email_ending: "ie",
        approved_phone: "+353855351400",
        denied_phone: "+353855351401",
        given_name: "Test",
        family_name: "Person-ie",
        street_address: "30 King Street South",
        postal_code: "D02 C838",
        city: "Dublin",
        region: "",
        date_of_birth: "1970-07-10",
        national_identification_number: "",
    },
    TestPersons {
        country: "IT",
        email_ending: "it",
        approved_phone: "+393339741231",
        denied_phone: "+393312232389",
        given_name: "Test",
        family_name: "Person-it",
        street_address: "Via Enrico Fermi 150",
        postal_code: "00146",
        city: "Roma",
        region: "",
        date_of_birth: "1980-01-01",
        national_identification_number: "RSSBNC80A41H501B",
    },
    TestPersons {
        country: "MX",
        email_ending: "mx",
        approved_phone: "+525593747739",
        denied_phone: "+525593747740",
        given_name: "Test",
        family_name: "Person-mx",
        street_address: "Av Cuauhtémoc 462 Col Piedad Narvarte",
        postal_code: "03000",
        city: "Benito Juárez",
        region: "CDMX",
        date_of_birth: "1970-07-10",
        national_identification_number: "",
    },
    TestPersons {
        country: "NL",
        email_ending: "nl",
        approved_phone: "+31689124321",
        denied_phone: "+31632167678",
        given_name: "Test",
        family_name: "Person-nl",
        street_address: "Osdorpplein 137",
        postal_code: "1068 SR",
        city: "Amsterdam",
        region: "",
        date_of_birth: "1970-07-10",
        national_identification_number: "",
    },
    TestPersons {
        country: "NO",
        email_ending: "no",
        approved_phone: "+4740123456",
        denied_phone: "+4740123457",
        given_name: "Jane",
        family_name: "Test",
        street_address: "Edvard Munchs Plass 1",
        postal_code: "0194",
        city: "Oslo",
        region: "",
        date_of_birth: "1970-08-01",
        national_identification_number: "NO01087000571",
    },
    TestPersons {
        country: "NZ",
        email_ending: "nz",
        approved_phone: "+6427555290",
        denied_phone: "+642993007712",
        given_name: "Test",
        family_name: "Person-nz",
        street_address: "286 Mount Wellington Highway",
        postal_code: "6011",
        city: "Auckland",
        region: "",
        date_of_birth: "1970-07-10",
        national_identification_number: "",
    },
    TestPersons {
        country: "PL",
        email_ending: "pl",
        approved_phone: "+48795222223",
        denied_phone: "+48795223325",
        given_name: "Test",
        family_name: "Person-pl",
        street_address: "Ul. Górczewska 124",
        postal_code: "01-460",
        city: "Warszawa",
        region: "",
        date_of_birth: "1967-05-05",
        national_identification_number: "",
    },
    TestPersons {
        country: "PT",
        email_ending: "pt",
        approved_phone: "+351935556731",
        denied_phone: "+351915593837",
        given_name: "Test",
        family_name: "Person-pt",
        street_address: "Avenida Dom João II 40",
        postal_code: "1990-094",
        city: "Lisboa",
        region: "",
        date_of_birth: "1990-07-10",
        national_identification_number: "",
    },
    TestPersons {
        country: "RO",
        email_ending: "ro",
        approved_phone: "+40741209876",
        denied_phone: "+40707127444",
        given_name: "Test",
        family_name: "Person-ro",
        street_address: "Drumul Taberei 35",
        postal_code: "061357",
        city: "București",
        region: "",
        date_of_birth: "1970-12-25",
        national_identification_number: "1701225193558",
    },
    TestPersons {
        country: "SE",
        email_ending: "se",
        approved_phone: "+46701740615",
        denied_phone: "+46701740620",
        given_name: "Alice",
        family_name: "Test",
        street_address: "Södra Blasieholmshamnen 2",
        postal_code: "11148",
        city: "Stockholm",
        region: "",
        date_of_birth: "1941-03-21",
        national_identification_number: "SE194103219202",
    },
    TestPersons {
        country: "SK",
        email_ending: "sk",
        approved_phone: "+421905123456",
        denied_phone: "+421905123457",
        given_name: "Test",
        family_name: "Person-sk",
        street_address: "Vajanského nábrežie 2",
        postal_code: "810 06",
        city: "Bratislava",
        region: "",
        date_of_birth: "2000-01-01",
        national_identification_number: "000101/0009",
    },
    TestPersons {
        country: "US",
        email_ending: "us",
        approved_phone: "+13106683312",
        denied_phone: "+13106354386",
        given_name: "Test",
        family_name: "Person-us",
        street_address: "509 Amsterdam Ave",
        postal_code: "10024-3941",
        city: "New York",
        region: "NY",
        date_of_birth: "1970-07-10",
        national_identification_number: "",
    },
];

/// Every country's.
pub(crate) fn all() -> &'static [TestPersons] {
    &PERSONS
}

/// The test persons of a country.
pub(crate) fn of(country: &str) -> Option<&'static TestPersons> {
    PERSONS.iter().find(|persons| persons.country.eq_ignore_ascii_case(country))
}

/// Whether this is the phone of somebody who is denied.
pub(crate) fn is_denied(phone: &str) -> bool {
    let digits = digits(phone);
    PERSONS.iter().any(|persons| persons.denied_phone.trim_start_matches('+') == digits)
}

/// A phone number without what people put between its digits.
pub(crate) fn digits(phone: &str) -> String {
    phone.chars().filter(char::is_ascii_digit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::{contact, market::MARKETS};

    #[test]
    fn every_market_has_its_persons() {
        for market in &MARKETS {
            let persons = of(market.country).unwrap();
            assert!(!is_denied(persons.approved_phone), "{}", market.country);
            assert!(is_denied(persons.denied_phone), "{}", market.country);
            let address = persons.address("+denied");
            let text = |name: &str| address[name].as_str().unwrap();
            assert_eq!(text("phone"), persons.denied_phone);
            assert!(contact::is_postal_code(market.country, text("postal_code")), "{address:?}");
            assert!(contact::is_name(text("given_name")), "{address:?}");
            assert!(persons.date_of_birth.parse::<jiff::civil::Date>().is_ok());
        }
        assert!(of("JP").is_none());
    }

    #[test]
    fn phones_are_known_by_their_digits() {
        assert!(is_denied("+46 70-174 06 20"));
        assert!(!is_denied("+46 70-174 06 15"));
        assert!(!is_denied(""));
    }

    #[test]
    fn britain_writes_to_uk() {
        assert_eq!(of("gb").unwrap().email("+denied"), "customer+denied@email.uk");
    }
}
