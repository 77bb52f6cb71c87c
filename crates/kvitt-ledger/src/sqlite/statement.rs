//! Statements, each of which is prepared once for a connection.

use rusqlite::{Connection, Params, Row};

use super::error::{driver, is_taken};
use crate::error::LedgerError;

/// How many statements a connection keeps prepared: more than there are. Only lists and searches
/// have many forms, and those that are asked for stay.
pub(super) const KEPT_MAX: usize = 128;

/// Runs a statement, and answers how many rows it wrote.
pub(super) fn execute(
    db: &Connection,
    sql: &str,
    values: impl Params,
) -> Result<usize, LedgerError> {
    db.prepare_cached(sql).and_then(|mut it| it.execute(values)).map_err(driver)
}

/// Inserts a row whose key may be taken, which is this error.
pub(super) fn insert(
    db: &Connection,
    sql: &str,
    values: impl Params,
    taken: LedgerError,
) -> Result<(), LedgerError> {
    match db.prepare_cached(sql).and_then(|mut it| it.execute(values)) {
        Ok(_) => Ok(()),
        Err(error) if is_taken(&error) => Err(taken),
        Err(error) => Err(driver(error)),
    }
}

/// The first row, if there is one.
pub(super) fn find<T>(
    db: &Connection,
    sql: &str,
    values: impl Params,
    read: impl FnOnce(&Row<'_>) -> Result<T, LedgerError>,
) -> Result<Option<T>, LedgerError> {
    let mut statement = db.prepare_cached(sql).map_err(driver)?;
    let mut rows = statement.query(values).map_err(driver)?;
    rows.next().map_err(driver)?.map(read).transpose()
}

/// The first row, which is always there.
pub(super) fn one<T>(
    db: &Connection,
    sql: &str,
    values: impl Params,
    read: impl FnOnce(&Row<'_>) -> Result<T, LedgerError>,
) -> Result<T, LedgerError> {
    let none = || driver(rusqlite::Error::QueryReturnedNoRows);
    find(db, sql, values, read)?.ok_or_else(none)
}

/// All rows.
pub(super) fn list<T>(
    db: &Connection,
    sql: &str,
    values: impl Params,
    mut read: impl FnMut(&Row<'_>) -> Result<T, LedgerError>,
) -> Result<Vec<T>, LedgerError> {
    let mut statement = db.prepare_cached(sql).map_err(driver)?;
    let mut rows = statement.query(values).map_err(driver)?;
    let mut all = Vec::new();
    while let Some(row) = rows.next().map_err(driver)? {
        all.push(read(row)?);
    }
    Ok(all)
}

/// Whether there is any row.
pub(super) fn is_any(db: &Connection, sql: &str, values: impl Params) -> Result<bool, LedgerError> {
    Ok(find(db, sql, values, |_| Ok(()))?.is_some())
}
