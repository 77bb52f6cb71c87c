//! Endpoints.

use async_trait::async_trait;
use jiff::Timestamp;
use kvitt_core::WebhookEndpointId;
use secrecy::ExposeSecret as _;
use sqlx::SqlitePool;
use sqlx::sqlite::SqliteConnection;

use super::requests;
use crate::error::LedgerError;
use crate::row::{json, number};
use crate::sqlite::error::driver;
use crate::sqlite::row::now_us;
use crate::sqlite::writer::Write;
use crate::webhook::rows::{self, endpoint_columns};
use crate::webhook::{FeedSpan, WebhookEndpoint, WebhookRequest};

/// All endpoints, oldest first.
pub(super) async fn all(db: &SqlitePool) -> Result<Vec<WebhookEndpoint>, LedgerError> {
    let rows = sqlx::query(concat!(
        "SELECT ",
        endpoint_columns!(),
        " FROM webhook_endpoint ORDER BY created_at_us, id",
    ))
    .fetch_all(db)
    .await
    .map_err(driver)?;
    rows.iter().map(rows::endpoint).collect()
}

/// One endpoint.
pub(super) async fn one(
    db: &SqlitePool,
    id: WebhookEndpointId,
) -> Result<Option<WebhookEndpoint>, LedgerError> {
    let row =
        sqlx::query(concat!("SELECT ", endpoint_columns!(), " FROM webhook_endpoint WHERE id = ?"))
            .bind(id.to_string())
            .fetch_optional(db)
            .await
            .map_err(driver)?;
    row.as_ref().map(rows::endpoint).transpose()
}

/// Stores an endpoint.
pub(super) struct Insert {
    pub(super) endpoint: WebhookEndpoint,
    pub(super) request: Option<WebhookRequest>,
}

#[async_trait]
impl Write for Insert {
    type Output = ();

    async fn apply(&mut self, db: &mut SqliteConnection) -> Result<(), LedgerError> {
        requests::take(db, self.request.as_ref()).await?;
        let it = &self.endpoint;
        sqlx::query(
            "INSERT INTO webhook_endpoint (id, revision, url, description, events, secret,
                 created_at_us, enabled_at_us, position)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(it.id.to_string())
        .bind(number("revision", it.revision)?)
        .bind(&it.url)
        .bind(&it.description)
        .bind(json("events", &it.events)?)
        .bind(it.secret.expose_secret())
        .bind(it.created_at.as_microsecond())
        .bind(it.enabled_at.as_microsecond())
        .bind(number("position", it.position)?)
        .execute(db)
        .await
        .map_err(driver)?;
        Ok(())
    }
}

/// Stores what was changed of an endpoint.
pub(super) struct Update {
    pub(super) endpoint: WebhookEndpoint,
    pub(super) request: Option<WebhookRequest>,
    pub(super) wake: bool,
}

#[async_trait]
impl Write for Update {
    type Output = bool;

    async fn apply(&mut self, db: &mut SqliteConnection) -> Result<bool, LedgerError> {
        let it = &self.endpoint;
        let (previous, until) = it.previous_secret.as_ref().map(|(old, at)| (old, *at)).unzip();
        let (after, until_position) = it.again.map(|span| (span.after, span.until)).unzip();
        let position =
            |position: Option<u64>| position.map(|position| number("again", position)).transpose();
        let done = sqlx::query(
            "UPDATE webhook_endpoint SET revision = revision + 1, url = ?, description = ?,
                 events = ?, secret = ?, previous_secret = ?, previous_until_us = ?,
                 enabled_at_us = ?, disabled_at_us = ?, disabled_reason = ?, again_position = ?,
                 again_until = ?
             WHERE id = ? AND revision = ?",
        )
        .bind(&it.url)
        .bind(&it.description)
        .bind(json("events", &it.events)?)
        .bind(it.secret.expose_secret())
        .bind(previous.map(|secret| secret.expose_secret().to_owned()))
        .bind(until.map(Timestamp::as_microsecond))
        .bind(it.enabled_at.as_microsecond())
        .bind(it.disabled.as_ref().map(|disabled| disabled.at.as_microsecond()))
        .bind(it.disabled.as_ref().map(|disabled| disabled.reason.clone()))
        .bind(position(after)?)
        .bind(position(until_position)?)
        .bind(it.id.to_string())
        .bind(number("revision", it.revision)?)
        .execute(&mut *db)
        .await
        .map_err(driver)?;
        if done.rows_affected() != 1 {
            return Ok(false);
        }
        requests::take(db, self.request.as_ref()).await?;
        if self.wake {
            sqlx::query(concat!(
                "UPDATE webhook_queue SET due_at_us = ",
                now_us!(),
                " WHERE endpoint = ? AND claim IS NULL",
            ))
            .bind(it.id.to_string())
            .execute(db)
            .await
            .map_err(driver)?;
        }
        Ok(true)
    }
}

/// Forgets an endpoint. Its messages stay as a record of what was sent.
pub(super) struct Delete {
    pub(super) id: WebhookEndpointId,
}

#[async_trait]
impl Write for Delete {
    type Output = bool;

    /// The secret shall be gone from the log as well.
    const SCRUB: bool = true;

    async fn apply(&mut self, db: &mut SqliteConnection) -> Result<bool, LedgerError> {
        let id = self.id.to_string();
        let done = sqlx::query("DELETE FROM webhook_endpoint WHERE id = ?")
            .bind(&id)
            .execute(&mut *db)
            .await
            .map_err(driver)?;
        sqlx::query("DELETE FROM webhook_queue WHERE endpoint = ?")
            .bind(&id)
            .execute(db)
            .await
            .map_err(driver)?;
        Ok(done.rows_affected() == 1)
    }
}

/// Notes a delivery.
pub(super) struct Touch {
    pub(super) id: WebhookEndpointId,
    pub(super) at: Timestamp,
}

#[async_trait]
impl Write for Touch {
    type Output = ();

    async fn apply(&mut self, db: &mut SqliteConnection) -> Result<(), LedgerError> {
        sqlx::query(
            "UPDATE webhook_endpoint SET delivered_at_us = max(?1, coalesce(delivered_at_us, ?1))
             WHERE id = ?2",
        )
        .bind(self.at.as_microsecond())
        .bind(self.id.to_string())
        .execute(db)
        .await
        .map_err(driver)?;
        Ok(())
    }
}

/// Moves an endpoint on in the feed.
pub(super) struct MovePosition {
    pub(super) id: WebhookEndpointId,
    pub(super) from: u64,
    pub(super) to: u64,
}

#[async_trait]
impl Write for MovePosition {
    type Output = ();

    async fn apply(&mut self, db: &mut SqliteConnection) -> Result<(), LedgerError> {
        sqlx::query("UPDATE webhook_endpoint SET position = ? WHERE id = ? AND position = ?")
            .bind(number("position", self.to)?)
            .bind(self.id.to_string())
            .bind(number("position", self.from)?)
            .execute(db)
            .await
            .map_err(driver)?;
        Ok(())
    }
}

/// Moves what is being queued once more.
pub(super) struct MoveAgain {
    pub(super) id: WebhookEndpointId,
    pub(super) from: FeedSpan,
    pub(super) to: Option<FeedSpan>,
}

#[async_trait]
impl Write for MoveAgain {
    type Output = ();

    async fn apply(&mut self, db: &mut SqliteConnection) -> Result<(), LedgerError> {
        let position = |position: u64| number("again", position);
        sqlx::query(
            "UPDATE webhook_endpoint SET revision = revision + 1, again_position = ?,
                 again_until = ?
             WHERE id = ? AND again_position = ? AND again_until = ?",
        )
        .bind(self.to.map(|to| position(to.after)).transpose()?)
        .bind(self.to.map(|to| position(to.until)).transpose()?)
        .bind(self.id.to_string())
        .bind(position(self.from.after)?)
        .bind(position(self.from.until)?)
        .execute(db)
        .await
        .map_err(driver)?;
        Ok(())
    }
}
