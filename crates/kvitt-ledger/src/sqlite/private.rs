//! Personal data and secrets.

use kvitt_core::SaleId;
use rusqlite::{Connection, params};
use secrecy::{ExposeSecret as _, SecretString};

use super::inbox;
use super::readers::Readers;
use super::row::sale_text;
use super::statement::{execute, list};
use super::writer::Write;
use crate::error::LedgerError;
use crate::private::{Private, PrivateChange};
use crate::row::Read;

/// What the sale keeps in private.
pub(super) async fn of_sale(readers: &Readers, sale: SaleId) -> Result<Private, LedgerError> {
    let sql = "SELECT 1 AS personal, name, value FROM personal WHERE sale = ?1
         UNION ALL SELECT 0, name, value FROM secret WHERE sale = ?1";
    let read = move |db: &Connection| {
        let mut private = Private::default();
        list(db, sql, [sale_text(sale)], |row| {
            let read = Read::new("personal or secret", row);
            let value = SecretString::from(read.text("value")?);
            let shelf = if read.integer("personal")? == 1 {
                &mut private.personal
            } else {
                &mut private.secrets
            };
            shelf.insert(read.text("name")?, value);
            Ok(())
        })?;
        Ok(private)
    };
    readers.read_by_key(read).await
}

/// Carries out one change.
pub(super) fn change(
    db: &Connection,
    sale: SaleId,
    change: &PrivateChange,
) -> Result<(), LedgerError> {
    let set = |sql, name: &String, value: &SecretString| {
        execute(db, sql, params![sale_text(sale), name, value.expose_secret()])
    };
    let remove = |sql, name: &String| execute(db, sql, params![sale_text(sale), name]);
    match change {
        PrivateChange::SetPersonal { name, value } => set(
            "INSERT INTO personal (sale, name, value) VALUES (?, ?, ?)
             ON CONFLICT (sale, name) DO UPDATE SET value = excluded.value",
            name,
            value,
        ),
        PrivateChange::SetSecret { name, value } => set(
            "INSERT INTO secret (sale, name, value) VALUES (?, ?, ?)
             ON CONFLICT (sale, name) DO UPDATE SET value = excluded.value",
            name,
            value,
        ),
        PrivateChange::RemovePersonal { name } => {
            remove("DELETE FROM personal WHERE sale = ? AND name = ?", name)
        }
        PrivateChange::RemoveSecret { name } => {
            remove("DELETE FROM secret WHERE sale = ? AND name = ?", name)
        }
    }
    .map(drop)
}

/// Erases the sale's personal data.
pub(super) struct ErasePersonal {
    pub(super) sale: SaleId,
}

impl Write for ErasePersonal {
    type Output = ();

    const SCRUB: bool = true;

    fn apply(&mut self, db: &Connection) -> Result<(), LedgerError> {
        execute(db, "DELETE FROM personal WHERE sale = ?", [sale_text(self.sale)])?;
        inbox::erase(db, self.sale)
    }
}
