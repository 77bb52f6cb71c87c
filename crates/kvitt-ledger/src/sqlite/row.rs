//! Values as SQLite keeps them, and back.

use std::fmt::Display;
use std::str::FromStr;

use kvitt_core::SaleId;
use rusqlite::types::{FromSql, ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Result, Row};
use uuid::Uuid;

use crate::row::{Cell, Cells};

/// The database's clock in microseconds, as SQL.
macro_rules! now_us {
    () => {
        "CAST(unixepoch('subsec') * 1000000 AS INTEGER)"
    };
}
pub(super) use now_us;

/// A text of a known length, which needs no memory of its own.
pub(super) struct Text<const LENGTH: usize>([u8; LENGTH]);

impl<const LENGTH: usize> ToSql for Text<LENGTH> {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(ValueRef::Text(&self.0)))
    }
}

/// A sale's id as it is stored.
pub(super) fn sale_text(sale: SaleId) -> Text<32> {
    let mut text = [0; 32];
    sale.0.as_simple().encode_lower(&mut text);
    Text(text)
}

/// An id without a prefix as it is stored, if it is not a sale's.
pub(super) fn id_text(id: Uuid) -> Text<36> {
    let mut text = [0; 36];
    id.as_hyphenated().encode_lower(&mut text);
    Text(text)
}

fn get<T: FromSql>(row: &Row<'_>, column: &str) -> Cell<T> {
    row.get(column).map_err(|error| error.to_string().into())
}

impl Cells for Row<'_> {
    fn text(&self, column: &str) -> Cell<&str> {
        let value = self.get_ref(column).map_err(|error| error.to_string())?;
        value.as_str_or_null().map_err(|error| error.to_string().into())
    }

    fn integer(&self, column: &str) -> Cell<i64> {
        get(self, column)
    }

    fn bytes(&self, column: &str) -> Cell<Vec<u8>> {
        get(self, column)
    }

    fn id<T>(&self, column: &str) -> Cell<T>
    where
        T: From<Uuid> + FromStr<Err: Display>,
    {
        let text = self.text(column)?;
        text.map(|text| text.parse().map_err(|error: T::Err| error.to_string().into())).transpose()
    }
}
