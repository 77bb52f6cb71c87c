//! What Klarna sent. `append.sql` keeps it.

use kvitt_core::SaleId;

use super::connections::Connections;
use super::error::{Failed, driver};
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
