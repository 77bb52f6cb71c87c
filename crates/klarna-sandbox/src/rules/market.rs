//! The 26 countries that Klarna sells in, each with its currency and languages (Klarna
//! documentation).

/// A country with the one currency it may be used with and the languages of its locales, the
/// country's own first.
pub(crate) struct Market {
    pub(crate) country: &'static str,
    pub(crate) currency: &'static str,
    languages: &'static [&'static str],
}

const fn market(
    country: &'static str,
    currency: &'static str,
    languages: &'static [&'static str],
) -> Market {
    Market { country, currency, languages }
}

impl Market {
    /// The locale of the country's own language.
    pub(crate) fn locale(&self) -> String {
        format!("{}-{}", self.languages.first().unwrap_or(&"en"), self.country)
    }
}

/// Every market.
pub(crate) static MARKETS: [Market; 26] = [
    market("AU", "AUD", &["en"]),
    market("AT", "EUR", &["de", "en"]),
    market("BE", "EUR", &["nl", "fr", "en"]),
    market("CA", "CAD", &["en", "fr"]),
    market("CZ", "CZK", &["cs", "en"]),
    market("DK", "DKK", &["da", "en"]),
    market("FI", "EUR", &["fi", "sv", "en"]),
    market("FR", "EUR", &["fr", "en"]),
    market("DE", "EUR", &["de", "en"]),
    market("GR", "EUR", &["el", "en"]),
    market("HU", "HUF", &["hu", "en"]),
    market("IE", "EUR", &["en"]),
    market("IT", "EUR", &["it", "en"]),
    market("MX", "MXN", &["en", "es"]),
    market("NL", "EUR", &["nl", "en"]),
    market("NZ", "NZD", &["en"]),
    market("NO", "NOK", &["nb", "en"]),
    market("PL", "PLN", &["pl", "en"]),
    market("PT", "EUR", &["pt", "en"]),
    market("RO", "RON", &["ro", "en"]),
    market("SK", "EUR", &["sk", "en"]),
    market("ES", "EUR", &["es", "en"]),
    market("SE", "SEK", &["sv", "en"]),
    market("CH", "CHF", &["de", "fr", "it", "en"]),
    market("GB", "GBP", &["en"]),
    market("US", "USD", &["en", "es"]),
];

/// The market of a country code in either case.
pub(crate) fn of(country: &str) -> Option<&'static Market> {
    MARKETS.iter().find(|market| market.country.eq_ignore_ascii_case(country))
}

/// The locale as Order Management writes it: language in lower case, the purchase's country in
/// upper case (observed: `nl-NL` of a Belgian purchase reads `nl-BE`). A language that the market
/// does not have becomes its English, as does a missing one, whose default is `en-US`.
pub(crate) fn locale(country: &str, sent: Option<&str>) -> String {
    format!("{}-{}", language(country, sent), country.to_ascii_uppercase())
}

/// The language of that locale.
pub(crate) fn language(country: &str, sent: Option<&str>) -> String {
    let mut language = sent.and_then(|locale| locale.get(..2)).unwrap_or("en").to_owned();
    language.make_ascii_lowercase();
    let known = of(country).is_none_or(|market| market.languages.contains(&language.as_str()));
    if known { language } else { "en".to_owned() }
}

/// Where the browser's calls go, under the sandbox's address: Klarna's hosts are divided by region,
/// and their paths say `na` where the region is `us` (recorded exchange).
pub(crate) fn browser_base(base_url: &str, country: &str) -> String {
    format!("{base_url}/{}/kp", place(country))
}

/// Where hosted payment pages are, under the sandbox's address (Klarna's samples).
pub(crate) fn hpp_base(base_url: &str, country: &str) -> String {
    format!("{base_url}/{}/hpp", place(country))
}

fn place(country: &str) -> &'static str {
    match region(country) {
        "us" => "na",
        other => other,
    }
}

/// The country's region as Klarna's hosts are named.
pub(crate) fn region(country: &str) -> &'static str {
    match country.to_ascii_uppercase().as_str() {
        "US" | "CA" => "us",
        "AU" | "NZ" => "oc",
        _ => "eu",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locales_become_canonical() {
        assert_eq!(locale("se", Some("sv-se")), "sv-SE");
        assert_eq!(locale("BE", Some("nl-NL")), "nl-BE");
        assert_eq!(locale("SE", Some("EN")), "en-SE");
        assert_eq!(locale("SE", Some("PL")), "en-SE");
        assert_eq!(locale("DE", None), "en-DE");
    }

    #[test]
    fn every_market_has_its_own_country_and_english() {
        for market in &MARKETS {
            assert!(market.languages.contains(&"en"), "{}", market.country);
            assert!(std::ptr::eq(of(&market.country.to_lowercase()).unwrap(), market));
        }
        assert!(of("JP").is_none());
    }
}
