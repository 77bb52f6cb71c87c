//! What Klarna sent. `append.sql` keeps it.

use kvitt_core::SaleId;

use super::connections::Connections;
use super::error::{Failed, driver};
use crate::heard::{CHECKOUTS_MAX, Heard};
use crate::inbox::Message;
use crate::rows;

/// The sale's messages, oldest first.
pub(super) async fn of_sale(db: &Connections, sale: SaleId) -> Result<Vec<Message>, Failed> {
    let rows = sqlx::query(
        "SELECT sale, door, content, times, first_at_us, last_at_us FROM inbox
         WHERE sale = $1 ORDER BY first_at_us, digest",
    )
    .bind(sale.0)
    .fetch_all(db)
    .await
    .map_err(driver)?;
    Ok(rows.iter().map(rows::message).collect::<Result<_, _>>()?)
}

/// When Klarna was last heard of, and what was sold since. An index leads to either.
pub(super) async fn heard(db: &Connections) -> Result<Heard, Failed> {
    let row = sqlx::query(
        "WITH heard AS MATERIALIZED (
             SELECT max(last_at_us) AS at_us FROM inbox WHERE door <> 'confirmation'
         ), opened AS (
             SELECT placed_at_us FROM sale
             WHERE created_at_us > (SELECT coalesce(at_us, $1) FROM heard)
             ORDER BY created_at_us LIMIT $2
         ), placed AS (
             SELECT placed_at_us FROM opened WHERE placed_at_us IS NOT NULL LIMIT $3
         )
         SELECT (SELECT at_us FROM heard) AS heard_at_us, count(*) AS orders,
             min(placed_at_us) AS first_order_at_us FROM placed",
    )
    .bind(i64::MIN)
    .bind(i64::from(CHECKOUTS_MAX))
    .bind(i64::from(Heard::ORDERS_MAX))
    .fetch_one(db)
    .await
    .map_err(driver)?;
    Ok(Heard::read(&row)?)
}
