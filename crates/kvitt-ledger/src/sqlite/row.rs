//! Values as SQLite keeps them, and back.

use std::fmt::Display;
use std::str::FromStr;
use std::time::Duration;

use jiff::Timestamp;
use kvitt_core::SaleId;
use serde::de::DeserializeOwned;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use super::error::driver;
use crate::error::LedgerError;

/// The database's clock in microseconds, as SQL.
macro_rules! now_us {
    () => {
        "CAST(unixepoch('subsec') * 1000000 AS INTEGER)"
    };
}
pub(super) use now_us;

/// A hundred years: no wait is longer, so that no sum of times overflows.
const WAIT_MAX: Duration = Duration::from_hours(100 * 366 * 24);

/// A wait in microseconds.
pub(super) fn wait_us(wait: Duration) -> i64 {
    i64::try_from(wait.min(WAIT_MAX).as_micros()).unwrap_or(i64::MAX)
}

/// A time as it comes back once it was stored: kept to the microsecond.
pub(super) fn stored(at: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(at.as_microsecond()).unwrap_or(at)
}

/// A sale's id as it is stored.
pub(super) fn sale_text(sale: SaleId) -> String {
    sale.0.as_simple().to_string()
}

/// A number as SQLite keeps numbers. Only numbers that nothing could count up to do not fit.
pub(super) fn number(field: &'static str, number: u64) -> Result<i64, LedgerError> {
    i64::try_from(number).map_err(|_| LedgerError::InvalidAppend {
        what: format!("{field} is {number}, more than can be stored"),
    })
}

/// A row together with what it is called when it cannot be read.
pub(super) struct Read<'r> {
    table: &'static str,
    row: &'r SqliteRow,
}

impl<'r> Read<'r> {
    pub(super) fn new(table: &'static str, row: &'r SqliteRow) -> Self {
        Self { table, row }
    }

    /// An error that names the row, as well as it can be named.
    pub(super) fn wrong(&self, column: &str, problem: impl Display) -> LedgerError {
        let key: String = ["sale", "seq", "work_id", "id"]
            .iter()
            .filter_map(|key| {
                let value = self
                    .row
                    .try_get::<String, _>(*key)
                    .or_else(|_| self.row.try_get::<i64, _>(*key).map(|number| number.to_string()));
                value.ok().map(|value| format!(" {key} {value}"))
            })
            .collect();
        LedgerError::Inconsistent {
            what: format!("table {}, row{key}, column {column}: {problem}", self.table),
        }
    }

    pub(super) fn text(&self, column: &'static str) -> Result<String, LedgerError> {
        self.row.try_get(column).map_err(driver)
    }

    pub(super) fn text_or_none(&self, column: &'static str) -> Result<Option<String>, LedgerError> {
        self.row.try_get(column).map_err(driver)
    }

    pub(super) fn integer(&self, column: &'static str) -> Result<i64, LedgerError> {
        self.row.try_get(column).map_err(driver)
    }

    /// A number that counts something.
    pub(super) fn count<T: TryFrom<i64>>(&self, column: &'static str) -> Result<T, LedgerError> {
        let number = self.integer(column)?;
        T::try_from(number).map_err(|_| self.wrong(column, format_args!("{number} is no count")))
    }

    pub(super) fn count_or_none<T: TryFrom<i64>>(
        &self,
        column: &'static str,
    ) -> Result<Option<T>, LedgerError> {
        let number: Option<i64> = self.row.try_get(column).map_err(driver)?;
        number.map(|_| self.count(column)).transpose()
    }

    pub(super) fn time(&self, column: &'static str) -> Result<Timestamp, LedgerError> {
        self.time_of(column, self.integer(column)?)
    }

    pub(super) fn time_or_none(
        &self,
        column: &'static str,
    ) -> Result<Option<Timestamp>, LedgerError> {
        let micros: Option<i64> = self.row.try_get(column).map_err(driver)?;
        micros.map(|micros| self.time_of(column, micros)).transpose()
    }

    fn time_of(&self, column: &'static str, micros: i64) -> Result<Timestamp, LedgerError> {
        Timestamp::from_microsecond(micros).map_err(|error| self.wrong(column, error))
    }

    pub(super) fn sale(&self) -> Result<SaleId, LedgerError> {
        self.uuid("sale").map(SaleId)
    }

    pub(super) fn uuid(&self, column: &'static str) -> Result<Uuid, LedgerError> {
        let text = self.text(column)?;
        Uuid::try_parse(&text).map_err(|error| self.wrong(column, error))
    }

    /// A text that has a type of its own.
    pub(super) fn parsed<T>(&self, column: &'static str) -> Result<T, LedgerError>
    where
        T: FromStr<Err: Display>,
    {
        self.text(column)?.parse().map_err(|error: T::Err| self.wrong(column, error))
    }

    pub(super) fn json<T: DeserializeOwned>(&self, column: &'static str) -> Result<T, LedgerError> {
        serde_json::from_str(&self.text(column)?).map_err(|error| self.wrong(column, error))
    }

    pub(super) fn digest(&self, column: &'static str) -> Result<[u8; 32], LedgerError> {
        let bytes: Vec<u8> = self.row.try_get(column).map_err(driver)?;
        <[u8; 32]>::try_from(bytes)
            .map_err(|bytes| self.wrong(column, format_args!("{} bytes, not 32", bytes.len())))
    }
}
