//! Requests about webhooks that were taken.

use kvitt_core::Requester;
use sqlx::SqlitePool;
use sqlx::sqlite::SqliteConnection;

use crate::error::LedgerError;
use crate::sqlite::error::{driver, is_taken};
use crate::webhook::{WebhookRequest, rows};

/// The request under this key.
pub(super) async fn find(
    db: &SqlitePool,
    requester: Requester,
    key: &str,
) -> Result<Option<WebhookRequest>, LedgerError> {
    let row = sqlx::query(
        "SELECT request_hash, endpoint, at_us FROM webhook_request WHERE requester = ? AND key = ?",
    )
    .bind(requester.to_string())
    .bind(key)
    .fetch_optional(db)
    .await
    .map_err(driver)?;
    row.map(|row| rows::request(requester, key, &row)).transpose()
}

/// Takes a request, if its key is free.
pub(super) async fn take(
    db: &mut SqliteConnection,
    request: Option<&WebhookRequest>,
) -> Result<(), LedgerError> {
    let Some(request) = request else { return Ok(()) };
    sqlx::query(
        "INSERT INTO webhook_request (requester, key, request_hash, endpoint, at_us)
         VALUES (?, ?, ?, ?, ?)",
    )
    .bind(request.requester.to_string())
    .bind(&request.key)
    .bind(request.request_hash.as_slice())
    .bind(request.endpoint.to_string())
    .bind(request.at.as_microsecond())
    .execute(db)
    .await
    .map_err(|error| {
        if is_taken(&error) { LedgerError::IdempotencyKeyTaken } else { driver(error) }
    })?;
    Ok(())
}
