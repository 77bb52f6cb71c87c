//! Personal data and secrets.

use async_trait::async_trait;
use kvitt_core::SaleId;
use secrecy::{ExposeSecret as _, SecretString};
use sqlx::SqlitePool;
use sqlx::sqlite::SqliteConnection;

use super::error::driver;
use super::inbox;
use super::row::sale_text;
use super::writer::Write;
use crate::error::LedgerError;
use crate::private::{Private, PrivateChange};
use crate::row::Read;

/// What the sale keeps in private.
pub(super) async fn of_sale(db: &SqlitePool, sale: SaleId) -> Result<Private, LedgerError> {
    let rows = sqlx::query(
        "SELECT 1 AS personal, name, value FROM personal WHERE sale = ?1
         UNION ALL SELECT 0, name, value FROM secret WHERE sale = ?1",
    )
    .bind(sale_text(sale))
    .fetch_all(db)
    .await
    .map_err(driver)?;
    let mut private = Private::default();
    for row in &rows {
        let read = Read::new("personal or secret", row);
        let value = SecretString::from(read.text("value")?);
        let shelf = if read.integer("personal")? == 1 {
            &mut private.personal
        } else {
            &mut private.secrets
        };
        shelf.insert(read.text("name")?, value);
    }
    Ok(private)
}

/// Carries out one change.
pub(super) async fn change(
    db: &mut SqliteConnection,
    sale: SaleId,
    change: &PrivateChange,
) -> Result<(), LedgerError> {
    let (sql, name, value) = match change {
        PrivateChange::SetPersonal { name, value } => (
            "INSERT INTO personal (sale, name, value) VALUES (?, ?, ?)
             ON CONFLICT (sale, name) DO UPDATE SET value = excluded.value",
            name,
            Some(value),
        ),
        PrivateChange::SetSecret { name, value } => (
            "INSERT INTO secret (sale, name, value) VALUES (?, ?, ?)
             ON CONFLICT (sale, name) DO UPDATE SET value = excluded.value",
            name,
            Some(value),
        ),
        PrivateChange::RemovePersonal { name } => {
            ("DELETE FROM personal WHERE sale = ? AND name = ?", name, None)
        }
        PrivateChange::RemoveSecret { name } => {
            ("DELETE FROM secret WHERE sale = ? AND name = ?", name, None)
        }
    };
    let mut query = sqlx::query(sql).bind(sale_text(sale)).bind(name);
    if let Some(value) = value {
        query = query.bind(value.expose_secret());
    }
    query.execute(db).await.map_err(driver)?;
    Ok(())
}

/// Erases the sale's personal data.
pub(super) struct ErasePersonal {
    pub(super) sale: SaleId,
}

#[async_trait]
impl Write for ErasePersonal {
    type Output = ();

    const SCRUB: bool = true;

    async fn apply(&mut self, db: &mut SqliteConnection) -> Result<(), LedgerError> {
        sqlx::query("DELETE FROM personal WHERE sale = ?")
            .bind(sale_text(self.sale))
            .execute(&mut *db)
            .await
            .map_err(driver)?;
        inbox::erase(db, self.sale).await
    }
}
