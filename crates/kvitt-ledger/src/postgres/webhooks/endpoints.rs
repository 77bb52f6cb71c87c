//! Endpoints.

use jiff::Timestamp;
use kvitt_core::WebhookEndpointId;
use secrecy::ExposeSecret as _;

use super::requests;
use crate::postgres::connections::Connections;
use crate::postgres::error::{Failed, driver};
use crate::postgres::row::{now_us, storable};
use crate::row::{json, number};
use crate::webhook::rows::{self, endpoint_columns};
use crate::webhook::{FeedSpan, WebhookEndpoint, WebhookRequest};

/// All endpoints, oldest first.
pub(super) async fn all(db: &Connections) -> Result<Vec<WebhookEndpoint>, Failed> {
    let rows = sqlx::query(concat!(
        "SELECT ",
        endpoint_columns!(),
        " FROM webhook_endpoint ORDER BY created_at_us, id",
    ))
    .fetch_all(db)
    .await
    .map_err(driver)?;
    Ok(rows.iter().map(rows::endpoint).collect::<Result<_, _>>()?)
}

/// One endpoint.
pub(super) async fn one(
    db: &Connections,
    id: WebhookEndpointId,
) -> Result<Option<WebhookEndpoint>, Failed> {
    let row = sqlx::query(concat!(
        "SELECT ",
        endpoint_columns!(),
        " FROM webhook_endpoint WHERE id = $1"
    ))
    .bind(id.0)
    .fetch_optional(db)
    .await
    .map_err(driver)?;
    Ok(row.as_ref().map(rows::endpoint).transpose()?)
}

/// Stores an endpoint.
pub(super) async fn insert(
    db: &Connections,
    it: &WebhookEndpoint,
    request: Option<&WebhookRequest>,
) -> Result<(), Failed> {
    let mut connection = db.acquire().await.map_err(driver)?;
    let mut transaction = connection.begin().await.map_err(driver)?;
    requests::take(&mut transaction, request).await?;
    sqlx::query(
        "INSERT INTO webhook_endpoint (id, revision, url, description, events, secret,
             created_at_us, enabled_at_us, position)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(it.id.0)
    .bind(number("revision", it.revision)?)
    .bind(storable(&it.url))
    .bind(storable(&it.description))
    .bind(storable(&json("events", &it.events)?))
    .bind(storable(it.secret.expose_secret()))
    .bind(it.created_at.as_microsecond())
    .bind(it.enabled_at.as_microsecond())
    .bind(number("position", it.position)?)
    .execute(&mut *transaction)
    .await
    .map_err(driver)?;
    transaction.commit().await.map_err(driver)
}

/// Stores what was changed of an endpoint.
pub(super) async fn update(
    db: &Connections,
    it: &WebhookEndpoint,
    request: Option<&WebhookRequest>,
    wake: bool,
) -> Result<bool, Failed> {
    let (previous, until) = it.previous_secret.as_ref().map(|(old, at)| (old, *at)).unzip();
    let (after, until_position) = it.again.map(|span| (span.after, span.until)).unzip();
    let position =
        |position: Option<u64>| position.map(|position| number("again", position)).transpose();
    let mut connection = db.acquire().await.map_err(driver)?;
    let mut transaction = connection.begin().await.map_err(driver)?;
    let done = sqlx::query(
        "UPDATE webhook_endpoint SET revision = revision + 1, url = $1, description = $2,
             events = $3, secret = $4, previous_secret = $5, previous_until_us = $6,
             enabled_at_us = $7, disabled_at_us = $8, disabled_reason = $9, again_position = $10,
             again_until = $11
         WHERE id = $12 AND revision = $13",
    )
    .bind(storable(&it.url))
    .bind(storable(&it.description))
    .bind(storable(&json("events", &it.events)?))
    .bind(storable(it.secret.expose_secret()))
    .bind(previous.map(|secret| storable(secret.expose_secret())))
    .bind(until.map(Timestamp::as_microsecond))
    .bind(it.enabled_at.as_microsecond())
    .bind(it.disabled.as_ref().map(|disabled| disabled.at.as_microsecond()))
    .bind(it.disabled.as_ref().map(|disabled| storable(&disabled.reason)))
    .bind(position(after)?)
    .bind(position(until_position)?)
    .bind(it.id.0)
    .bind(number("revision", it.revision)?)
    .execute(&mut *transaction)
    .await
    .map_err(driver)?;
    if done.rows_affected() != 1 {
        return Ok(false);
    }
    requests::take(&mut transaction, request).await?;
    if wake {
        sqlx::query(concat!(
            "UPDATE webhook_queue SET due_at_us = ",
            now_us!(),
            " WHERE endpoint = $1 AND claim IS NULL",
        ))
        .bind(it.id.0)
        .execute(&mut *transaction)
        .await
        .map_err(driver)?;
    }
    transaction.commit().await.map_err(driver)?;
    connection.give_back();
    Ok(true)
}

/// Forgets an endpoint. Its messages stay as a record of what was sent.
pub(super) async fn delete(db: &Connections, id: WebhookEndpointId) -> Result<bool, Failed> {
    let mut connection = db.acquire().await.map_err(driver)?;
    let mut transaction = connection.begin().await.map_err(driver)?;
    let done = sqlx::query("DELETE FROM webhook_endpoint WHERE id = $1")
        .bind(id.0)
        .execute(&mut *transaction)
        .await
        .map_err(driver)?;
    // A statement of its own, after the endpoint's row is locked: only so does it see what was
    // queued while the lock was waited for.
    sqlx::query("DELETE FROM webhook_queue WHERE endpoint = $1")
        .bind(id.0)
        .execute(&mut *transaction)
        .await
        .map_err(driver)?;
    transaction.commit().await.map_err(driver)?;
    connection.give_back();
    Ok(done.rows_affected() == 1)
}

/// Notes a delivery.
pub(super) async fn touch(
    db: &Connections,
    id: WebhookEndpointId,
    at: Timestamp,
) -> Result<(), Failed> {
    sqlx::query(
        "UPDATE webhook_endpoint SET delivered_at_us = greatest($1, delivered_at_us)
         WHERE id = $2",
    )
    .bind(at.as_microsecond())
    .bind(id.0)
    .execute(db)
    .await
    .map_err(driver)?;
    Ok(())
}

/// Moves an endpoint on in the feed.
pub(super) async fn move_position(
    db: &Connections,
    id: WebhookEndpointId,
    from: u64,
    to: u64,
) -> Result<(), Failed> {
    sqlx::query("UPDATE webhook_endpoint SET position = $1 WHERE id = $2 AND position = $3")
        .bind(number("position", to)?)
        .bind(id.0)
        .bind(number("position", from)?)
        .execute(db)
        .await
        .map_err(driver)?;
    Ok(())
}

/// Moves what is being queued once more.
pub(super) async fn move_again(
    db: &Connections,
    id: WebhookEndpointId,
    from: FeedSpan,
    to: Option<FeedSpan>,
) -> Result<(), Failed> {
    let position = |position: u64| number("again", position);
    sqlx::query(
        "UPDATE webhook_endpoint SET revision = revision + 1, again_position = $1,
             again_until = $2
         WHERE id = $3 AND again_position = $4 AND again_until = $5",
    )
    .bind(to.map(|to| position(to.after)).transpose()?)
    .bind(to.map(|to| position(to.until)).transpose()?)
    .bind(id.0)
    .bind(position(from.after)?)
    .bind(position(from.until)?)
    .execute(db)
    .await
    .map_err(driver)?;
    Ok(())
}
