//! Keys to the merchant API.

use jiff::Timestamp;
use kvitt_core::ApiKeyId;

use super::connections::Connections;
use super::error::{Failed, driver, violated};
use super::row::storable;
use crate::api_key::ApiKey;
use crate::error::LedgerError;
use crate::rows;

/// The key with this digest.
pub(super) async fn by_hash(db: &Connections, hash: &[u8; 32]) -> Result<Option<ApiKey>, Failed> {
    let row = sqlx::query(
        "SELECT id, name, hash, created_at_us, revoked_at_us FROM api_key WHERE hash = $1",
    )
    .bind(hash.as_slice())
    .fetch_optional(db)
    .await
    .map_err(driver)?;
    Ok(row.as_ref().map(rows::api_key).transpose()?)
}

/// All keys, oldest first.
pub(super) async fn all(db: &Connections) -> Result<Vec<ApiKey>, Failed> {
    let rows = sqlx::query(
        "SELECT id, name, hash, created_at_us, revoked_at_us FROM api_key
         ORDER BY created_at_us, id",
    )
    .fetch_all(db)
    .await
    .map_err(driver)?;
    Ok(rows.iter().map(rows::api_key).collect::<Result<_, _>>()?)
}

/// Stores a key.
pub(super) async fn insert(db: &Connections, key: &ApiKey) -> Result<(), Failed> {
    sqlx::query(
        "INSERT INTO api_key (id, name, hash, created_at_us, revoked_at_us)
         VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(key.id.0)
    .bind(storable(&key.name))
    .bind(key.hash.as_slice())
    .bind(key.created_at.as_microsecond())
    .bind(key.revoked_at.map(Timestamp::as_microsecond))
    .execute(db)
    .await
    .map_err(|error| match violated(&error) {
        Some(_) => LedgerError::ApiKeyExists.into(),
        None => driver(error),
    })?;
    Ok(())
}

/// Revokes a key.
pub(super) async fn revoke(db: &Connections, id: ApiKeyId, at: Timestamp) -> Result<bool, Failed> {
    let done =
        sqlx::query("UPDATE api_key SET revoked_at_us = coalesce(revoked_at_us, $1) WHERE id = $2")
            .bind(at.as_microsecond())
            .bind(id.0)
            .execute(db)
            .await
            .map_err(driver)?;
    Ok(done.rows_affected() == 1)
}
