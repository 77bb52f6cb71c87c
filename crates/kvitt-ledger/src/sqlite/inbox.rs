//! What Klarna sent.

use kvitt_core::SaleId;
use rusqlite::{Connection, params};
use secrecy::ExposeSecret as _;

use super::readers::Readers;
use super::row::sale_text;
use super::statement::{execute, list, one};
use crate::error::LedgerError;
use crate::heard::{CHECKOUTS_MAX, Heard};
use crate::inbox::{MESSAGES_MAX, Message, NewMessage};
use crate::rows;

/// Keeps a message, or counts it where it came before. One too many is dropped.
pub(super) fn receive(
    db: &Connection,
    sale: SaleId,
    message: &NewMessage,
) -> Result<(), LedgerError> {
    let (digest, at_us) = (message.digest(), message.at.as_microsecond());
    let known = execute(
        db,
        "UPDATE inbox SET times = times + 1, last_at_us = max(last_at_us, ?3)
         WHERE sale = ?1 AND digest = ?2",
        params![sale_text(sale), digest, at_us],
    )?;
    if known > 0 {
        return Ok(());
    }
    execute(
        db,
        "INSERT INTO inbox (sale, digest, door, content, times, first_at_us, last_at_us)
         SELECT ?1, ?2, ?3, ?4, 1, ?5, ?5
         WHERE (SELECT count(*) FROM inbox WHERE sale = ?1) < ?6",
        params![
            sale_text(sale),
            digest,
            message.door.as_str(),
            message.content.expose_secret().as_bytes(),
            at_us,
            MESSAGES_MAX,
        ],
    )?;
    Ok(())
}

/// The sale's messages, oldest first.
pub(super) async fn of_sale(readers: &Readers, sale: SaleId) -> Result<Vec<Message>, LedgerError> {
    let sql = "SELECT sale, door, content, times, first_at_us, last_at_us FROM inbox
         WHERE sale = ? ORDER BY first_at_us, digest";
    readers.read(move |db| list(db, sql, [sale_text(sale)], |row| rows::message(row))).await
}

/// Empties the sale's messages: they may hold personal data.
pub(super) fn erase(db: &Connection, sale: SaleId) -> Result<(), LedgerError> {
    execute(db, "UPDATE inbox SET content = x'' WHERE sale = ?", [sale_text(sale)]).map(drop)
}

/// When Klarna was last heard of, and what was sold since. An index leads to either.
pub(super) async fn heard(readers: &Readers) -> Result<Heard, LedgerError> {
    let sql = "WITH heard AS MATERIALIZED (
             SELECT max(last_at_us) AS at_us FROM inbox WHERE door <> 'confirmation'
         ), opened AS (
             SELECT placed_at_us FROM sale
             WHERE created_at_us > (SELECT coalesce(at_us, ?1) FROM heard)
             ORDER BY created_at_us LIMIT ?2
         ), placed AS (
             SELECT placed_at_us FROM opened WHERE placed_at_us IS NOT NULL LIMIT ?3
         )
         SELECT (SELECT at_us FROM heard) AS heard_at_us, count(*) AS orders,
             min(placed_at_us) AS first_order_at_us FROM placed";
    let values = (i64::MIN, CHECKOUTS_MAX, Heard::ORDERS_MAX);
    readers.read(move |db| one(db, sql, values, |row| Heard::read(row))).await
}
