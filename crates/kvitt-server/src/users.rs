//! Users of the dashboard: made, and given passwords, by whoever can open the database.

use std::str::FromStr;

use jiff::Timestamp;
use kvitt_core::UserId;
use kvitt_engine::IdSource;
use kvitt_ledger::{Ledger, LedgerError, User};

use crate::passwords;
pub use crate::passwords::{BadPassword, HashingFailed, Password};

/// Most characters in a user's name.
const NAME_LENGTH_MAX: usize = 100;

/// A text that may be a user's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserName(String);

/// Why a text may not be a user's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadName {
    /// It is empty or too long.
    #[error("the name has {characters} characters: use 1 to {NAME_LENGTH_MAX}")]
    Length {
        /// How many characters it has.
        characters: usize,
    },
    /// It holds what cannot be seen.
    #[error("the name {name:?} has blanks around it or control characters in it: leave them out")]
    Unseen {
        /// The name.
        name: String,
    },
}

impl UserName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for UserName {
    type Err = BadName;

    fn from_str(name: &str) -> Result<Self, BadName> {
        let characters = name.chars().count();
        if !(1..=NAME_LENGTH_MAX).contains(&characters) {
            return Err(BadName::Length { characters });
        }
        if name.trim() != name || name.contains(char::is_control) {
            return Err(BadName::Unseen { name: name.to_owned() });
        }
        Ok(Self(name.to_owned()))
    }
}

/// Why a user was not made or changed.
#[derive(Debug, thiserror::Error)]
pub enum UsersError {
    /// The ledger refused, or cannot be asked.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The password could not be hashed.
    #[error(transparent)]
    Hashing(#[from] HashingFailed),
}

/// Makes a user who may sign in to the dashboard.
pub async fn create(
    ledger: &dyn Ledger,
    ids: &dyn IdSource,
    name: &UserName,
    password: &Password,
    at: Timestamp,
) -> Result<User, UsersError> {
    let user = User {
        id: UserId(ids.id(at)),
        name: name.as_str().to_owned(),
        password_hash: passwords::hash(ids, password).await?,
        created_at: at,
        revoked_at: None,
    };
    ledger.insert_user(&user).await?;
    Ok(user)
}

/// Gives a user another password and ends all its sessions; `false` where the user is not known.
pub async fn set_password(
    ledger: &dyn Ledger,
    ids: &dyn IdSource,
    user: UserId,
    password: &Password,
) -> Result<bool, UsersError> {
    let password_hash = passwords::hash(ids, password).await?;
    Ok(ledger.set_password(user, &password_hash).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_can_be_seen_and_is_not_long() {
        for fine in ["a", "Åsa Öberg", "asa@example.com", &"å".repeat(100)] {
            assert_eq!(fine.parse::<UserName>().unwrap().as_str(), fine);
        }
        for (bad, characters) in [("", 0), (&*"å".repeat(101), 101)] {
            assert_eq!(bad.parse::<UserName>(), Err(BadName::Length { characters }));
        }
        for bad in [" asa", "asa ", "asa\n", "a\tsa", "a\u{1b}[2Jsa", "\u{a0}asa", " "] {
            let error = bad.parse::<UserName>().unwrap_err();
            assert!(matches!(error, BadName::Unseen { .. }), "{bad:?}: {error}");
            assert!(!error.to_string().contains('\u{1b}'), "{error}");
        }
    }
}
