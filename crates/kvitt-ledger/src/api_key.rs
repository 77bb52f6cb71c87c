//! Keys to the merchant API, as they are stored: hashed.

use std::fmt;

use jiff::Timestamp;
use kvitt_core::ApiKeyId;

/// A key to the merchant API. The key itself is never stored.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// The key's id, which is no credential.
    pub id: ApiKeyId,
    /// What the shop calls it.
    pub name: String,
    /// Digest of the key.
    pub hash: [u8; 32],
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was revoked; none while it opens doors.
    pub revoked_at: Option<Timestamp>,
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiKey")
            .field("id", &self.id)
            .field("name", &self.name)
            .field("created_at", &self.created_at)
            .field("revoked_at", &self.revoked_at)
            .finish_non_exhaustive()
    }
}
