//! Who signs in to the dashboard, and their sessions, as they are stored: hashed.

use std::fmt;

use jiff::Timestamp;
use kvitt_core::UserId;

/// Somebody who may sign in to the dashboard. The password itself is never stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The user's id, which is no credential.
    pub id: UserId,
    /// What the user signs in with, unique without regard to the case of ASCII letters. It stays
    /// taken after the user is revoked, so that a name means one person for good.
    pub name: String,
    /// Hash of the password.
    pub password_hash: PasswordHash,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was revoked; none while it may sign in.
    pub revoked_at: Option<Timestamp>,
}

/// A slow hash of a password with its salt and parameters, as a PHC string
/// (`$argon2id$v=19$…`). It prints nothing: who has it can try passwords at leisure.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// A hash that is written like this. What it is worth shows when it is compared.
    pub fn new(phc: impl Into<String>) -> Self {
        Self(phc.into())
    }

    /// The hash as it is written.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

/// Digest of the token that a signed-in browser holds. The token itself is never stored. It
/// prints nothing.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SessionDigest(pub [u8; 32]);

impl fmt::Debug for SessionDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionDigest(…)")
    }
}
