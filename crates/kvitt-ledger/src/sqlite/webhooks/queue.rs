//! What waits to be sent: queued by sale, claimed, and what came of it.

use std::time::Duration;

use async_trait::async_trait;
use kvitt_core::{SaleId, WebhookEndpointId};
use sqlx::SqlitePool;
use sqlx::sqlite::SqliteConnection;
use uuid::Uuid;

use super::requests;
use crate::error::LedgerError;
use crate::row::{Read, number, wait_us};
use crate::sqlite::error::driver;
use crate::sqlite::row::{now_us, sale_text};
use crate::sqlite::writer::Write;
use crate::webhook::{
    NewWebhookMessage, WebhookAttempt, WebhookBatch, WebhookClaim, WebhookNext, WebhookRequest,
    WebhookState,
};

/// Whether anything is due for the endpoint.
pub(super) async fn any_due(
    db: &SqlitePool,
    endpoint: WebhookEndpointId,
) -> Result<bool, LedgerError> {
    let sql = concat!(
        "SELECT 1 FROM webhook_queue WHERE endpoint = ? AND due_at_us <= ",
        now_us!(),
        " LIMIT 1",
    );
    let row = sqlx::query(sql).bind(endpoint.to_string()).fetch_optional(db).await;
    Ok(row.map_err(driver)?.is_some())
}

/// Queues messages of one sale.
pub(super) struct Queue {
    pub(super) batch: WebhookBatch,
    pub(super) request: Option<WebhookRequest>,
}

#[async_trait]
impl Write for Queue {
    type Output = ();

    async fn apply(&mut self, db: &mut SqliteConnection) -> Result<(), LedgerError> {
        let WebhookBatch { sale, endpoint, ref messages, again } = self.batch;
        requests::take(db, self.request.as_ref()).await?;
        let is_known = sqlx::query("SELECT 1 FROM webhook_endpoint WHERE id = ?")
            .bind(endpoint.to_string())
            .fetch_optional(&mut *db)
            .await
            .map_err(driver)?;
        if is_known.is_none() {
            return Ok(());
        }
        let mut added = 0;
        for message in messages {
            added += add(db, sale, endpoint, message, again).await?;
        }
        if added == 0 && !again {
            return Ok(());
        }
        sqlx::query(concat!(
            "INSERT INTO webhook_queue (sale, endpoint, due_at_us) VALUES (?1, ?2, ",
            now_us!(),
            ") ON CONFLICT (sale, endpoint) DO UPDATE SET due_at_us = excluded.due_at_us
               WHERE ?3 AND claim IS NULL",
        ))
        .bind(sale_text(sale))
        .bind(endpoint.to_string())
        .bind(again)
        .execute(db)
        .await
        .map_err(driver)?;
        Ok(())
    }
}

/// Adds a message, or makes a known one be sent once more. Answers how many it made to be sent.
async fn add(
    db: &mut SqliteConnection,
    sale: SaleId,
    endpoint: WebhookEndpointId,
    message: &NewWebhookMessage,
    again: bool,
) -> Result<u64, LedgerError> {
    let done = sqlx::query(
        "INSERT INTO webhook_message (sale, endpoint, seq, event, name, position, state)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'pending')
         ON CONFLICT (sale, endpoint, seq) DO UPDATE SET
             state = 'pending', attempts = 0, first_attempt_at_us = NULL,
             last_attempt_at_us = NULL, status = NULL, problem = NULL
         WHERE ?7 AND state IN ('delivered', 'given_up')",
    )
    .bind(sale_text(sale))
    .bind(endpoint.to_string())
    .bind(number("seq", message.seq)?)
    .bind(message.event.to_string())
    .bind(&message.name)
    .bind(number("position", message.position)?)
    .bind(again)
    .execute(db)
    .await
    .map_err(driver)?;
    Ok(done.rows_affected())
}

/// Claims sales whose messages are due.
pub(super) struct Claim {
    pub(super) endpoint: WebhookEndpointId,
    pub(super) limit: u32,
    pub(super) lease: Duration,
    pub(super) id: Uuid,
}

#[async_trait]
impl Write for Claim {
    type Output = Vec<WebhookClaim>;

    async fn apply(&mut self, db: &mut SqliteConnection) -> Result<Vec<WebhookClaim>, LedgerError> {
        let Self { endpoint, limit, lease, id: claim } = *self;
        let rows = sqlx::query(concat!(
            "UPDATE webhook_queue SET claim = ?1, due_at_us = ",
            now_us!(),
            " + ?2 WHERE endpoint = ?3 AND sale IN (
                 SELECT sale FROM webhook_queue WHERE endpoint = ?3 AND due_at_us <= ",
            now_us!(),
            " ORDER BY due_at_us LIMIT ?4)
             RETURNING sale",
        ))
        .bind(claim.as_hyphenated().to_string())
        .bind(wait_us(lease))
        .bind(endpoint.to_string())
        .bind(limit)
        .fetch_all(db)
        .await
        .map_err(driver)?;
        rows.iter()
            .map(|row| {
                let sale = Read::new("webhook_queue", row).sale()?;
                Ok(WebhookClaim { sale, endpoint, claim })
            })
            .collect()
    }
}

/// Records an attempt.
pub(super) struct Record {
    pub(super) attempt: WebhookAttempt,
}

#[async_trait]
impl Write for Record {
    type Output = ();

    async fn apply(&mut self, db: &mut SqliteConnection) -> Result<(), LedgerError> {
        let WebhookAttempt { claim, seq, at, status, problem, next } = &self.attempt;
        let state = match next {
            WebhookNext::Delivered { .. } => WebhookState::Delivered,
            WebhookNext::GivenUp { .. } => WebhookState::GivenUp,
            WebhookNext::Again { .. } => WebhookState::Failing,
        };
        match next {
            WebhookNext::Delivered { lease } | WebhookNext::GivenUp { lease } => {
                set_due(db, claim, *lease, true).await?;
            }
            WebhookNext::Again { due_in } => set_due(db, claim, *due_in, false).await?,
        }
        let done = sqlx::query(
            "UPDATE webhook_message SET state = ?1, attempts = attempts + 1,
                 first_attempt_at_us = coalesce(first_attempt_at_us, ?2),
                 last_attempt_at_us = ?2, status = ?3, problem = ?4
             WHERE sale = ?5 AND endpoint = ?6 AND seq = ?7",
        )
        .bind(state.as_str())
        .bind(at.as_microsecond())
        .bind(status.map(i64::from))
        .bind(problem.as_deref())
        .bind(sale_text(claim.sale))
        .bind(claim.endpoint.to_string())
        .bind(number("seq", *seq)?)
        .execute(db)
        .await
        .map_err(driver)?;
        match done.rows_affected() {
            1 => Ok(()),
            _ => Err(LedgerError::Inconsistent {
                what: format!("sale {} has no message {seq} for {}", claim.sale, claim.endpoint),
            }),
        }
    }
}

/// Ends a claim.
pub(super) struct Release {
    pub(super) claim: WebhookClaim,
    pub(super) due_in: Duration,
}

#[async_trait]
impl Write for Release {
    type Output = ();

    async fn apply(&mut self, db: &mut SqliteConnection) -> Result<(), LedgerError> {
        set_due(db, &self.claim, self.due_in, false).await?;
        // Under the write lock nothing is queued between looking and deleting.
        sqlx::query(
            "DELETE FROM webhook_queue WHERE sale = ?1 AND endpoint = ?2 AND NOT EXISTS (
                 SELECT 1 FROM webhook_message WHERE sale = ?1 AND endpoint = ?2
                     AND state IN ('pending', 'failing'))",
        )
        .bind(sale_text(self.claim.sale))
        .bind(self.claim.endpoint.to_string())
        .execute(db)
        .await
        .map_err(driver)?;
        Ok(())
    }
}

/// When a claimed sale is due again, and whether it stays claimed until then.
async fn set_due(
    db: &mut SqliteConnection,
    held: &WebhookClaim,
    due_in: Duration,
    stays: bool,
) -> Result<(), LedgerError> {
    let claim = held.claim.as_hyphenated().to_string();
    let done = sqlx::query(concat!(
        "UPDATE webhook_queue SET claim = ?1, due_at_us = ",
        now_us!(),
        " + ?2 WHERE sale = ?3 AND endpoint = ?4 AND claim = ?5",
    ))
    .bind(stays.then(|| claim.clone()))
    .bind(wait_us(due_in))
    .bind(sale_text(held.sale))
    .bind(held.endpoint.to_string())
    .bind(claim)
    .execute(db)
    .await
    .map_err(driver)?;
    if done.rows_affected() == 1 { Ok(()) } else { Err(LedgerError::LeaseLost) }
}
