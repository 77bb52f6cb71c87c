//! What waits to be sent: queued by sale, claimed, and what came of it.

use std::time::Duration;

use kvitt_core::{SaleId, WebhookEndpointId};
use uuid::Uuid;

use super::requests;
use crate::error::LedgerError;
use crate::postgres::connections::Connections;
use crate::postgres::error::{Failed, driver};
use crate::postgres::row::{now_us, storable};
use crate::row::{Read, number, wait_us};
use crate::webhook::{
    WebhookAttempt, WebhookBatch, WebhookClaim, WebhookNext, WebhookRequest, WebhookState,
};
use crate::work::Late;

/// Queues messages of one sale.
pub(super) async fn queue(
    db: &Connections,
    batch: &WebhookBatch,
    request: Option<&WebhookRequest>,
) -> Result<(), Failed> {
    let WebhookBatch { sale, endpoint, messages, again } = batch;
    let mut connection = db.acquire().await.map_err(driver)?;
    let mut transaction = connection.begin().await.map_err(driver)?;
    requests::take(&mut transaction, request).await?;
    // Whoever deletes the endpoint waits until this is done, and then deletes it too.
    let is_known = sqlx::query("SELECT 1 FROM webhook_endpoint WHERE id = $1 FOR KEY SHARE")
        .bind(endpoint.0)
        .fetch_optional(&mut *transaction)
        .await
        .map_err(driver)?;
    if is_known.is_none() {
        return transaction.commit().await.map_err(driver);
    }
    let numbers = |field, of: fn(&crate::webhook::NewWebhookMessage) -> u64| {
        messages.iter().map(|it| number(field, of(it))).collect::<Result<Vec<_>, _>>()
    };
    let added = sqlx::query(
        "INSERT INTO webhook_message AS known (sale, endpoint, seq, event, name, position, state)
         SELECT $1, $2, new.seq, new.event, new.name, new.position, 'pending'
         FROM unnest($3::bigint[], $4::uuid[], $5::text[], $6::bigint[])
             AS new (seq, event, name, position)
         ORDER BY new.seq
         ON CONFLICT (sale, endpoint, seq) DO UPDATE SET
             state = 'pending', attempts = 0, first_attempt_at_us = NULL,
             last_attempt_at_us = NULL, status = NULL, problem = NULL
         WHERE $7 AND known.state IN ('delivered', 'given_up')",
    )
    .bind(sale.0)
    .bind(endpoint.0)
    .bind(numbers("seq", |it| it.seq)?)
    .bind(messages.iter().map(|it| it.event.0).collect::<Vec<_>>())
    .bind(messages.iter().map(|it| storable(&it.name).into_owned()).collect::<Vec<_>>())
    .bind(numbers("position", |it| it.position)?)
    .bind(again)
    .execute(&mut *transaction)
    .await
    .map_err(driver)?;
    if added.rows_affected() > 0 || *again {
        // After the messages: who is just ending a claim either sees them, or has deleted the row
        // before it is made anew here.
        sqlx::query(concat!(
            "INSERT INTO webhook_queue AS known (sale, endpoint, due_at_us) VALUES ($1, $2, ",
            now_us!(),
            ") ON CONFLICT (sale, endpoint) DO UPDATE SET due_at_us = CASE
                   WHEN $3 AND known.claim IS NULL THEN excluded.due_at_us
                   ELSE known.due_at_us
               END",
        ))
        .bind(sale.0)
        .bind(endpoint.0)
        .bind(again)
        .execute(&mut *transaction)
        .await
        .map_err(driver)?;
    }
    transaction.commit().await.map_err(driver)
}

/// Claims sales whose messages are due, past those that others are claiming or writing just now.
pub(super) async fn claim(
    db: &Connections,
    endpoint: WebhookEndpointId,
    limit: u32,
    lease: Duration,
    claim: Uuid,
) -> Result<Vec<WebhookClaim>, Failed> {
    let rows = sqlx::query(concat!(
        "WITH due AS MATERIALIZED (
             SELECT sale FROM webhook_queue WHERE endpoint = $1 AND due_at_us <= ",
        now_us!(),
        " ORDER BY due_at_us LIMIT $2 FOR UPDATE SKIP LOCKED
         )
         UPDATE webhook_queue SET claim = $3, due_at_us = ",
        now_us!(),
        " + $4
         FROM due WHERE webhook_queue.sale = due.sale AND webhook_queue.endpoint = $1
         RETURNING webhook_queue.sale",
    ))
    .bind(endpoint.0)
    .bind(i64::from(limit))
    .bind(claim)
    .bind(wait_us(lease))
    .fetch_all(db)
    .await
    .map_err(driver)?;
    let claims = rows.iter().map(|row| {
        let sale = Read::new("webhook_queue", row).sale()?;
        Ok(WebhookClaim { sale, endpoint, claim })
    });
    Ok(claims.collect::<Result<_, LedgerError>>()?)
}

/// What was due for the endpoint so long ago.
pub(super) async fn late(
    db: &Connections,
    endpoint: WebhookEndpointId,
    by: Duration,
) -> Result<Option<Late>, Failed> {
    let row = sqlx::query(concat!(
        "SELECT count(*) AS count, min(due_at_us) AS since_us FROM (
             SELECT due_at_us FROM webhook_queue WHERE endpoint = $1 AND due_at_us <= ",
        now_us!(),
        " - $2 ORDER BY due_at_us LIMIT $3) AS late",
    ))
    .bind(endpoint.0)
    .bind(wait_us(by))
    .bind(i64::from(Late::COUNT_MAX))
    .fetch_one(db)
    .await
    .map_err(driver)?;
    Ok(Late::read("webhook_queue", &row)?)
}

/// Records an attempt, in one statement.
pub(super) async fn record(db: &Connections, attempt: &WebhookAttempt) -> Result<(), Failed> {
    let WebhookAttempt { claim, seq, at, status, problem, next } = attempt;
    let (state, due_in, stays) = match next {
        WebhookNext::Delivered { lease } => (WebhookState::Delivered, *lease, true),
        WebhookNext::GivenUp { lease } => (WebhookState::GivenUp, *lease, true),
        WebhookNext::Again { due_in } => (WebhookState::Failing, *due_in, false),
    };
    let row = sqlx::query(concat!(
        "WITH held AS (
             UPDATE webhook_queue SET claim = CASE WHEN $1 THEN claim END, due_at_us = ",
        now_us!(),
        " + $2 WHERE sale = $3 AND endpoint = $4 AND claim = $5
             RETURNING sale, endpoint
         ), recorded AS (
             UPDATE webhook_message SET state = $6, attempts = attempts + 1,
                 first_attempt_at_us = coalesce(first_attempt_at_us, $7),
                 last_attempt_at_us = $7, status = $8, problem = $9
             FROM held
             WHERE webhook_message.sale = held.sale AND webhook_message.endpoint = held.endpoint
                 AND seq = $10
             RETURNING seq
         )
         SELECT (SELECT count(*) FROM held) AS held, (SELECT count(*) FROM recorded) AS recorded",
    ))
    .bind(stays)
    .bind(wait_us(due_in))
    .bind(claim.sale.0)
    .bind(claim.endpoint.0)
    .bind(claim.claim)
    .bind(state.as_str())
    .bind(at.as_microsecond())
    .bind(status.map(i64::from))
    .bind(problem.as_deref().map(storable))
    .bind(number("seq", *seq)?)
    .fetch_one(db)
    .await
    .map_err(driver)?;
    let read = Read::new("webhook_queue", &row);
    match (read.integer("held")?, read.integer("recorded")?) {
        (1, 1) => Ok(()),
        (0, _) => Err(LedgerError::LeaseLost.into()),
        _ => Err(LedgerError::Inconsistent { what: missing(claim.sale, *seq) }.into()),
    }
}

fn missing(sale: SaleId, seq: u64) -> String {
    format!("sale {sale} has no webhook message {seq}")
}

/// Ends a claim.
pub(super) async fn release(
    db: &Connections,
    held: &WebhookClaim,
    due_in: Duration,
) -> Result<(), Failed> {
    let mut connection = db.acquire().await.map_err(driver)?;
    let mut transaction = connection.begin().await.map_err(driver)?;
    let done = sqlx::query(concat!(
        "UPDATE webhook_queue SET claim = NULL, due_at_us = ",
        now_us!(),
        " + $1 WHERE sale = $2 AND endpoint = $3 AND claim = $4",
    ))
    .bind(wait_us(due_in))
    .bind(held.sale.0)
    .bind(held.endpoint.0)
    .bind(held.claim)
    .execute(&mut *transaction)
    .await
    .map_err(driver)?;
    if done.rows_affected() != 1 {
        return Err(LedgerError::LeaseLost.into());
    }
    // A statement of its own, after the row is locked: only so does it see the messages that were
    // queued while the lock was waited for.
    sqlx::query(
        "DELETE FROM webhook_queue WHERE sale = $1 AND endpoint = $2 AND NOT EXISTS (
             SELECT FROM webhook_message WHERE sale = $1 AND endpoint = $2
                 AND state IN ('pending', 'failing'))",
    )
    .bind(held.sale.0)
    .bind(held.endpoint.0)
    .execute(&mut *transaction)
    .await
    .map_err(driver)?;
    transaction.commit().await.map_err(driver)
}
