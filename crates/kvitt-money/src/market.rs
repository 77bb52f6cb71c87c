//! The countries in which Klarna sells, with their currency and locales.

use std::fmt;
use std::str::FromStr;

use iso_currency::Currency;
use serde::{Deserialize, Serialize};

use crate::{MarketError, TaxStyle};

/// One country's rules.
#[derive(Debug, PartialEq, Eq)]
pub struct Market {
    /// The country.
    pub country: Country,
    /// The country's English name.
    pub name: &'static str,
    /// The only currency in which its purchases are made.
    pub currency: Currency,
    /// The locales Klarna speaks there, the country's own first.
    pub locales: &'static [&'static str],
    /// How its prices carry tax.
    pub tax_style: TaxStyle,
}

macro_rules! markets {
    ($($code:ident $name:literal $currency:ident $style:ident [$($locale:literal)+])*) => {
        /// A country in which Klarna sells, by its ISO 3166 code.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Country { $(#[doc = $name] $code),* }

        // Klarna documentation: data requirements, purchase countries, currencies
        // and locales.
        static MARKETS: &[Market] = &[$(Market {
            country: Country::$code,
            name: $name,
            currency: Currency::$currency,
            locales: &[$($locale),+],
            tax_style: TaxStyle::$style,
        }),*];

        impl Country {
            /// The ISO 3166 code, such as `SE`.
            pub fn code(self) -> &'static str {
                match self { $(Self::$code => stringify!($code)),* }
            }
        }
    };
}

markets! {
    AU "Australia" AUD Inclusive ["en-AU"]
    AT "Austria" EUR Inclusive ["de-AT" "en-AT"]
    BE "Belgium" EUR Inclusive ["nl-BE" "fr-BE" "en-BE"]
    CA "Canada" CAD Inclusive ["en-CA" "fr-CA"]
    CZ "Czech Republic" CZK Inclusive ["cs-CZ" "en-CZ"]
    DK "Denmark" DKK Inclusive ["da-DK" "en-DK"]
    FI "Finland" EUR Inclusive ["fi-FI" "sv-FI" "en-FI"]
    FR "France" EUR Inclusive ["fr-FR" "en-FR"]
    DE "Germany" EUR Inclusive ["de-DE" "en-DE"]
    GR "Greece" EUR Inclusive ["el-GR" "en-GR"]
    HU "Hungary" HUF Inclusive ["hu-HU" "en-HU"]
    IE "Ireland" EUR Inclusive ["en-IE"]
    IT "Italy" EUR Inclusive ["it-IT" "en-IT"]
    MX "Mexico" MXN Inclusive ["en-MX" "es-MX"]
    NL "Netherlands" EUR Inclusive ["nl-NL" "en-NL"]
    NZ "New Zealand" NZD Inclusive ["en-NZ"]
    NO "Norway" NOK Inclusive ["nb-NO" "en-NO"]
    PL "Poland" PLN Inclusive ["pl-PL" "en-PL"]
    PT "Portugal" EUR Inclusive ["pt-PT" "en-PT"]
    RO "Romania" RON Inclusive ["ro-RO" "en-RO"]
    SK "Slovakia" EUR Inclusive ["sk-SK" "en-SK"]
    ES "Spain" EUR Inclusive ["es-ES" "en-ES"]
    SE "Sweden" SEK Inclusive ["sv-SE" "en-SE"]
    CH "Switzerland" CHF Inclusive ["de-CH" "fr-CH" "it-CH" "en-CH"]
    GB "United Kingdom" GBP Inclusive ["en-GB"]
    US "United States" USD SalesTax ["en-US" "es-US"]
}

/// Every market, in the order of the countries' English names.
pub fn markets() -> &'static [Market] {
    MARKETS
}

impl Country {
    /// The country's rules.
    pub fn market(self) -> &'static Market {
        // `MARKETS` and `Country` come from one list, so the discriminant is the index.
        &MARKETS[self as usize]
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

impl FromStr for Country {
    type Err = MarketError;

    /// Reads an ISO 3166 code in either case.
    fn from_str(given: &str) -> Result<Self, MarketError> {
        MARKETS
            .iter()
            .find(|market| market.country.code().eq_ignore_ascii_case(given))
            .map(|market| market.country)
            .ok_or_else(|| MarketError::Country {
                given: given.to_owned(),
                allowed: list(MARKETS.iter().map(|market| market.country.code())),
            })
    }
}

/// A language as spoken in one market, in canonical case: `sv-SE`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Locale(&'static str);

impl Locale {
    /// The locale as a text.
    pub fn as_str(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for Locale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.0)
    }
}

/// Country, currency and locale of one purchase, known to fit together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "PurchaseMarketFields", into = "PurchaseMarketFields")]
pub struct PurchaseMarket {
    country: Country,
    locale: Locale,
}

#[derive(Serialize, Deserialize)]
struct PurchaseMarketFields {
    purchase_country: String,
    purchase_currency: String,
    locale: String,
}

impl PurchaseMarket {
    /// Checks that the three fit together; each is accepted in either case. A refusal names what
    /// is allowed.
    pub fn new(country: &str, currency: &str, locale: &str) -> Result<Self, MarketError> {
        let country: Country = country.parse()?;
        let market = country.market();
        if !market.currency.code().eq_ignore_ascii_case(currency) {
            return Err(MarketError::Currency {
                given: currency.to_owned(),
                country: country.code(),
                allowed: market.currency.code(),
            });
        }
        let known = market.locales.iter().find(|known| known.eq_ignore_ascii_case(locale));
        match known {
            Some(known) => Ok(Self { country, locale: Locale(known) }),
            None => Err(MarketError::Locale {
                given: locale.to_owned(),
                country: country.code(),
                allowed: list(market.locales.iter().copied()),
            }),
        }
    }

    /// The country.
    pub fn purchase_country(self) -> Country {
        self.country
    }

    /// The country's currency.
    pub fn purchase_currency(self) -> Currency {
        self.country.market().currency
    }

    /// The language.
    pub fn locale(self) -> Locale {
        self.locale
    }
}

impl TryFrom<PurchaseMarketFields> for PurchaseMarket {
    type Error = MarketError;

    fn try_from(fields: PurchaseMarketFields) -> Result<Self, MarketError> {
        Self::new(&fields.purchase_country, &fields.purchase_currency, &fields.locale)
    }
}

impl From<PurchaseMarket> for PurchaseMarketFields {
    fn from(market: PurchaseMarket) -> Self {
        Self {
            purchase_country: market.country.code().to_owned(),
            purchase_currency: market.purchase_currency().code().to_owned(),
            locale: market.locale.0.to_owned(),
        }
    }
}

fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.collect::<Vec<_>>().join(", ")
}
