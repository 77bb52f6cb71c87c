//! Klarna accounts: which Klarna, with which credentials, for which countries.

use klarna::{BaseUrl, Credentials, Environment as KlarnaEnvironment, Region};
use kvitt_core::ExpiryPolicy;
use kvitt_engine::{Account, Rate};
use kvitt_money::Country;
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use super::Problems;
use super::file::{AccountTable, RateTable, Secrets};
use super::sources::{Given, Sources, read_secret_file};
use super::{expiry, rate};

/// Name of the account that is configured by variables alone.
const ONLY_ACCOUNT: &str = "default";
const ONLY_PREFIX: &str = "KVITT_KLARNA_";
const NAMED_PREFIX: &str = "KVITT_ACCOUNT_";
/// What a variable of an account can end in.
const OF_SECRETS: [&str; 5] = ["USERNAME", "PASSWORD", "PASSWORD_FILE", "API_KEY", "API_KEY_FILE"];
const OF_PLACE: [&str; 3] = ["URL", "REGION", "ENVIRONMENT"];
/// Most characters in an account's name.
const NAME_LENGTH_MAX: usize = 64;

/// How the credentials of a sandbox on this machine read where none are given: it takes any.
const SANDBOX_USERNAME: &str = "PK00000_sandbox";
const SANDBOX_PASSWORD: &str = "sandbox";

/// An account whose settings make sense.
#[derive(Debug)]
pub(crate) struct AccountSettings {
    /// Its name.
    pub(crate) name: String,
    /// Klarna's environment; none where an address was given instead, as for a sandbox.
    pub(crate) environment: Option<KlarnaEnvironment>,
    /// Where Klarna is reached.
    pub(crate) base_url: BaseUrl,
    /// What proves to Klarna who is calling.
    pub(crate) credentials: Credentials,
    /// The countries that sell through it.
    pub(crate) countries: Vec<Country>,
    /// What is done about authorizations that run out.
    pub(crate) expiry: ExpiryPolicy,
    /// How many calls a second it may make.
    pub(crate) rate: Rate,
}

impl AccountSettings {
    /// Every configured account. What is wrong is noted.
    pub(crate) fn all(sources: &Sources, problems: &mut Problems) -> Vec<Self> {
        let tables = &sources.file.accounts;
        let of_variables: Vec<&str> = sources.environment.names_under(ONLY_PREFIX).collect();
        if tables.is_empty() {
            if of_variables.is_empty() && !sources.file.unreadable {
                problems.add(
                    "there is no Klarna account: for tries run `kvitt sandbox` and set \
                     KVITT_KLARNA_URL=http://127.0.0.1:4010; for Klarna itself set \
                     KVITT_KLARNA_ENVIRONMENT to playground or production, with \
                     KVITT_KLARNA_USERNAME and KVITT_KLARNA_PASSWORD (or KVITT_KLARNA_API_KEY), \
                     or write an [[account]] into kvitt.toml",
                );
            }
        } else if let Some(name) = of_variables.first() {
            problems.add(format_args!(
                "{name} is for one account without a file, but there is an [[account]] in the \
                 file: use {NAMED_PREFIX}<NAME>_… instead, or take the [[account]] out"
            ));
        }
        check_variables(sources, problems);
        if tables.is_empty() {
            if of_variables.is_empty() { Vec::new() } else { only(sources, problems) }
        } else {
            let account =
                |(index, table): (usize, &AccountTable)| named(index, table, sources, problems);
            tables.iter().enumerate().filter_map(account).collect()
        }
    }

    /// The account with its client, as the engine wants it.
    pub(crate) fn connect(self) -> Result<Account, String> {
        let client = klarna::Client::builder()
            .base_url(self.base_url)
            .credentials(self.credentials)
            .user_agent(concat!("kvitt/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| format!("account {:?}: {error}", self.name))?;
        let mut account = Account::new(self.name, client);
        account.countries = self.countries;
        account.expiry = self.expiry;
        account.rate = self.rate;
        Ok(account)
    }
}

/// The variable's name under which an account's settings stand, without what they end in.
fn prefix_of(name: &str) -> String {
    let upper = name.to_ascii_uppercase().replace(|it: char| !it.is_ascii_alphanumeric(), "_");
    format!("{NAMED_PREFIX}{upper}_")
}

/// Notes variables that look like settings of an account and are none.
fn check_variables(sources: &Sources, problems: &mut Problems) {
    let environment = &sources.environment;
    for name in environment.names_under(ONLY_PREFIX) {
        let rest = name.trim_start_matches(ONLY_PREFIX);
        if !OF_SECRETS.contains(&rest) && !OF_PLACE.contains(&rest) {
            let known = OF_PLACE.iter().chain(&OF_SECRETS).copied().collect::<Vec<_>>();
            problems.add(format_args!(
                "{name} is not a setting: correct or unset it; after {ONLY_PREFIX} can stand {}",
                known.join(", ")
            ));
        }
    }
    let prefixes: Vec<String> =
        sources.file.accounts.iter().filter_map(|it| Some(prefix_of(it.name.as_ref()?))).collect();
    for name in environment.names_under(NAMED_PREFIX) {
        let known = prefixes
            .iter()
            .any(|prefix| name.strip_prefix(prefix).is_some_and(|it| OF_SECRETS.contains(&it)));
        if !known {
            problems.add(format_args!(
                "{name} belongs to no [[account]]: correct or unset it; after \
                 {NAMED_PREFIX}<NAME>_ can stand {}",
                OF_SECRETS.join(", ")
            ));
        }
    }
}

fn only(sources: &Sources, problems: &mut Problems) -> Vec<AccountSettings> {
    let place = |key: &str| {
        let variable = format!("{ONLY_PREFIX}{key}");
        let value = sources.environment.get(&variable)?.to_owned();
        Some(Given { value, label: variable })
    };
    let draft = Draft {
        name: ONLY_ACCOUNT.to_owned(),
        label: "the account of KVITT_KLARNA_…".to_owned(),
        region: place("REGION"),
        environment: place("ENVIRONMENT"),
        url: place("URL"),
        secrets: variables_of(ONLY_PREFIX, sources),
        secrets_label: ONLY_PREFIX.to_owned(),
        keys: VARIABLE_KEYS,
        countries: Vec::new(),
        expiry: ExpiryPolicy::default(),
        rate: RateTable::default(),
        rate_label: String::new(),
    };
    draft.check(problems).into_iter().collect()
}

fn named(
    index: usize,
    table: &AccountTable,
    sources: &Sources,
    problems: &mut Problems,
) -> Option<AccountSettings> {
    let in_file = |key: &str, value: Option<&String>| {
        let label = sources.in_file(format_args!("account[{index}].{key}"));
        Some(Given { value: value?.clone(), label })
    };
    let Some(name) = in_file("name", table.name.as_ref()) else {
        let label = sources.in_file(format_args!("account[{index}].name"));
        problems.add(format_args!(
            "{label} is missing: give the account a name, by which its sales remember it"
        ));
        return None;
    };
    let allowed = |it: char| it.is_ascii_alphanumeric() || it == '-' || it == '_';
    if !(1..=NAME_LENGTH_MAX).contains(&name.value.len()) || !name.value.chars().all(allowed) {
        problems
            .add(name.refused(format_args!("use 1 to {NAME_LENGTH_MAX} letters, digits, - and _")));
        return None;
    }
    let prefix = prefix_of(&name.value);
    let others = sources.file.accounts.iter().take(index).filter_map(|it| it.name.as_ref());
    // The same name twice is noticed where the accounts come together.
    for other in others.filter(|it| **it != name.value && prefix_of(it) == prefix) {
        problems.add(name.refused(format_args!(
            "account {other:?} reads {prefix}… in variables, too: give each a name of its own"
        )));
    }
    let countries = table.countries.iter().map(|country| Given {
        value: country.clone(),
        label: sources.in_file(format_args!("account[{index}].countries")),
    });
    let of_variables = variables_of(&prefix, sources);
    let username = of_variables.username.or_else(|| table.secrets.username.clone());
    // What variables say about the secret replaces what the file says about it, of either style.
    let secrets = if of_variables.password.is_some()
        || of_variables.password_file.is_some()
        || of_variables.api_key.is_some()
        || of_variables.api_key_file.is_some()
    {
        Secrets { username, ..of_variables }
    } else {
        let Secrets { password, password_file, api_key, api_key_file, .. } = &table.secrets;
        Secrets {
            username,
            password: password.clone(),
            password_file: password_file.clone(),
            api_key: api_key.clone(),
            api_key_file: api_key_file.clone(),
        }
    };
    let expiry = expiry::policy(
        &table.expiry,
        |key| sources.in_file(format_args!("account[{index}].expiry.{key}")),
        problems,
    );
    let draft = Draft {
        label: format!("account {:?}", name.value),
        name: name.value,
        region: in_file("region", table.region.as_ref()),
        environment: in_file("environment", table.environment.as_ref()),
        url: in_file("url", table.url.as_ref()),
        secrets,
        secrets_label: prefix,
        keys: FILE_KEYS,
        countries: countries.collect(),
        expiry,
        rate: table.rate.clone(),
        rate_label: sources.in_file(format_args!("account[{index}].rate")),
    };
    draft.check(problems)
}

fn variables_of(prefix: &str, sources: &Sources) -> Secrets {
    let get = |key: &str| sources.environment.get(&format!("{prefix}{key}")).map(str::to_owned);
    Secrets {
        username: get("USERNAME"),
        password: get("PASSWORD").map(SecretString::from),
        password_file: get("PASSWORD_FILE"),
        api_key: get("API_KEY").map(SecretString::from),
        api_key_file: get("API_KEY_FILE"),
    }
}

/// How settings are called where they can be given.
struct Keys {
    environment: &'static str,
    url: &'static str,
    region: &'static str,
}

const VARIABLE_KEYS: Keys = Keys {
    environment: "KVITT_KLARNA_ENVIRONMENT",
    url: "KVITT_KLARNA_URL",
    region: "KVITT_KLARNA_REGION",
};
const FILE_KEYS: Keys = Keys { environment: "environment", url: "url", region: "region" };

/// An account as it was given.
struct Draft {
    name: String,
    /// How messages call it.
    label: String,
    region: Option<Given>,
    environment: Option<Given>,
    url: Option<Given>,
    secrets: Secrets,
    /// What the variables of its secrets begin with.
    secrets_label: String,
    keys: Keys,
    countries: Vec<Given>,
    expiry: ExpiryPolicy,
    rate: RateTable,
    /// How messages call the table of its rate.
    rate_label: String,
}

impl Draft {
    fn check(self, problems: &mut Problems) -> Option<AccountSettings> {
        let before = problems.len();
        let countries: Vec<Country> = self
            .countries
            .iter()
            .filter_map(|given| problems.keep(given.value.parse().map_err(|it| given.refused(it))))
            .collect();
        let place = self.place(&countries, problems);
        let any_will_do = match &place {
            Some((environment, url)) => environment.is_none() && is_on_this_machine(url),
            // The address is wrong; with the right one they may not be needed.
            None => self.url.is_some(),
        };
        let environment = place.as_ref().and_then(|(environment, _)| *environment);
        let credentials = self.credentials(any_will_do, environment, problems);
        let label = |key: &str| format!("{}.{key}", self.rate_label);
        let rate = rate::rate(&self.rate, environment, label, problems);
        let (environment, base_url) = place?;
        let credentials = credentials?;
        (problems.len() == before).then_some(AccountSettings {
            name: self.name,
            environment,
            base_url,
            credentials,
            countries,
            expiry: self.expiry,
            rate,
        })
    }

    /// Which Klarna it is.
    fn place(
        &self,
        countries: &[Country],
        problems: &mut Problems,
    ) -> Option<(Option<KlarnaEnvironment>, BaseUrl)> {
        let Keys { environment, url, region } = &self.keys;
        match (&self.environment, &self.url) {
            (None, None) => {
                problems.add(format_args!(
                    "{} does not say which Klarna: set {environment} to playground or production, \
                     or {url} to a sandbox's address, such as http://127.0.0.1:4010",
                    self.label
                ));
                None
            }
            (Some(_), Some(_)) => {
                problems.add(format_args!(
                    "{} has both {environment} and {url}: keep {environment} for Klarna itself, \
                     {url} for a sandbox",
                    self.label
                ));
                None
            }
            (None, Some(given)) => {
                if let Some(given) = &self.region {
                    problems.add(given.refused(format_args!(
                        "a region goes with {environment}; an address of {url} has none: remove it"
                    )));
                }
                let base_url = BaseUrl::custom(&given.value).map_err(|error| {
                    // An address may carry a password, so it is not repeated.
                    format!("{} is no address of a sandbox: {error}", given.label)
                });
                Some((None, problems.keep(base_url)?))
            }
            (Some(given), None) => {
                let environment = match given.value.as_str() {
                    "production" => Ok(KlarnaEnvironment::Production),
                    "playground" => Ok(KlarnaEnvironment::Playground),
                    _ => Err(given.refused(format_args!(
                        "it must be playground or production; for a sandbox set {url} instead"
                    ))),
                };
                let region = problems.keep(self.region(countries, region));
                let environment = problems.keep(environment)?;
                Some((Some(environment), BaseUrl::of(region?, environment)))
            }
        }
    }

    /// The region as given, or the one that all countries belong to.
    fn region(&self, countries: &[Country], key: &str) -> Result<Region, String> {
        if let Some(given) = &self.region {
            return match given.value.as_str() {
                "eu" => Ok(Region::Europe),
                "na" => Ok(Region::NorthAmerica),
                "oc" => Ok(Region::Oceania),
                _ => Err(given.refused(
                    "it must be eu (Europe), na (North America) or oc (Oceania), as in the \
                     account's contract with Klarna",
                )),
            };
        }
        let Some(first) = countries.first() else { return Ok(Region::Europe) };
        let region = Region::of(*first);
        match countries.iter().find(|country| Region::of(**country) != region) {
            None => Ok(region),
            Some(other) => Err(format!(
                "{} sells in {first} and {other}, which belong to different regions of Klarna: \
                 make two accounts, or say with {key} where the account belongs",
                self.label
            )),
        }
    }

    fn credentials(
        &self,
        any_will_do: bool,
        environment: Option<KlarnaEnvironment>,
        problems: &mut Problems,
    ) -> Option<Credentials> {
        let Secrets { username, password, password_file, api_key, api_key_file } = &self.secrets;
        let prefix = &self.secrets_label;
        let password = self.secret("password", password.as_ref(), password_file.as_ref(), problems);
        let api_key = self.secret("api_key", api_key.as_ref(), api_key_file.as_ref(), problems);
        let (Ok(password), Ok(api_key)) = (password, api_key) else { return None };
        match (username, password, api_key) {
            (None, None, None) if any_will_do => {
                Some(Credentials::username_password(SANDBOX_USERNAME, SANDBOX_PASSWORD))
            }
            (None, None, None) => {
                problems.add(format_args!(
                    "{} has no credentials: set {prefix}USERNAME and {prefix}PASSWORD, or \
                     {prefix}API_KEY, as shown in Klarna's merchant portal",
                    self.label
                ));
                None
            }
            (Some(username), Some(password), None) => {
                Some(Credentials::username_password(username, password))
            }
            (None, None, Some(api_key)) => {
                problems.keep(self.check_kind(environment, &api_key))?;
                Some(Credentials::api_key(api_key))
            }
            (Some(_), None, None) => {
                problems.add(format_args!(
                    "{} has a username, but no password: set {prefix}PASSWORD",
                    self.label
                ));
                None
            }
            (None, Some(_), _) => {
                problems.add(format_args!(
                    "{} has a password, but no username: set {prefix}USERNAME",
                    self.label
                ));
                None
            }
            (Some(_), _, Some(_)) => {
                problems.add(format_args!(
                    "{} has both a username and an API key: keep one of the two",
                    self.label
                ));
                None
            }
        }
    }

    /// Klarna's API keys say whether they are for tests.
    fn check_kind(
        &self,
        environment: Option<KlarnaEnvironment>,
        api_key: &SecretString,
    ) -> Result<(), String> {
        let key = api_key.expose_secret();
        let (key_is, account_is) = match environment {
            Some(KlarnaEnvironment::Production) if key.starts_with("klarna_test_") => {
                ("for tests", "production")
            }
            Some(KlarnaEnvironment::Playground) if key.starts_with("klarna_live_") => {
                ("for real money", "playground")
            }
            _ => return Ok(()),
        };
        Err(format!(
            "{} is in {account_is}, but its API key is {key_is}: take the key of the same \
             environment",
            self.label
        ))
    }

    /// The secret, from itself or its file. `Err` where it was noted as wrong.
    fn secret(
        &self,
        key: &str,
        value: Option<&SecretString>,
        file: Option<&String>,
        problems: &mut Problems,
    ) -> Result<Option<SecretString>, ()> {
        let label = &self.label;
        match (value, file) {
            (None, None) => Ok(None),
            (Some(secret), None) if secret.expose_secret().is_empty() => {
                problems.add(format_args!("{label} has an empty {key}: fill it in, or remove it"));
                Err(())
            }
            (Some(secret), None) => Ok(Some(secret.clone())),
            (None, Some(path)) => {
                let text = read_secret_file(&format!("{key}_file of {label}"), path);
                problems.keep(text).map(|text| Some(SecretString::from(text))).ok_or(())
            }
            (Some(_), Some(_)) => {
                problems.add(format_args!(
                    "{label} has both {key} and {key}_file: keep one of the two"
                ));
                Err(())
            }
        }
    }
}

fn is_on_this_machine(url: &BaseUrl) -> bool {
    Url::parse(url.as_str()).is_ok_and(|url| match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Context;
    use crate::environment::Environment;

    fn read(toml: &str, variables: &[(&str, &str)]) -> Vec<AccountSettings> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), toml).unwrap();
        let variables = variables.iter().map(|(name, value)| ((*name).into(), (*value).into()));
        let context = Context {
            environment: variables.collect::<Environment>(),
            config: Some(file.path().to_owned()),
            json: false,
        };
        let mut problems = Problems::default();
        let sources = Sources::read(&context, &mut problems);
        let accounts = AccountSettings::all(&sources, &mut problems);
        assert_eq!(problems.all(), [""; 0]);
        accounts
    }

    fn place(account: &AccountSettings) -> (&str, &str) {
        (account.name.as_str(), account.base_url.as_str())
    }

    #[test]
    fn from_sandbox_to_playground_to_production_by_configuration_alone() {
        let sandbox = read("", &[("KVITT_KLARNA_URL", "http://127.0.0.1:4010")]);
        assert_eq!(place(&sandbox[0]), ("default", "http://127.0.0.1:4010"));
        assert_eq!(sandbox[0].environment, None);
        let credentials = [("KVITT_KLARNA_USERNAME", "PK1"), ("KVITT_KLARNA_PASSWORD", "hidden")];
        for (environment, region, url) in [
            ("playground", "eu", "https://api.playground.klarna.com"),
            ("playground", "na", "https://api-na.playground.klarna.com"),
            ("production", "oc", "https://api-oc.klarna.com"),
            ("production", "", "https://api.klarna.com"),
        ] {
            let place_variables =
                [("KVITT_KLARNA_ENVIRONMENT", environment), ("KVITT_KLARNA_REGION", region)];
            let accounts = read("", &[&place_variables[..], &credentials].concat());
            assert_eq!(place(&accounts[0]), ("default", url));
            assert!(accounts[0].environment.is_some());
            assert!(!format!("{accounts:?}").contains("hidden"));
        }
    }

    #[test]
    fn the_region_follows_from_the_countries() {
        let account = |name: &str, rest: &str| {
            format!(
                "[[account]]\nname = \"{name}\"\nenvironment = \"playground\"\n\
                 api_key = \"klarna_test_api_x\"\n{rest}\n"
            )
        };
        let toml = [
            account("us", "countries = [\"US\", \"ca\"]"),
            account("au", "countries = [\"AU\"]"),
            account("mixed", "countries = [\"SE\", \"MX\"]\nregion = \"eu\""),
            account("rest", ""),
        ];
        let accounts = read(&toml.concat(), &[]);
        assert_eq!(
            accounts.iter().map(place).collect::<Vec<_>>(),
            [
                ("us", "https://api-na.playground.klarna.com"),
                ("au", "https://api-oc.playground.klarna.com"),
                ("mixed", "https://api.playground.klarna.com"),
                ("rest", "https://api.playground.klarna.com"),
            ]
        );
        assert_eq!(accounts[0].countries, [Country::US, Country::CA]);
    }

    #[test]
    fn secrets_come_from_variables_before_the_file() {
        let toml = "[[account]]\nname = \"us-1\"\nurl = \"https://sandbox.example\"\n\
                    username = \"of-file\"\npassword_file = \"no-such-file\"\n";
        let accounts = read(toml, &[("KVITT_ACCOUNT_US_1_PASSWORD", "of-variable")]);
        assert_eq!(format!("{:?}", accounts[0].credentials), "Credentials(username and password)");
        let accounts = read(
            "[[account]]\nname = \"us-1\"\nurl = \"https://sandbox.example\"\n",
            &[("KVITT_ACCOUNT_US_1_API_KEY", "of-variable")],
        );
        assert_eq!(format!("{:?}", accounts[0].credentials), "Credentials(API key)");
    }
}
