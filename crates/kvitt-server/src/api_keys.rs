//! API keys: made once, shown once, stored as a digest.
//!
//! A key has 256 random bits, so that a plain digest is enough: there is nothing to guess, and
//! nothing that a slow hash would protect.

mod known;

use jiff::Timestamp;
use kvitt_core::ApiKeyId;
use kvitt_engine::IdSource;
use kvitt_ledger::{ApiKey, Ledger, LedgerError};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

pub use self::known::REVOKED_WITHIN;
pub(crate) use self::known::{Found, KnownKeys};

/// What every key begins with, so that a leaked one is recognised.
const PREFIX: &str = "kvitt_";

/// Makes a key to the merchant API and stores its digest. The key itself is in the answer and
/// nowhere else: show it once.
pub async fn create(
    ledger: &dyn Ledger,
    ids: &dyn IdSource,
    name: &str,
    at: Timestamp,
) -> Result<(ApiKey, SecretString), LedgerError> {
    let id = ApiKeyId(ids.id(at));
    let secret = ids.secret();
    let key =
        SecretString::from(format!("{PREFIX}{}_{}", id.0.as_simple(), secret.expose_secret()));
    let stored = ApiKey {
        id,
        name: name.to_owned(),
        hash: hash(key.expose_secret()),
        created_at: at,
        revoked_at: None,
    };
    ledger.insert_api_key(&stored).await?;
    Ok((stored, key))
}

/// The digest under which a key is stored: SHA-256 of the whole key.
pub fn hash(key: &str) -> [u8; 32] {
    Sha256::digest(key.as_bytes()).into()
}

/// The stored key of this digest, whether it is revoked or not.
async fn find(ledger: &dyn Ledger, digest: &[u8; 32]) -> Result<Option<ApiKey>, LedgerError> {
    let stored = ledger.api_key_by_hash(digest).await?;
    // The lookup found it by its digest; the comparison does not rely on how it did.
    Ok(stored.filter(|stored| bool::from(stored.hash.ct_eq(digest))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_of_the_whole_key() {
        // printf kvitt_key | sha256sum
        assert_eq!(hash("kvitt_key")[..4], [0xbd, 0x75, 0x75, 0x40]);
        assert_ne!(hash("kvitt_key"), hash("kvitt_kez"));
        assert_ne!(hash("kvitt_key"), hash("key"));
    }
}
