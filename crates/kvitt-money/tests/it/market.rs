//! Countries, their currency and locales.

use std::collections::BTreeSet;

use kvitt_money::{Country, Currency, Market, PurchaseMarket, TaxStyle, markets};

/// Klarna documentation, written down a second time: a slip in one table shows.
const TABLE: &str = "\
AU AUD en-AU
AT EUR de-AT en-AT
BE EUR nl-BE fr-BE en-BE
CA CAD en-CA fr-CA
CZ CZK cs-CZ en-CZ
DK DKK da-DK en-DK
FI EUR fi-FI sv-FI en-FI
FR EUR fr-FR en-FR
DE EUR de-DE en-DE
GR EUR el-GR en-GR
HU HUF hu-HU en-HU
IE EUR en-IE
IT EUR it-IT en-IT
MX MXN en-MX es-MX
NL EUR nl-NL en-NL
NZ NZD en-NZ
NO NOK nb-NO en-NO
PL PLN pl-PL en-PL
PT EUR pt-PT en-PT
RO RON ro-RO en-RO
SK EUR sk-SK en-SK
ES EUR es-ES en-ES
SE SEK sv-SE en-SE
CH CHF de-CH fr-CH it-CH en-CH
GB GBP en-GB
US USD en-US es-US";

fn row(market: &Market) -> String {
    format!("{} {} {}", market.country, market.currency.code(), market.locales.join(" "))
}

#[test]
fn the_table_is_klarnas() {
    assert_eq!(markets().iter().map(row).collect::<Vec<_>>().join("\n"), TABLE);
    assert_eq!(markets().len(), 26);
    let currencies: BTreeSet<_> = markets().iter().map(|market| market.currency.code()).collect();
    assert_eq!(currencies.len(), 15);
}

#[test]
fn every_country_finds_its_own_rules() {
    for market in markets() {
        assert_eq!(market.country.market(), market);
        assert_eq!(market.country.code().parse(), Ok(market.country));
        assert_eq!(market.country.code().to_lowercase().parse(), Ok(market.country));
        // Every amount of every market is in hundredths.
        assert_eq!(market.currency.exponent(), Some(2));
        let american = market.country == Country::US;
        assert_eq!(market.tax_style == TaxStyle::SalesTax, american);
    }
    assert_eq!(Country::GB.market().name, "United Kingdom");
}

#[test]
fn every_fit_is_accepted_in_either_case_and_kept_in_its_own() {
    for market in markets() {
        for locale in market.locales {
            for (country, currency, spoken) in [
                (
                    market.country.code().to_owned(),
                    market.currency.code().to_owned(),
                    (*locale).to_owned(),
                ),
                (
                    market.country.code().to_lowercase(),
                    market.currency.code().to_lowercase(),
                    locale.to_uppercase(),
                ),
            ] {
                let fit = PurchaseMarket::new(&country, &currency, &spoken).unwrap();
                assert_eq!(fit.purchase_country(), market.country);
                assert_eq!(fit.purchase_currency(), market.currency);
                assert_eq!(
                    (fit.locale().as_str(), fit.locale().to_string().as_str()),
                    (*locale, *locale)
                );
            }
        }
    }
}

#[test]
fn every_other_mix_is_refused() {
    let currencies: BTreeSet<_> = markets().iter().map(|market| market.currency.code()).collect();
    let locales: BTreeSet<_> =
        markets().iter().flat_map(|market| market.locales.iter().copied()).collect();
    let mut accepted = 0;
    for market in markets() {
        for currency in &currencies {
            for locale in &locales {
                let fits = market.currency.code() == *currency && market.locales.contains(locale);
                let result = PurchaseMarket::new(market.country.code(), currency, locale);
                assert_eq!(result.is_ok(), fits, "{} {currency} {locale}", market.country);
                accepted += usize::from(fits);
            }
        }
    }
    // Every locale belongs to one country, which has one currency.
    assert_eq!((accepted, locales.len()), (52, 52));
}

#[test]
fn a_refusal_lists_what_is_allowed() {
    let said = |country, currency, locale| {
        PurchaseMarket::new(country, currency, locale).unwrap_err().to_string()
    };
    assert_eq!(
        said("XX", "SEK", "sv-SE"),
        "purchase_country \"XX\" is not a Klarna market; allowed: AU, AT, BE, CA, CZ, DK, FI, FR, \
         DE, GR, HU, IE, IT, MX, NL, NZ, NO, PL, PT, RO, SK, ES, SE, CH, GB, US"
    );
    assert_eq!(
        said("SE", "EUR", "sv-SE"),
        "purchase_currency \"EUR\" does not fit purchase_country SE; allowed: SEK"
    );
    assert_eq!(
        said("FI", "EUR", "sv-SE"),
        "locale \"sv-SE\" does not fit purchase_country FI; allowed: fi-FI, sv-FI, en-FI"
    );
    assert_eq!(
        said("CH", "CHF", "de"),
        "locale \"de\" does not fit purchase_country CH; allowed: de-CH, fr-CH, it-CH, en-CH"
    );
    for country in ["", "S", "SWE", " SE", "sverige", "\u{17f}E"] {
        assert!(country.parse::<Country>().is_err(), "{country:?} was accepted");
    }
}

#[test]
fn a_market_is_written_with_klarnas_names_and_checked_when_read() {
    let market = PurchaseMarket::new("fi", "eur", "SV-fi").unwrap();
    let json = r#"{"purchase_country":"FI","purchase_currency":"EUR","locale":"sv-FI"}"#;
    assert_eq!(serde_json::to_string(&market).unwrap(), json);
    assert_eq!(serde_json::from_str::<PurchaseMarket>(json).unwrap(), market);
    assert_eq!(market.purchase_currency(), Currency::EUR);

    let wrong = r#"{"purchase_country":"FI","purchase_currency":"SEK","locale":"sv-FI"}"#;
    assert_eq!(
        serde_json::from_str::<PurchaseMarket>(wrong).unwrap_err().to_string(),
        "purchase_currency \"SEK\" does not fit purchase_country FI; allowed: EUR"
    );
}
