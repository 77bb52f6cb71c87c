//! Where Klarna is reached.

use std::fmt;
use std::str::FromStr;

use kvitt_money::Country;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::Error;

/// Real money or test money. Credentials belong to one of the two; in the other they get a 401.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Environment {
    /// Real customers, real money.
    Production,
    /// Klarna's public test environment.
    Playground,
}

/// The part of the world that a Klarna account belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Region {
    /// Europe, and everything that is none of the others.
    Europe,
    /// Canada and the United States.
    NorthAmerica,
    /// Australia and New Zealand.
    Oceania,
}

impl Region {
    /// The region whose accounts sell in a country.
    ///
    /// Klarna does not document the region of Mexico; [`Region::NorthAmerica`] is a guess.
    ///
    /// ```
    /// use klarna::Region;
    /// use kvitt_money::Country;
    ///
    /// assert_eq!(Region::of(Country::SE), Region::Europe);
    /// assert_eq!(Region::of(Country::US), Region::NorthAmerica);
    /// assert_eq!(Region::of(Country::NZ), Region::Oceania);
    /// ```
    pub fn of(country: Country) -> Self {
        match country {
            // Mexico is a guess.
            Country::US | Country::CA | Country::MX => Self::NorthAmerica,
            Country::AU | Country::NZ => Self::Oceania,
            _ => Self::Europe,
        }
    }
}

/// Klarna's browser SDK (Klarna documentation: step 2, checkout).
pub const BROWSER_SDK: &str = "https://x.klarnacdn.net/kp/lib/v1/api.js";

/// The address under which Klarna's paths begin.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BaseUrl(String);

impl BaseUrl {
    /// Klarna's own address for a region and an environment (Klarna documentation: API URLs).
    ///
    /// ```
    /// use klarna::{BaseUrl, Environment, Region};
    ///
    /// let url = BaseUrl::of(Region::NorthAmerica, Environment::Playground);
    /// assert_eq!(url.as_str(), "https://api-na.playground.klarna.com");
    /// ```
    pub fn of(region: Region, environment: Environment) -> Self {
        let host = match region {
            Region::Europe => "api",
            Region::NorthAmerica => "api-na",
            Region::Oceania => "api-oc",
        };
        let zone = match environment {
            Environment::Production => "klarna.com",
            Environment::Playground => "playground.klarna.com",
        };
        Self(format!("https://{host}.{zone}"))
    }

    /// Any other address, such as a sandbox on this machine or a proxy. `http` is allowed here.
    /// Refused with [`Error::Configuration`] where it is not an absolute `http` or `https` URL,
    /// or carries credentials, a query or a fragment.
    pub fn custom(url: &str) -> Result<Self, Error> {
        let refuse = |problem: &str| Error::Configuration {
            setting: "base_url",
            problem: format!("{problem}; write it like http://127.0.0.1:4010"),
        };
        let parsed = Url::parse(url).map_err(|error| refuse(&error.to_string()))?;
        if !matches!(parsed.scheme(), "http" | "https") || !parsed.has_host() {
            return Err(refuse("it must begin with http:// or https://"));
        }
        if !parsed.username().is_empty() || parsed.password().is_some() {
            return Err(refuse("it must not carry credentials: give them as credentials"));
        }
        if parsed.query().is_some() || parsed.fragment().is_some() {
            return Err(refuse("it must not carry a query or a fragment"));
        }
        Ok(Self(parsed.as_str().trim_end_matches('/').to_owned()))
    }

    /// The address, without a slash at the end.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is one of Klarna's own hosts.
    pub fn is_klarna(&self) -> bool {
        let host = Url::parse(&self.0).ok().and_then(|url| url.host_str().map(str::to_owned));
        host.is_some_and(|host| host == "klarna.com" || host.ends_with(".klarna.com"))
    }

    /// The browser SDK's script: Klarna's own, the same for playground and production (Klarna
    /// documentation: the client token tells the environment), or that of a sandbox at this
    /// address.
    ///
    /// ```
    /// use klarna::BaseUrl;
    ///
    /// let sandbox = BaseUrl::custom("http://127.0.0.1:4010")?;
    /// assert_eq!(sandbox.browser_sdk(), "http://127.0.0.1:4010/kp/lib/v1/api.js");
    /// # Ok::<(), klarna::Error>(())
    /// ```
    pub fn browser_sdk(&self) -> String {
        if self.is_klarna() {
            return BROWSER_SDK.to_owned();
        }
        format!("{}/kp/lib/v1/api.js", self.0)
    }

    pub(crate) fn is_encrypted(&self) -> bool {
        self.0.starts_with("https://")
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl FromStr for BaseUrl {
    type Err = Error;

    fn from_str(url: &str) -> Result<Self, Error> {
        Self::custom(url)
    }
}

impl TryFrom<String> for BaseUrl {
    type Error = Error;

    fn try_from(url: String) -> Result<Self, Error> {
        Self::custom(&url)
    }
}

impl From<BaseUrl> for String {
    fn from(url: BaseUrl) -> Self {
        url.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn six_addresses_are_klarnas_own() {
        use Environment::{Playground, Production};
        use Region::{Europe, NorthAmerica, Oceania};
        let expected = [
            (Europe, Production, "https://api.klarna.com"),
            (NorthAmerica, Production, "https://api-na.klarna.com"),
            (Oceania, Production, "https://api-oc.klarna.com"),
            (Europe, Playground, "https://api.playground.klarna.com"),
            (NorthAmerica, Playground, "https://api-na.playground.klarna.com"),
            (Oceania, Playground, "https://api-oc.playground.klarna.com"),
        ];
        for (region, environment, url) in expected {
            assert_eq!(BaseUrl::of(region, environment).as_str(), url);
        }
    }

    #[test]
    fn any_other_address_is_taken_without_its_last_slash() {
        let url = BaseUrl::custom("http://127.0.0.1:4010/").unwrap();
        assert_eq!(url.as_str(), "http://127.0.0.1:4010");
        assert!(!url.is_encrypted());
        assert_eq!(
            BaseUrl::custom("https://proxy.example/klarna/").unwrap().as_str(),
            "https://proxy.example/klarna"
        );
    }

    #[test]
    fn an_address_that_cannot_be_one_is_refused() {
        for bad in [
            "",
            "api.klarna.com",
            "ftp://klarna.com",
            "https://u:hidden@klarna.com",
            "https://klarna.com/?a=b",
            "https://klarna.com/#a",
            "mailto:a@b",
        ] {
            let refusal = BaseUrl::custom(bad).unwrap_err().to_string();
            assert!(refusal.contains("base_url"), "{bad}: {refusal}");
            assert!(!refusal.contains("hidden"), "{refusal}");
        }
    }
}
