//! Endpoints.

use jiff::Timestamp;
use kvitt_core::WebhookEndpointId;
use rusqlite::{Connection, params};
use secrecy::ExposeSecret;

use super::requests;
use crate::error::LedgerError;
use crate::row::{json, number};
use crate::sqlite::readers::Readers;
use crate::sqlite::row::now_us;
use crate::sqlite::statement::{execute, find, list};
use crate::sqlite::writer::Write;
use crate::webhook::rows::{self, endpoint_columns};
use crate::webhook::{FeedSpan, WebhookEndpoint, WebhookRequest};

/// All endpoints, oldest first.
pub(super) async fn all(readers: &Readers) -> Result<Vec<WebhookEndpoint>, LedgerError> {
    let sql = concat!(
        "SELECT ",
        endpoint_columns!(),
        " FROM webhook_endpoint ORDER BY created_at_us, id",
    );
    readers.read(|db| list(db, sql, [], |row| rows::endpoint(row))).await
}

/// One endpoint.
pub(super) async fn one(
    readers: &Readers,
    id: WebhookEndpointId,
) -> Result<Option<WebhookEndpoint>, LedgerError> {
    let sql = concat!("SELECT ", endpoint_columns!(), " FROM webhook_endpoint WHERE id = ?");
    readers.read(move |db| find(db, sql, [id.to_string()], |row| rows::endpoint(row))).await
}

/// Stores an endpoint.
pub(super) struct Insert {
    pub(super) endpoint: WebhookEndpoint,
    pub(super) request: Option<WebhookRequest>,
}

impl Write for Insert {
    type Output = ();

    fn apply(&mut self, db: &Connection) -> Result<(), LedgerError> {
        requests::take(db, self.request.as_ref())?;
        let it = &self.endpoint;
        execute(
            db,
            "INSERT INTO webhook_endpoint (id, revision, url, description, events, secret,
                 created_at_us, enabled_at_us, position)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            params![
                it.id.to_string(),
                number("revision", it.revision)?,
                it.url,
                it.description,
                json("events", &it.events)?,
                it.secret.expose_secret(),
                it.created_at.as_microsecond(),
                it.enabled_at.as_microsecond(),
                number("position", it.position)?,
            ],
        )?;
        Ok(())
    }
}

/// Stores what was changed of an endpoint.
pub(super) struct Update {
    pub(super) endpoint: WebhookEndpoint,
    pub(super) request: Option<WebhookRequest>,
    pub(super) wake: bool,
}

impl Write for Update {
    type Output = bool;

    fn apply(&mut self, db: &Connection) -> Result<bool, LedgerError> {
        let it = &self.endpoint;
        let (previous, until) = it.previous_secret.as_ref().map(|(old, at)| (old, *at)).unzip();
        let (after, until_position) = it.again.map(|span| (span.after, span.until)).unzip();
        let position =
            |position: Option<u64>| position.map(|position| number("again", position)).transpose();
        let rows = execute(
            db,
            "UPDATE webhook_endpoint SET revision = revision + 1, url = ?, description = ?,
                 events = ?, secret = ?, previous_secret = ?, previous_until_us = ?,
                 enabled_at_us = ?, disabled_at_us = ?, disabled_reason = ?, again_position = ?,
                 again_until = ?
             WHERE id = ? AND revision = ?",
            params![
                it.url,
                it.description,
                json("events", &it.events)?,
                it.secret.expose_secret(),
                previous.map(ExposeSecret::expose_secret),
                until.map(Timestamp::as_microsecond),
                it.enabled_at.as_microsecond(),
                it.disabled.as_ref().map(|disabled| disabled.at.as_microsecond()),
                it.disabled.as_ref().map(|disabled| disabled.reason.as_str()),
                position(after)?,
                position(until_position)?,
                it.id.to_string(),
                number("revision", it.revision)?,
            ],
        )?;
        if rows != 1 {
            return Ok(false);
        }
        requests::take(db, self.request.as_ref())?;
        if self.wake {
            let wake = concat!(
                "UPDATE webhook_queue SET due_at_us = ",
                now_us!(),
                " WHERE endpoint = ? AND claim IS NULL",
            );
            execute(db, wake, [it.id.to_string()])?;
        }
        Ok(true)
    }
}

/// Forgets an endpoint. Its messages stay as a record of what was sent.
pub(super) struct Delete {
    pub(super) id: WebhookEndpointId,
}

impl Write for Delete {
    type Output = bool;

    /// The secret shall be gone from the log as well.
    const SCRUB: bool = true;

    fn apply(&mut self, db: &Connection) -> Result<bool, LedgerError> {
        let id = self.id.to_string();
        let rows = execute(db, "DELETE FROM webhook_endpoint WHERE id = ?", [&id])?;
        execute(db, "DELETE FROM webhook_queue WHERE endpoint = ?", [&id])?;
        Ok(rows == 1)
    }
}

/// Notes a delivery.
pub(super) struct Touch {
    pub(super) id: WebhookEndpointId,
    pub(super) at: Timestamp,
}

impl Write for Touch {
    type Output = ();

    fn apply(&mut self, db: &Connection) -> Result<(), LedgerError> {
        let sql = "UPDATE webhook_endpoint
             SET delivered_at_us = max(?1, coalesce(delivered_at_us, ?1)) WHERE id = ?2";
        execute(db, sql, params![self.at.as_microsecond(), self.id.to_string()]).map(drop)
    }
}

/// Moves an endpoint on in the feed.
pub(super) struct MovePosition {
    pub(super) id: WebhookEndpointId,
    pub(super) from: u64,
    pub(super) to: u64,
}

impl Write for MovePosition {
    type Output = ();

    fn apply(&mut self, db: &Connection) -> Result<(), LedgerError> {
        let (from, to) = (number("position", self.from)?, number("position", self.to)?);
        let sql = "UPDATE webhook_endpoint SET position = ? WHERE id = ? AND position = ?";
        execute(db, sql, params![to, self.id.to_string(), from]).map(drop)
    }
}

/// Moves what is being queued once more.
pub(super) struct MoveAgain {
    pub(super) id: WebhookEndpointId,
    pub(super) from: FeedSpan,
    pub(super) to: Option<FeedSpan>,
}

impl Write for MoveAgain {
    type Output = ();

    fn apply(&mut self, db: &Connection) -> Result<(), LedgerError> {
        let position = |position: u64| number("again", position);
        execute(
            db,
            "UPDATE webhook_endpoint SET revision = revision + 1, again_position = ?,
                 again_until = ?
             WHERE id = ? AND again_position = ? AND again_until = ?",
            params![
                self.to.map(|to| position(to.after)).transpose()?,
                self.to.map(|to| position(to.until)).transpose()?,
                self.id.to_string(),
                position(self.from.after)?,
                position(self.from.until)?,
            ],
        )?;
        Ok(())
    }
}
