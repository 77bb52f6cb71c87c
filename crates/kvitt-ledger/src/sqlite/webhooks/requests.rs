//! Requests about webhooks that were taken.

use kvitt_core::Requester;
use rusqlite::{Connection, params};

use crate::error::LedgerError;
use crate::sqlite::readers::Readers;
use crate::sqlite::statement::{find, insert};
use crate::webhook::{WebhookRequest, rows};

/// The request under this key.
pub(super) async fn of_key(
    readers: &Readers,
    requester: Requester,
    key: &str,
) -> Result<Option<WebhookRequest>, LedgerError> {
    let sql =
        "SELECT request_hash, endpoint, at_us FROM webhook_request WHERE requester = ? AND key = ?";
    let key = key.to_owned();
    let read = move |db: &Connection| {
        let values = params![requester.to_string(), key];
        find(db, sql, values, |row| rows::request(requester, &key, row))
    };
    readers.read(read).await
}

/// Takes a request, if its key is free.
pub(super) fn take(db: &Connection, request: Option<&WebhookRequest>) -> Result<(), LedgerError> {
    let Some(request) = request else { return Ok(()) };
    insert(
        db,
        "INSERT INTO webhook_request (requester, key, request_hash, endpoint, at_us)
         VALUES (?, ?, ?, ?, ?)",
        params![
            request.requester.to_string(),
            request.key,
            request.request_hash,
            request.endpoint.to_string(),
            request.at.as_microsecond(),
        ],
        LedgerError::IdempotencyKeyTaken,
    )
}
