//! Klarna's test persons, country by country (Klarna documentation: sample customer data).

/// Whom a country's purchases can be tried with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TestPersons {
    /// ISO 3166 alpha-2.
    pub(crate) country: &'static str,
    /// The end of the test persons' e-mail addresses, `customer@email.…`.
    email_ending: &'static str,
    /// The phone of the person who is approved, E.164.
    pub(crate) approved_phone: &'static str,
    /// The phone of the person who is denied.
    pub(crate) denied_phone: &'static str,
}

impl TestPersons {
    /// The e-mail address of a test person: `""` is approved, `+denied` is not, and so on.
    pub(crate) fn email(&self, plus_part: &str) -> String {
        format!("customer{plus_part}@email.{}", self.email_ending)
    }
}

const fn of_country(
    country: &'static str,
    email_ending: &'static str,
    approved_phone: &'static str,
    denied_phone: &'static str,
) -> TestPersons {
    TestPersons { country, email_ending, approved_phone, denied_phone }
}

static PERSONS: [TestPersons; 26] = [
    of_country("AT", "at", "+4306762600456", "+4306762600745"),
    of_country("AU", "au", "+61473752244", "+61473763254"),
    of_country("BE", "be", "+32485121291", "+32485212123"),
    of_country("CA", "ca", "+15197438620", "+15197308624"),
    of_country("CH", "ch", "+41758680000", "+41758680001"),
    of_country("CZ", "cz", "+420771613715", "+420771623691"),
    of_country("DE", "de", "+49017614284340", "+49017610927312"),
    of_country("DK", "dk", "+4542555628", "+4552555348"),
    of_country("ES", "es", "+34672563009", "+34682425101"),
    of_country("FI", "fi", "+358401234567", "+358401234568"),
    of_country("FR", "fr", "+33689854321", "+33687984322"),
    of_country("GB", "uk", "+447755564318", "+447355505530"),
    of_country("GR", "gr", "+306945553624", "+306945553625"),
    of_country("HU", "hu", "+36300102692", "+36705553575"),
    of_country("IE", "ie", "+353855351400", "+353855351401"),
    of_country("IT", "it", "+393339741231", "+393312232389"),
    of_country("MX", "mx", "+525593747739", "+525593747740"),
    of_country("NL", "nl", "+31689124321", "+31632167678"),
    of_country("NO", "no", "+4740123456", "+4740123457"),
    of_country("NZ", "nz", "+6427555290", "+642993007712"),
    of_country("PL", "pl", "+48795222223", "+48795223325"),
    of_country("PT", "pt", "+351935556731", "+351915593837"),
    of_country("RO", "ro", "+40741209876", "+40707127444"),
    of_country("SE", "se", "+46701740615", "+46701740620"),
    of_country("SK", "sk", "+421905123456", "+421905123457"),
    of_country("US", "us", "+13106683312", "+13106354386"),
];

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
    use crate::rules::market::MARKETS;

    #[test]
    fn every_market_has_its_persons() {
        for market in &MARKETS {
            let persons = of(market.country).unwrap();
            assert!(!is_denied(persons.approved_phone), "{}", market.country);
            assert!(is_denied(persons.denied_phone), "{}", market.country);
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
