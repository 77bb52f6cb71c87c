//! Keys to the merchant API.

use async_trait::async_trait;
use jiff::Timestamp;
use kvitt_core::ApiKeyId;
use sqlx::SqlitePool;
use sqlx::sqlite::SqliteConnection;

use super::error::{driver, is_taken};
use super::writer::Write;
use crate::api_key::ApiKey;
use crate::error::LedgerError;
use crate::rows;

/// The key with this digest.
pub(super) async fn by_hash(
    db: &SqlitePool,
    hash: &[u8; 32],
) -> Result<Option<ApiKey>, LedgerError> {
    let row = sqlx::query(
        "SELECT id, name, hash, created_at_us, revoked_at_us FROM api_key WHERE hash = ?",
    )
    .bind(hash.as_slice())
    .fetch_optional(db)
    .await
    .map_err(driver)?;
    row.as_ref().map(rows::api_key).transpose()
}

/// All keys, oldest first.
pub(super) async fn all(db: &SqlitePool) -> Result<Vec<ApiKey>, LedgerError> {
    let rows = sqlx::query(
        "SELECT id, name, hash, created_at_us, revoked_at_us FROM api_key
         ORDER BY created_at_us, id",
    )
    .fetch_all(db)
    .await
    .map_err(driver)?;
    rows.iter().map(rows::api_key).collect()
}

/// Stores a key.
pub(super) struct InsertApiKey {
    pub(super) key: ApiKey,
}

#[async_trait]
impl Write for InsertApiKey {
    type Output = ();

    async fn apply(&mut self, db: &mut SqliteConnection) -> Result<(), LedgerError> {
        sqlx::query(
            "INSERT INTO api_key (id, name, hash, created_at_us, revoked_at_us)
             VALUES (?, ?, ?, ?, ?)",
        )
        .bind(self.key.id.to_string())
        .bind(&self.key.name)
        .bind(self.key.hash.as_slice())
        .bind(self.key.created_at.as_microsecond())
        .bind(self.key.revoked_at.map(Timestamp::as_microsecond))
        .execute(db)
        .await
        .map_err(|error| {
            if is_taken(&error) { LedgerError::ApiKeyExists } else { driver(error) }
        })?;
        Ok(())
    }
}

/// Revokes a key.
pub(super) struct RevokeApiKey {
    pub(super) id: ApiKeyId,
    pub(super) at: Timestamp,
}

#[async_trait]
impl Write for RevokeApiKey {
    type Output = bool;

    async fn apply(&mut self, db: &mut SqliteConnection) -> Result<bool, LedgerError> {
        let done = sqlx::query(
            "UPDATE api_key SET revoked_at_us = coalesce(revoked_at_us, ?) WHERE id = ?",
        )
        .bind(self.at.as_microsecond())
        .bind(self.id.to_string())
        .execute(db)
        .await
        .map_err(driver)?;
        Ok(done.rows_affected() == 1)
    }
}
