//! Requests about webhooks that were taken.

use kvitt_core::Requester;
use sqlx::PgConnection;

use crate::error::LedgerError;
use crate::postgres::connections::Connections;
use crate::postgres::error::{Failed, driver, violated};
use crate::postgres::row::is_storable;
use crate::webhook::{WebhookRequest, rows};

/// The request under this key.
pub(super) async fn find(
    db: &Connections,
    requester: Requester,
    key: &str,
) -> Result<Option<WebhookRequest>, Failed> {
    if !is_storable(key) {
        return Ok(None);
    }
    let row = sqlx::query(
        "SELECT request_hash, endpoint, at_us FROM webhook_request
         WHERE requester = $1 AND key = $2",
    )
    .bind(requester.to_string())
    .bind(key)
    .fetch_optional(db)
    .await
    .map_err(driver)?;
    Ok(row.map(|row| rows::request(requester, key, &row)).transpose()?)
}

/// Takes a request, if its key is free.
pub(super) async fn take(
    db: &mut PgConnection,
    request: Option<&WebhookRequest>,
) -> Result<(), Failed> {
    let Some(request) = request else { return Ok(()) };
    if !is_storable(&request.key) {
        let what = "request.key holds a NUL character".to_owned();
        return Err(LedgerError::InvalidAppend { what }.into());
    }
    sqlx::query(
        "INSERT INTO webhook_request (requester, key, request_hash, endpoint, at_us)
         VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(request.requester.to_string())
    .bind(&request.key)
    .bind(request.request_hash.as_slice())
    .bind(request.endpoint.0)
    .bind(request.at.as_microsecond())
    .execute(db)
    .await
    .map_err(|error| match violated(&error) {
        Some(_) => LedgerError::IdempotencyKeyTaken.into(),
        None => driver(error),
    })?;
    Ok(())
}
