//! Keys to the merchant API.

use jiff::Timestamp;
use kvitt_core::ApiKeyId;
use rusqlite::{Connection, params};

use super::readers::Readers;
use super::statement::{execute, find, insert, list};
use super::writer::Write;
use crate::api_key::ApiKey;
use crate::error::LedgerError;
use crate::rows;

/// The key with this digest.
pub(super) async fn by_hash(
    readers: &Readers,
    hash: &[u8; 32],
) -> Result<Option<ApiKey>, LedgerError> {
    let sql = "SELECT id, name, hash, created_at_us, revoked_at_us FROM api_key WHERE hash = ?";
    let hash = *hash;
    readers.read_by_key(move |db| find(db, sql, [hash], |row| rows::api_key(row))).await
}

/// All keys, oldest first.
pub(super) async fn all(readers: &Readers) -> Result<Vec<ApiKey>, LedgerError> {
    let sql = "SELECT id, name, hash, created_at_us, revoked_at_us FROM api_key
         ORDER BY created_at_us, id";
    readers.read(|db| list(db, sql, [], |row| rows::api_key(row))).await
}

/// Stores a key.
pub(super) struct InsertApiKey {
    pub(super) key: ApiKey,
}

impl Write for InsertApiKey {
    type Output = ();

    fn apply(&mut self, db: &Connection) -> Result<(), LedgerError> {
        let ApiKey { id, name, hash, created_at, revoked_at } = &self.key;
        insert(
            db,
            "INSERT INTO api_key (id, name, hash, created_at_us, revoked_at_us)
             VALUES (?, ?, ?, ?, ?)",
            params![
                id.to_string(),
                name,
                hash,
                created_at.as_microsecond(),
                revoked_at.map(Timestamp::as_microsecond),
            ],
            LedgerError::ApiKeyExists,
        )
    }
}

/// Revokes a key.
pub(super) struct RevokeApiKey {
    pub(super) id: ApiKeyId,
    pub(super) at: Timestamp,
}

impl Write for RevokeApiKey {
    type Output = bool;

    fn apply(&mut self, db: &Connection) -> Result<bool, LedgerError> {
        let sql = "UPDATE api_key SET revoked_at_us = coalesce(revoked_at_us, ?) WHERE id = ?";
        let rows = execute(db, sql, params![self.at.as_microsecond(), self.id.to_string()])?;
        Ok(rows == 1)
    }
}
