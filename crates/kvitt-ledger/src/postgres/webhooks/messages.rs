//! Messages, as they are read.

use kvitt_core::{EventId, SaleId, WebhookEndpointId};
use sqlx::{Postgres, QueryBuilder};

use crate::postgres::connections::Connections;
use crate::postgres::error::{Failed, driver};
use crate::row::number;
use crate::webhook::rows::{self, message_columns};
use crate::webhook::{WebhookMessage, WebhookMessageQuery, WebhookState};

/// The first message of a sale that is still to be sent.
pub(super) async fn next(
    db: &Connections,
    sale: SaleId,
    endpoint: WebhookEndpointId,
) -> Result<Option<WebhookMessage>, Failed> {
    let row = sqlx::query(concat!(
        "SELECT ",
        message_columns!(),
        " FROM webhook_message
          WHERE sale = $1 AND endpoint = $2 AND state IN ('pending', 'failing')
          ORDER BY seq LIMIT 1",
    ))
    .bind(sale.0)
    .bind(endpoint.0)
    .fetch_optional(db)
    .await
    .map_err(driver)?;
    Ok(row.as_ref().map(rows::message).transpose()?)
}

/// The message about an event.
pub(super) async fn of_event(
    db: &Connections,
    endpoint: WebhookEndpointId,
    event: EventId,
) -> Result<Option<WebhookMessage>, Failed> {
    let row = sqlx::query(concat!(
        "SELECT ",
        message_columns!(),
        " FROM webhook_message WHERE event = $1 AND endpoint = $2",
    ))
    .bind(event.0)
    .bind(endpoint.0)
    .fetch_optional(db)
    .await
    .map_err(driver)?;
    Ok(row.as_ref().map(rows::message).transpose()?)
}

/// An endpoint's messages, the newest event first.
pub(super) async fn page(
    db: &Connections,
    query: &WebhookMessageQuery,
    limit: u32,
) -> Result<Vec<WebhookMessage>, Failed> {
    let mut sql = QueryBuilder::<Postgres>::new(concat!(
        "SELECT ",
        message_columns!(),
        " FROM webhook_message WHERE endpoint = ",
    ));
    sql.push_bind(query.endpoint.0);
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
    sql.push(" ORDER BY position DESC LIMIT ").push_bind(i64::from(limit));
    let rows = sql.build().fetch_all(db).await.map_err(driver)?;
    Ok(rows.iter().map(rows::message).collect::<Result<_, _>>()?)
}
