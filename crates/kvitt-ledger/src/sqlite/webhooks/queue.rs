//! What waits to be sent: queued by sale, claimed, and what came of it.

use std::time::Duration;

use kvitt_core::{SaleId, WebhookEndpointId};
use rusqlite::{Connection, params};
use uuid::Uuid;

use super::requests;
use crate::error::LedgerError;
use crate::row::{Read, number, wait_us};
use crate::sqlite::readers::Readers;
use crate::sqlite::row::{id_text, now_us, sale_text};
use crate::sqlite::statement::{execute, is_any, list, one};
use crate::sqlite::writer::Write;
use crate::webhook::{
    NewWebhookMessage, WebhookAttempt, WebhookBatch, WebhookClaim, WebhookNext, WebhookRequest,
    WebhookState,
};
use crate::work::Late;

/// Whether anything is due for the endpoint.
pub(super) async fn any_due(
    readers: &Readers,
    endpoint: WebhookEndpointId,
) -> Result<bool, LedgerError> {
    let sql = concat!(
        "SELECT 1 FROM webhook_queue WHERE endpoint = ? AND due_at_us <= ",
        now_us!(),
        " LIMIT 1",
    );
    readers.read(move |db| is_any(db, sql, [endpoint.to_string()])).await
}

/// What was due for the endpoint so long ago.
pub(super) async fn late(
    readers: &Readers,
    endpoint: WebhookEndpointId,
    by: Duration,
) -> Result<Option<Late>, LedgerError> {
    let sql = concat!(
        "SELECT count(*) AS count, min(due_at_us) AS since_us FROM (
             SELECT due_at_us FROM webhook_queue WHERE endpoint = ?1 AND due_at_us <= ",
        now_us!(),
        " - ?2 ORDER BY due_at_us LIMIT ?3)",
    );
    let values = (endpoint.to_string(), wait_us(by), Late::COUNT_MAX);
    readers.read(move |db| one(db, sql, values, |row| Late::read("webhook_queue", row))).await
}

/// Queues messages of one sale.
pub(super) struct Queue {
    pub(super) batch: WebhookBatch,
    pub(super) request: Option<WebhookRequest>,
}

impl Write for Queue {
    type Output = ();

    fn apply(&mut self, db: &Connection) -> Result<(), LedgerError> {
        let WebhookBatch { sale, endpoint, ref messages, again } = self.batch;
        requests::take(db, self.request.as_ref())?;
        let known = "SELECT 1 FROM webhook_endpoint WHERE id = ?";
        if !is_any(db, known, [endpoint.to_string()])? {
            return Ok(());
        }
        let mut added = 0;
        for message in messages {
            added += add(db, sale, endpoint, message, again)?;
        }
        if added == 0 && !again {
            return Ok(());
        }
        let queue = concat!(
            "INSERT INTO webhook_queue (sale, endpoint, due_at_us) VALUES (?1, ?2, ",
            now_us!(),
            ") ON CONFLICT (sale, endpoint) DO UPDATE SET due_at_us = excluded.due_at_us
               WHERE ?3 AND claim IS NULL",
        );
        execute(db, queue, params![sale_text(sale), endpoint.to_string(), again]).map(drop)
    }
}

/// Adds a message, or makes a known one be sent once more. Answers how many it made to be sent.
fn add(
    db: &Connection,
    sale: SaleId,
    endpoint: WebhookEndpointId,
    message: &NewWebhookMessage,
    again: bool,
) -> Result<usize, LedgerError> {
    execute(
        db,
        "INSERT INTO webhook_message (sale, endpoint, seq, event, name, position, state)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'pending')
         ON CONFLICT (sale, endpoint, seq) DO UPDATE SET
             state = 'pending', attempts = 0, first_attempt_at_us = NULL,
             last_attempt_at_us = NULL, status = NULL, problem = NULL
         WHERE ?7 AND state IN ('delivered', 'given_up')",
        params![
            sale_text(sale),
            endpoint.to_string(),
            number("seq", message.seq)?,
            message.event.to_string(),
            message.name,
            number("position", message.position)?,
            again,
        ],
    )
}

/// Claims sales whose messages are due.
pub(super) struct Claim {
    pub(super) endpoint: WebhookEndpointId,
    pub(super) limit: u32,
    pub(super) lease: Duration,
    pub(super) id: Uuid,
}

impl Write for Claim {
    type Output = Vec<WebhookClaim>;

    fn apply(&mut self, db: &Connection) -> Result<Vec<WebhookClaim>, LedgerError> {
        let Self { endpoint, limit, lease, id: claim } = *self;
        let sql = concat!(
            "UPDATE webhook_queue SET claim = ?1, due_at_us = ",
            now_us!(),
            " + ?2 WHERE endpoint = ?3 AND sale IN (
                 SELECT sale FROM webhook_queue WHERE endpoint = ?3 AND due_at_us <= ",
            now_us!(),
            " ORDER BY due_at_us LIMIT ?4)
             RETURNING sale",
        );
        let values = params![id_text(claim), wait_us(lease), endpoint.to_string(), limit];
        list(db, sql, values, |row| {
            let sale = Read::new("webhook_queue", row).sale()?;
            Ok(WebhookClaim { sale, endpoint, claim })
        })
    }
}

/// Records an attempt.
pub(super) struct Record {
    pub(super) attempt: WebhookAttempt,
}

impl Write for Record {
    type Output = ();

    fn apply(&mut self, db: &Connection) -> Result<(), LedgerError> {
        let WebhookAttempt { claim, seq, at, status, problem, next } = &self.attempt;
        let state = match next {
            WebhookNext::Delivered { .. } => WebhookState::Delivered,
            WebhookNext::GivenUp { .. } => WebhookState::GivenUp,
            WebhookNext::Again { .. } => WebhookState::Failing,
        };
        match next {
            WebhookNext::Delivered { lease } | WebhookNext::GivenUp { lease } => {
                set_due(db, claim, *lease, true)?;
            }
            WebhookNext::Again { due_in } => set_due(db, claim, *due_in, false)?,
        }
        let rows = execute(
            db,
            "UPDATE webhook_message SET state = ?1, attempts = attempts + 1,
                 first_attempt_at_us = coalesce(first_attempt_at_us, ?2),
                 last_attempt_at_us = ?2, status = ?3, problem = ?4
             WHERE sale = ?5 AND endpoint = ?6 AND seq = ?7",
            params![
                state.as_str(),
                at.as_microsecond(),
                status,
                problem,
                sale_text(claim.sale),
                claim.endpoint.to_string(),
                number("seq", *seq)?,
            ],
        )?;
        match rows {
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

impl Write for Release {
    type Output = ();

    fn apply(&mut self, db: &Connection) -> Result<(), LedgerError> {
        let WebhookClaim { sale, endpoint, .. } = self.claim;
        set_due(db, &self.claim, self.due_in, false)?;
        // Under the write lock nothing is queued between looking and deleting.
        let sql = "DELETE FROM webhook_queue WHERE sale = ?1 AND endpoint = ?2 AND NOT EXISTS (
                 SELECT 1 FROM webhook_message WHERE sale = ?1 AND endpoint = ?2
                     AND state IN ('pending', 'failing'))";
        execute(db, sql, params![sale_text(sale), endpoint.to_string()]).map(drop)
    }
}

/// When a claimed sale is due again, and whether it stays claimed until then.
fn set_due(
    db: &Connection,
    held: &WebhookClaim,
    due_in: Duration,
    stays: bool,
) -> Result<(), LedgerError> {
    let sql = concat!(
        "UPDATE webhook_queue SET claim = ?1, due_at_us = ",
        now_us!(),
        " + ?2 WHERE sale = ?3 AND endpoint = ?4 AND claim = ?5",
    );
    let rows = execute(
        db,
        sql,
        params![
            stays.then(|| id_text(held.claim)),
            wait_us(due_in),
            sale_text(held.sale),
            held.endpoint.to_string(),
            id_text(held.claim),
        ],
    )?;
    if rows == 1 { Ok(()) } else { Err(LedgerError::LeaseLost) }
}
