//! Personal data and secrets.

use kvitt_core::SaleId;
use secrecy::SecretString;
use sqlx::Row as _;

use super::connections::Connections;
use super::error::{Failed, driver};
use crate::private::Private;
use crate::row::Read;

/// What the sale keeps in private.
pub(super) async fn of_sale(db: &Connections, sale: SaleId) -> Result<Private, Failed> {
    let rows = sqlx::query("SELECT personal, name, value FROM private WHERE sale = $1")
        .bind(sale.0)
        .fetch_all(db)
        .await
        .map_err(driver)?;
    let mut private = Private::default();
    for row in &rows {
        let read = Read::new("private", row);
        let value = String::from_utf8(read.bytes("value")?)
            .map_err(|_| read.wrong("value", "it is no UTF-8"))?;
        let shelf = if row.try_get("personal").map_err(driver)? {
            &mut private.personal
        } else {
            &mut private.secrets
        };
        shelf.insert(read.text("name")?, SecretString::from(value));
    }
    Ok(private)
}

/// Erases the sale's personal data, with the sale locked as by its steps. The server's next vacuum
/// frees the place that it had; the log and backups hold it for as long as they are kept.
pub(super) async fn erase_personal(db: &Connections, sale: SaleId) -> Result<(), Failed> {
    sqlx::query(
        "WITH locked AS (SELECT sale FROM sale WHERE sale = $1 FOR UPDATE),
         emptied AS (
             UPDATE inbox SET content = '' FROM locked WHERE inbox.sale = locked.sale
         )
         DELETE FROM private USING locked WHERE private.sale = locked.sale AND personal",
    )
    .bind(sale.0)
    .execute(db)
    .await
    .map_err(driver)?;
    Ok(())
}
