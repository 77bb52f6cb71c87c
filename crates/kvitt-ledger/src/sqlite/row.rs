//! Values as SQLite keeps them, and back.

use std::fmt::Display;
use std::str::FromStr;

use kvitt_core::SaleId;
use sqlx::sqlite::{Sqlite, SqliteRow};
use sqlx::{Decode, Row as _, Type};
use uuid::Uuid;

use crate::row::{Cell, Cells};

/// The database's clock in microseconds, as SQL.
macro_rules! now_us {
    () => {
        "CAST(unixepoch('subsec') * 1000000 AS INTEGER)"
    };
}
pub(super) use now_us;

/// A sale's id as it is stored.
pub(super) fn sale_text(sale: SaleId) -> String {
    sale.0.as_simple().to_string()
}

fn get<'r, T>(row: &'r SqliteRow, column: &str) -> Cell<T>
where
    T: Decode<'r, Sqlite> + Type<Sqlite>,
{
    row.try_get(column).map_err(|error| error.to_string().into())
}

impl Cells for SqliteRow {
    fn text(&self, column: &str) -> Cell<String> {
        get(self, column)
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
