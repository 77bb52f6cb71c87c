//! Passwords: what may be one, how it is hashed, and whether one is right.
//!
//! Unlike an API key a password can be guessed, so its hash is slow: Argon2id with the parameters
//! that OWASP's password storage cheat sheet names first (19 MiB, two passes, one lane).

use std::fmt;

use argon2::password_hash::{Error as HashError, PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use kvitt_engine::IdSource;
use kvitt_ledger::PasswordHash;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;

/// Fewest characters of a password (NIST SP 800-63B asks for at least eight, and for more where
/// nothing else is asked for).
const CHARACTERS_MIN: usize = 12;
/// Most bytes of a password.
const BYTES_MAX: usize = 1024;

const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// How many hashes are worked out at once in this process: each takes a core and 19 MiB, and
/// nobody who is not signed in shall take more than two of them from those who are.
static AT_ONCE: Semaphore = Semaphore::const_new(2);

/// What is compared where there is no such user, so that the answer takes as long as for one that
/// there is. No password is known that has this hash.
const NOBODYS: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$\
                       AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// A text that may be a password. It prints nothing.
#[derive(Clone)]
pub struct Password(SecretString);

/// Why a text may not be a password. The text itself is not told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadPassword {
    /// It is quickly guessed.
    #[error(
        "the password has {characters} characters, which are soon guessed: take at least \
         {CHARACTERS_MIN}, such as four words that do not belong together"
    )]
    TooShort {
        /// How many characters it has.
        characters: usize,
    },
    /// It is longer than anything that is typed or kept by a password manager.
    #[error("the password has {bytes} bytes: take at most {BYTES_MAX}")]
    TooLong {
        /// How many bytes it has.
        bytes: usize,
    },
}

impl Password {
    /// The text, if it may be a password. Any characters may stand in it.
    pub fn new(text: SecretString) -> Result<Self, BadPassword> {
        let exposed = text.expose_secret();
        let (characters, bytes) = (exposed.chars().count(), exposed.len());
        if characters < CHARACTERS_MIN {
            return Err(BadPassword::TooShort { characters });
        }
        if bytes > BYTES_MAX {
            return Err(BadPassword::TooLong { bytes });
        }
        Ok(Self(text))
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// The hash of a password could not be worked out or read. What it says holds nothing of either.
#[derive(Debug, thiserror::Error)]
#[error("the password's hash cannot be worked out: {0}")]
pub struct HashingFailed(String);

/// Hashes a password with a salt of its own.
pub(crate) async fn hash(
    ids: &dyn IdSource,
    password: &Password,
) -> Result<PasswordHash, HashingFailed> {
    // A secret is longer than a salt may be; half of its digest is as random as a salt has to be.
    let salt = Sha256::digest(ids.secret().expose_secret());
    let salt: Vec<u8> = salt.into_iter().take(16).collect();
    let password = password.0.clone();
    let hashed = apart(move || {
        argon2()?.hash_password_with_salt(password.expose_secret().as_bytes(), &salt)
    });
    Ok(PasswordHash::new(hashed.await?.map_err(failed)?.to_string()))
}

/// Whether this is the password of which the hash is stored. Without a hash it is not, and takes
/// as long to find out.
pub(crate) async fn is_right(
    password: SecretString,
    stored: Option<&PasswordHash>,
) -> Result<bool, HashingFailed> {
    let phc = stored.map_or(NOBODYS, PasswordHash::expose).to_owned();
    let compared =
        apart(move || argon2()?.verify_password(password.expose_secret().as_bytes(), phc.as_str()));
    match compared.await? {
        Ok(()) => Ok(stored.is_some()),
        Err(HashError::PasswordInvalid) => Ok(false),
        Err(error) => Err(failed(error)),
    }
}

fn argon2() -> Result<Argon2<'static>, HashError> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// Works something out where it holds up nobody, with few others at the same time.
async fn apart<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, HashingFailed> {
    let place = AT_ONCE.acquire().await.map_err(failed)?;
    // The place is held until the work is done, even where nobody waits for it any more.
    let working = tokio::task::spawn_blocking(move || {
        let done = work();
        drop(place);
        done
    });
    working.await.map_err(failed)
}

fn failed(error: impl fmt::Display) -> HashingFailed {
    HashingFailed(error.to_string())
}

#[cfg(test)]
mod tests {
    use kvitt_engine::RandomIds;

    use super::*;

    fn password(text: &str) -> Password {
        Password::new(text.to_owned().into()).unwrap()
    }

    #[test]
    fn characters_are_counted_below_and_bytes_above() {
        let refused = |text: String| Password::new(text.into()).map(|_| ()).unwrap_err();
        assert_eq!(refused("å".repeat(11)), BadPassword::TooShort { characters: 11 });
        assert_eq!(refused("x".repeat(1025)), BadPassword::TooLong { bytes: 1025 });
        for fine in ["å".repeat(12), "å".repeat(512), " ".repeat(1024)] {
            assert!(Password::new(fine.into()).is_ok());
        }
        let printed = format!("{:?}", password("correct horse battery"));
        assert!(!printed.contains("horse"), "{printed}");
    }

    #[tokio::test]
    async fn only_the_password_itself_is_right() {
        let hash = hash(&RandomIds, &password("correct horse battery")).await.unwrap();
        assert!(hash.expose().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", hash.expose());
        let is_right = |text: &str| is_right(text.to_owned().into(), Some(&hash));
        assert!(is_right("correct horse battery").await.unwrap());
        for wrong in ["correct horse batterx", "correct horse battery ", ""] {
            assert!(!is_right(wrong).await.unwrap(), "{wrong:?}");
        }
        let again = super::hash(&RandomIds, &password("correct horse battery")).await.unwrap();
        assert_ne!(again, hash, "each has a salt of its own");
    }

    /// What the reference implementation makes of it (argon2-cffi) with `saltsaltsaltsalt`.
    #[tokio::test]
    async fn a_hash_of_another_make_is_understood() {
        let theirs = PasswordHash::new(
            "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$iPOQ5f2O21FsjnBvo1AiFcDuSXciCnKUrXFO+yfgNoM",
        );
        let right = is_right("correct horse battery".to_owned().into(), Some(&theirs)).await;
        assert!(right.unwrap());
    }

    #[tokio::test]
    async fn a_hash_that_is_none_is_an_error_and_not_told() {
        let broken = PasswordHash::new("$argon2id$v=19$broken-hash-of-somebody");
        let error = is_right("x".to_owned().into(), Some(&broken)).await.unwrap_err();
        assert!(!error.to_string().contains("somebody"), "{error}");
    }

    /// A text that were refused at once, or worked out with less effort, would give away which
    /// names there are.
    #[tokio::test]
    async fn nobody_takes_as_much_work_as_somebody() {
        let effort = |phc: &str| phc.split('$').take(4).collect::<Vec<_>>().join("$");
        let hash = hash(&RandomIds, &password("correct horse battery")).await.unwrap();
        assert_eq!(effort(NOBODYS), effort(hash.expose()));
        assert_eq!(NOBODYS.len(), hash.expose().len());
        assert!(!is_right("correct horse battery".to_owned().into(), None).await.unwrap());
    }
}
