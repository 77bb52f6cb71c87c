//! Keys that were just looked up: a shop comes with the same one again and again.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use kvitt_core::ApiKeyId;
use kvitt_ledger::{ApiKey, Ledger, LedgerError};

use super::find;

/// How long a key that was revoked meanwhile may still open the door. Short enough to be no
/// difference to who revokes it, and long enough to spare a busy shop's requests a question to the
/// database each.
pub const REVOKED_WITHIN: Duration = Duration::from_secs(1);

/// How many keys are remembered.
const KEYS_MAX: usize = 4_096;

/// A key's digest, and until when it needs no look at the ledger.
type Remembered = HashMap<[u8; 32], (ApiKeyId, Instant)>;

/// The keys that were good a moment ago. What is not, is looked up each time: a key that was just
/// made works at once.
#[derive(Default)]
pub(crate) struct KnownKeys(Mutex<Remembered>);

/// What came of looking for a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    /// Whose it is.
    Good(ApiKeyId),
    /// It was revoked.
    Revoked,
    /// There is no such key.
    Unknown,
}

impl KnownKeys {
    /// What a text is good for, asked now.
    pub(crate) async fn find(
        &self,
        ledger: &dyn Ledger,
        key: &str,
        asked_at: Instant,
    ) -> Result<Found, LedgerError> {
        let digest = super::hash(key);
        if let Some(id) = self.remembered(&digest, asked_at) {
            return Ok(Found::Good(id));
        }
        Ok(match find(ledger, &digest).await? {
            None => Found::Unknown,
            Some(ApiKey { revoked_at: Some(_), .. }) => Found::Revoked,
            Some(ApiKey { id, .. }) => {
                self.remember(digest, id, asked_at);
                Found::Good(id)
            }
        })
    }

    fn remembered(&self, digest: &[u8; 32], at: Instant) -> Option<ApiKeyId> {
        self.keys().get(digest).filter(|(_, until)| at < *until).map(|(id, _)| *id)
    }

    /// Remembers it from when the ledger was asked: what it answered may be as old as that.
    fn remember(&self, digest: [u8; 32], id: ApiKeyId, asked_at: Instant) {
        let mut keys = self.keys();
        if keys.len() >= KEYS_MAX {
            keys.retain(|_, (_, until)| asked_at < *until);
        }
        if keys.len() < KEYS_MAX {
            keys.insert(digest, (id, asked_at + REVOKED_WITHIN));
        }
    }

    fn keys(&self) -> MutexGuard<'_, Remembered> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use kvitt_engine::{IdSource as _, RandomIds};
    use secrecy::ExposeSecret;
    use tempfile::TempDir;

    use super::*;
    use crate::api_keys::create;

    async fn ledger() -> (TempDir, std::sync::Arc<dyn Ledger>) {
        let dir = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", dir.path().join("kvitt.db").display());
        let ledger = kvitt_ledger::open(&url).await.unwrap();
        (dir, ledger)
    }

    #[tokio::test]
    async fn a_key_is_good_until_a_moment_after_it_was_revoked() {
        let (_dir, ledger) = ledger().await;
        let keys = KnownKeys::default();
        let now = Instant::now();
        let asked = async |key: &str, at| keys.find(&*ledger, key, at).await.unwrap();
        assert_eq!(asked("kvitt_x", now).await, Found::Unknown);
        let (made, key) =
            create(&*ledger, &RandomIds, "shop", Timestamp::UNIX_EPOCH).await.unwrap();
        let key = key.expose_secret();
        assert_eq!(asked(key, now).await, Found::Good(made.id));

        assert!(ledger.revoke_api_key(made.id, Timestamp::UNIX_EPOCH).await.unwrap());
        let late = now + REVOKED_WITHIN;
        assert_eq!(asked(key, now + REVOKED_WITHIN / 2).await, Found::Good(made.id));
        assert_eq!(asked(key, late).await, Found::Revoked);
        assert_eq!(asked(key, late).await, Found::Revoked);
    }

    #[tokio::test]
    async fn no_more_keys_are_remembered_than_there_is_room_for() {
        let keys = KnownKeys::default();
        let now = Instant::now();
        let digest = |number: usize| {
            let mut digest = [0; 32];
            digest[..8].copy_from_slice(&number.to_be_bytes());
            digest
        };
        let id = ApiKeyId(RandomIds.id(Timestamp::UNIX_EPOCH));
        for number in 0..=KEYS_MAX {
            keys.remember(digest(number), id, now);
        }
        assert_eq!(keys.0.lock().unwrap().len(), KEYS_MAX);
        assert_eq!(keys.remembered(&digest(KEYS_MAX), now), None);
        let later = now + REVOKED_WITHIN;
        keys.remember(digest(KEYS_MAX), id, later);
        assert_eq!(keys.0.lock().unwrap().len(), 1);
        assert_eq!(keys.remembered(&digest(KEYS_MAX), later), Some(id));
    }
}
