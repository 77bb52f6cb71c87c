//! Klarna accounts: credentials by name, and which market sells through which.

use std::collections::BTreeMap;
use std::sync::Arc;

use klarna::{BaseUrl, Client, Transport};
use kvitt_core::ExpiryPolicy;
use kvitt_money::Country;

use crate::{EngineError, Rate};

/// One set of Klarna credentials in one region and environment.
#[derive(Debug, Clone)]
pub struct Account {
    /// The name by which a sale remembers it.
    pub name: String,
    /// The client that speaks for it. Nobody gets it but with the account's budget before it.
    client: Client,
    /// The countries that sell through it; every country that no other account names, if empty.
    pub countries: Vec<Country>,
    /// What is done about authorizations that run out.
    pub expiry: ExpiryPolicy,
    /// How many calls a second Klarna takes from it.
    pub rate: Rate,
}

impl Account {
    /// An account that sells wherever no other does, without anything unusual.
    pub fn new(name: impl Into<String>, client: Client) -> Self {
        Self {
            name: name.into(),
            client,
            countries: Vec::new(),
            expiry: ExpiryPolicy::default(),
            rate: Rate::default(),
        }
    }

    /// Where Klarna is reached; none where its client has only a transport.
    pub fn base_url(&self) -> Option<&BaseUrl> {
        self.client.base_url()
    }

    pub(crate) fn behind<T: Transport + 'static>(
        &self,
        wrap: impl FnOnce(Arc<dyn Transport>) -> T,
    ) -> Client {
        self.client.through(wrap)
    }
}

/// All configured accounts.
#[derive(Debug, Clone, Default)]
pub struct Accounts {
    by_name: BTreeMap<String, Account>,
}

/// Accounts that cannot work together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AccountsError {
    /// Two accounts have one name.
    #[error("two accounts are named {0:?}: give each a name of its own")]
    SameName(String),
    /// Two accounts claim one country.
    #[error("accounts {first:?} and {second:?} both sell in {country}: leave it with one of them")]
    SameCountry {
        /// The country.
        country: &'static str,
        /// The first account.
        first: String,
        /// The second account.
        second: String,
    },
    /// Two accounts sell wherever no other does.
    #[error("accounts {first:?} and {second:?} both name no countries: only one can take the rest")]
    TwoDefaults {
        /// The first account.
        first: String,
        /// The second account.
        second: String,
    },
}

impl Accounts {
    /// These accounts, if every market leads to at most one of them.
    pub fn new(accounts: impl IntoIterator<Item = Account>) -> Result<Self, AccountsError> {
        let mut by_name: BTreeMap<String, Account> = BTreeMap::new();
        for account in accounts {
            for other in by_name.values() {
                let (first, second) = (other.name.clone(), account.name.clone());
                if other.countries.is_empty() && account.countries.is_empty() {
                    return Err(AccountsError::TwoDefaults { first, second });
                }
                if let Some(shared) =
                    other.countries.iter().find(|it| account.countries.contains(it))
                {
                    let country = shared.code();
                    return Err(AccountsError::SameCountry { country, first, second });
                }
            }
            let name = account.name.clone();
            if by_name.insert(name.clone(), account).is_some() {
                return Err(AccountsError::SameName(name));
            }
        }
        Ok(Self { by_name })
    }

    /// The account through which a country sells.
    pub fn route(&self, country: Country) -> Result<&Account, EngineError> {
        let names = |account: &&Account| account.countries.contains(&country);
        let rest = |account: &&Account| account.countries.is_empty();
        self.by_name
            .values()
            .find(names)
            .or_else(|| self.by_name.values().find(rest))
            .ok_or(EngineError::NoAccount { country: country.code() })
    }

    /// The account of this name. A sale keeps its own, whatever the routing says today.
    pub fn get(&self, name: &str) -> Result<&Account, EngineError> {
        self.by_name.get(name).ok_or_else(|| EngineError::AccountMissing { name: name.to_owned() })
    }

    /// Every account, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Account> {
        self.by_name.values()
    }
}
