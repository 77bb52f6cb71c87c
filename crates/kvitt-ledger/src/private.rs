//! Personal data and secrets: apart from events, keyed by the sale, so that they can be erased
//! while the books stay.

use std::collections::BTreeMap;

use secrecy::SecretString;

/// A change to what a sale keeps in private. A value that is there is replaced; removing what is
/// not there changes nothing.
#[derive(Debug, Clone)]
pub enum PrivateChange {
    /// Keep personal data under a name.
    SetPersonal {
        /// The name.
        name: String,
        /// The data.
        value: SecretString,
    },
    /// Keep a secret under a name. It outlives the personal data.
    SetSecret {
        /// The name.
        name: String,
        /// The secret.
        value: SecretString,
    },
    /// Drop personal data.
    RemovePersonal {
        /// The name.
        name: String,
    },
    /// Drop a secret.
    RemoveSecret {
        /// The name.
        name: String,
    },
}

/// What a sale keeps in private. It prints names only.
#[derive(Debug, Clone, Default)]
pub struct Private {
    pub(crate) personal: BTreeMap<String, SecretString>,
    pub(crate) secrets: BTreeMap<String, SecretString>,
}

impl Private {
    /// The personal data under this name.
    pub fn personal(&self, name: &str) -> Option<&SecretString> {
        self.personal.get(name)
    }

    /// The secret under this name.
    pub fn secret(&self, name: &str) -> Option<&SecretString> {
        self.secrets.get(name)
    }

    /// What it is after these changes.
    #[must_use]
    pub fn after(mut self, changes: &[PrivateChange]) -> Self {
        for change in changes {
            match change {
                PrivateChange::SetPersonal { name, value } => {
                    self.personal.insert(name.clone(), value.clone());
                }
                PrivateChange::SetSecret { name, value } => {
                    self.secrets.insert(name.clone(), value.clone());
                }
                PrivateChange::RemovePersonal { name } => {
                    self.personal.remove(name);
                }
                PrivateChange::RemoveSecret { name } => {
                    self.secrets.remove(name);
                }
            }
        }
        self
    }

    /// The names under which there is personal data, sorted.
    pub fn personal_names(&self) -> impl Iterator<Item = &str> {
        self.personal.keys().map(String::as_str)
    }

    /// The names under which there are secrets, sorted.
    pub fn secret_names(&self) -> impl Iterator<Item = &str> {
        self.secrets.keys().map(String::as_str)
    }
}
