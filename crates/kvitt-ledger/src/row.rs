//! Values as the stores keep them, and back.

use std::borrow::Cow;
use std::fmt::Display;
use std::str::FromStr;
use std::time::Duration;

use jiff::Timestamp;
use kvitt_core::SaleId;
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::error::LedgerError;

/// A hundred years: no wait is longer, so that no sum of times overflows.
const WAIT_MAX: Duration = Duration::from_hours(100 * 366 * 24);

/// A wait in microseconds.
pub(crate) fn wait_us(wait: Duration) -> i64 {
    i64::try_from(wait.min(WAIT_MAX).as_micros()).unwrap_or(i64::MAX)
}

/// A time as it comes back once it was stored: kept to the microsecond.
pub(crate) fn stored(at: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(at.as_microsecond()).unwrap_or(at)
}

/// A number as databases keep numbers. Only numbers that nothing could count up to do not fit.
pub(crate) fn number(field: &'static str, number: u64) -> Result<i64, LedgerError> {
    i64::try_from(number).map_err(|_| LedgerError::InvalidAppend {
        what: format!("{field} is {number}, more than can be stored"),
    })
}

/// A value as JSON.
pub(crate) fn json(field: &'static str, value: &impl Serialize) -> Result<String, LedgerError> {
    serde_json::to_string(value).map_err(|error| LedgerError::InvalidAppend {
        what: format!("{field} cannot be written as JSON: {error}"),
    })
}

/// What a row has in a column: a value, nothing, or something that cannot be read, and why.
pub(crate) type Cell<T> = Result<Option<T>, Cow<'static, str>>;

/// A row of either store.
pub(crate) trait Cells {
    /// A text, where it lies.
    fn text(&self, column: &str) -> Cell<&str>;

    /// A whole number.
    fn integer(&self, column: &str) -> Cell<i64>;

    /// Bytes.
    fn bytes(&self, column: &str) -> Cell<Vec<u8>>;

    /// An id, written in the store's own way.
    fn id<T>(&self, column: &str) -> Cell<T>
    where
        T: From<Uuid> + FromStr<Err: Display>;
}

/// A row together with what it is called when it cannot be read.
pub(crate) struct Read<'r, R> {
    table: &'static str,
    row: &'r R,
}

impl<'r, R: Cells> Read<'r, R> {
    pub(crate) fn new(table: &'static str, row: &'r R) -> Self {
        Self { table, row }
    }

    /// An error that names the row, as well as it can be named.
    pub(crate) fn wrong(&self, column: &str, problem: impl Display) -> LedgerError {
        let name = |key: &str| {
            let of_id = || self.row.id::<Uuid>(key).map(|it| it.map(|id| id.simple().to_string()));
            let of_number = || self.row.integer(key).map(|it| it.map(|number| number.to_string()));
            let of_text = || self.row.text(key).map(|it| it.map(str::to_owned));
            let value = of_text().or_else(|_| of_id()).or_else(|_| of_number());
            value.ok().flatten().map(|value| format!(" {key} {value}"))
        };
        let key: String = ["sale", "seq", "work_id", "id"].into_iter().filter_map(name).collect();
        LedgerError::Inconsistent {
            what: format!("table {}, row{key}, column {column}: {problem}", self.table),
        }
    }

    /// A value that is always there.
    fn there<T>(&self, column: &str, cell: Cell<T>) -> Result<T, LedgerError> {
        cell.and_then(|value| value.ok_or(Cow::Borrowed("it is absent")))
            .map_err(|problem| self.wrong(column, problem))
    }

    pub(crate) fn text(&self, column: &str) -> Result<String, LedgerError> {
        self.there(column, self.row.text(column)).map(str::to_owned)
    }

    pub(crate) fn text_or_none(&self, column: &str) -> Result<Option<String>, LedgerError> {
        let text = self.row.text(column).map_err(|problem| self.wrong(column, problem))?;
        Ok(text.map(str::to_owned))
    }

    pub(crate) fn integer(&self, column: &str) -> Result<i64, LedgerError> {
        self.there(column, self.row.integer(column))
    }

    /// A number that counts something.
    pub(crate) fn count<T: TryFrom<i64>>(&self, column: &str) -> Result<T, LedgerError> {
        let number = self.integer(column)?;
        T::try_from(number).map_err(|_| self.wrong(column, format_args!("{number} is no count")))
    }

    pub(crate) fn count_or_none<T: TryFrom<i64>>(
        &self,
        column: &str,
    ) -> Result<Option<T>, LedgerError> {
        let number = self.row.integer(column).map_err(|problem| self.wrong(column, problem))?;
        number.map(|_| self.count(column)).transpose()
    }

    pub(crate) fn time(&self, column: &str) -> Result<Timestamp, LedgerError> {
        self.time_of(column, self.integer(column)?)
    }

    pub(crate) fn time_or_none(&self, column: &str) -> Result<Option<Timestamp>, LedgerError> {
        let micros = self.row.integer(column).map_err(|problem| self.wrong(column, problem))?;
        micros.map(|micros| self.time_of(column, micros)).transpose()
    }

    fn time_of(&self, column: &str, micros: i64) -> Result<Timestamp, LedgerError> {
        Timestamp::from_microsecond(micros).map_err(|error| self.wrong(column, error))
    }

    pub(crate) fn sale(&self) -> Result<SaleId, LedgerError> {
        self.id("sale").map(SaleId)
    }

    pub(crate) fn id<T>(&self, column: &str) -> Result<T, LedgerError>
    where
        T: From<Uuid> + FromStr<Err: Display>,
    {
        self.there(column, self.row.id(column))
    }

    pub(crate) fn id_or_none<T>(&self, column: &str) -> Result<Option<T>, LedgerError>
    where
        T: From<Uuid> + FromStr<Err: Display>,
    {
        self.row.id(column).map_err(|problem| self.wrong(column, problem))
    }

    pub(crate) fn json<T: DeserializeOwned>(&self, column: &str) -> Result<T, LedgerError> {
        let text = self.there(column, self.row.text(column))?;
        serde_json::from_str(text).map_err(|error| self.wrong(column, error))
    }

    pub(crate) fn bytes(&self, column: &str) -> Result<Vec<u8>, LedgerError> {
        self.there(column, self.row.bytes(column))
    }

    pub(crate) fn digest(&self, column: &str) -> Result<[u8; 32], LedgerError> {
        <[u8; 32]>::try_from(self.bytes(column)?)
            .map_err(|bytes| self.wrong(column, format_args!("{} bytes, not 32", bytes.len())))
    }
}
