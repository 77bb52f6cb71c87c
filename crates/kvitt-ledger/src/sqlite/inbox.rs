//! What Klarna sent.

use kvitt_core::SaleId;
use secrecy::ExposeSecret as _;
use sqlx::SqlitePool;
use sqlx::sqlite::SqliteConnection;

use super::error::driver;
use super::row::sale_text;
use crate::error::LedgerError;
use crate::inbox::{MESSAGES_MAX, Message, NewMessage};
use crate::rows;

/// Keeps a message, or counts it where it came before. One too many is dropped.
pub(super) async fn receive(
    db: &mut SqliteConnection,
    sale: SaleId,
    message: &NewMessage,
) -> Result<(), LedgerError> {
    let digest = message.digest();
    let known = sqlx::query(
        "UPDATE inbox SET times = times + 1, last_at_us = max(last_at_us, ?3)
         WHERE sale = ?1 AND digest = ?2",
    )
    .bind(sale_text(sale))
    .bind(digest.as_slice())
    .bind(message.at.as_microsecond())
    .execute(&mut *db)
    .await
    .map_err(driver)?;
    if known.rows_affected() > 0 {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO inbox (sale, digest, door, content, times, first_at_us, last_at_us)
         SELECT ?1, ?2, ?3, ?4, 1, ?5, ?5
         WHERE (SELECT count(*) FROM inbox WHERE sale = ?1) < ?6",
    )
    .bind(sale_text(sale))
    .bind(digest.as_slice())
    .bind(message.door.as_str())
    .bind(message.content.expose_secret().as_bytes())
    .bind(message.at.as_microsecond())
    .bind(MESSAGES_MAX)
    .execute(db)
    .await
    .map_err(driver)?;
    Ok(())
}

/// The sale's messages, oldest first.
pub(super) async fn of_sale(db: &SqlitePool, sale: SaleId) -> Result<Vec<Message>, LedgerError> {
    let rows = sqlx::query(
        "SELECT sale, door, content, times, first_at_us, last_at_us FROM inbox
         WHERE sale = ? ORDER BY first_at_us, digest",
    )
    .bind(sale_text(sale))
    .fetch_all(db)
    .await
    .map_err(driver)?;
    rows.iter().map(rows::message).collect()
}

/// Empties the sale's messages: they may hold personal data.
pub(super) async fn erase(db: &mut SqliteConnection, sale: SaleId) -> Result<(), LedgerError> {
    sqlx::query("UPDATE inbox SET content = x'' WHERE sale = ?")
        .bind(sale_text(sale))
        .execute(db)
        .await
        .map_err(driver)?;
    Ok(())
}
