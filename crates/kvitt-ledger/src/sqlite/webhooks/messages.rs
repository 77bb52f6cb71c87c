//! Messages, as they are read.

use kvitt_core::{EventId, SaleId, WebhookEndpointId};
use sqlx::{QueryBuilder, Sqlite, SqlitePool};

use crate::error::LedgerError;
use crate::row::number;
use crate::sqlite::error::driver;
use crate::sqlite::row::sale_text;
use crate::webhook::rows::{self, message_columns};
use crate::webhook::{WebhookMessage, WebhookMessageQuery, WebhookState};

/// The first message of a sale that is still to be sent.
pub(super) async fn next(
    db: &SqlitePool,
    sale: SaleId,
    endpoint: WebhookEndpointId,
) -> Result<Option<WebhookMessage>, LedgerError> {
    let row = sqlx::query(concat!(
        "SELECT ",
        message_columns!(),
        " FROM webhook_message WHERE sale = ? AND endpoint = ? AND state IN ('pending', 'failing')
          ORDER BY seq LIMIT 1",
    ))
    .bind(sale_text(sale))
    .bind(endpoint.to_string())
    .fetch_optional(db)
    .await
    .map_err(driver)?;
    row.as_ref().map(rows::message).transpose()
}

/// The message about an event.
pub(super) async fn of_event(
    db: &SqlitePool,
    endpoint: WebhookEndpointId,
    event: EventId,
) -> Result<Option<WebhookMessage>, LedgerError> {
    let row = sqlx::query(concat!(
        "SELECT ",
        message_columns!(),
        " FROM webhook_message WHERE event = ? AND endpoint = ?"
    ))
    .bind(event.to_string())
    .bind(endpoint.to_string())
    .fetch_optional(db)
    .await
    .map_err(driver)?;
    row.as_ref().map(rows::message).transpose()
}

/// An endpoint's messages, the newest event first.
pub(super) async fn page(
    db: &SqlitePool,
    query: &WebhookMessageQuery,
    limit: u32,
) -> Result<Vec<WebhookMessage>, LedgerError> {
    let mut sql = QueryBuilder::<Sqlite>::new(concat!(
        "SELECT ",
        message_columns!(),
        " FROM webhook_message WHERE endpoint = "
    ));
    sql.push_bind(query.endpoint.to_string());
    if let Some(state) = query.state {
        sql.push(" AND state = ").push_bind(state.as_str());
        if state != WebhookState::Delivered {
            // It lets the partial index be used.
            sql.push(" AND state <> 'delivered'");
        }
    }
    if let Some(before) = query.before {
        sql.push(" AND position < ").push_bind(number("before", before)?);
    }
    sql.push(" ORDER BY position DESC LIMIT ").push_bind(limit);
    let rows = sql.build().fetch_all(db).await.map_err(driver)?;
    rows.iter().map(rows::message).collect()
}
