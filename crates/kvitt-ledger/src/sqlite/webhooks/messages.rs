//! Messages, as they are read.

use kvitt_core::{EventId, SaleId, WebhookEndpointId};
use rusqlite::params;

use crate::error::LedgerError;
use crate::filter::Parts as _;
use crate::row::number;
use crate::sqlite::dynamic::Dynamic;
use crate::sqlite::readers::Readers;
use crate::sqlite::row::sale_text;
use crate::sqlite::statement::{find, list};
use crate::webhook::rows::{self, message_columns};
use crate::webhook::{WebhookMessage, WebhookMessageQuery, WebhookState};

/// The first message of a sale that is still to be sent.
pub(super) async fn next(
    readers: &Readers,
    sale: SaleId,
    endpoint: WebhookEndpointId,
) -> Result<Option<WebhookMessage>, LedgerError> {
    let sql = concat!(
        "SELECT ",
        message_columns!(),
        " FROM webhook_message WHERE sale = ? AND endpoint = ? AND state IN ('pending', 'failing')
          ORDER BY seq LIMIT 1",
    );
    readers
        .read(move |db| {
            find(db, sql, params![sale_text(sale), endpoint.to_string()], |row| rows::message(row))
        })
        .await
}

/// The message about an event.
pub(super) async fn of_event(
    readers: &Readers,
    endpoint: WebhookEndpointId,
    event: EventId,
) -> Result<Option<WebhookMessage>, LedgerError> {
    let sql = concat!(
        "SELECT ",
        message_columns!(),
        " FROM webhook_message WHERE event = ? AND endpoint = ?"
    );
    readers
        .read(move |db| {
            find(db, sql, params![event.to_string(), endpoint.to_string()], |row| {
                rows::message(row)
            })
        })
        .await
}

/// An endpoint's messages, the newest event first.
pub(super) async fn page(
    readers: &Readers,
    query: &WebhookMessageQuery,
    limit: u32,
) -> Result<Vec<WebhookMessage>, LedgerError> {
    let mut sql = Dynamic::new(concat!(
        "SELECT ",
        message_columns!(),
        " FROM webhook_message WHERE endpoint = "
    ));
    sql.add_text(&query.endpoint.to_string());
    if let Some(state) = query.state {
        sql.add(" AND state = ").add_text(state.as_str());
        if state != WebhookState::Delivered {
            // It lets the partial index be used.
            sql.add(" AND state <> 'delivered'");
        }
    }
    if let Some(before) = query.before {
        sql.add(" AND position < ").add_number(number("before", before)?);
    }
    sql.add(" ORDER BY position DESC LIMIT ").add_number(limit.into());
    readers.read(move |db| list(db, sql.sql(), sql.values(), |row| rows::message(row))).await
}
