//! Values as PostgreSQL keeps them, and back.

use std::borrow::Cow;
use std::fmt::Display;
use std::str::FromStr;

use sqlx::postgres::{PgRow, Postgres};
use sqlx::{Decode, Row as _, Type};
use uuid::Uuid;

use crate::row::{Cell, Cells};

/// The database's clock in microseconds, as SQL. As a query of its own it is asked once a
/// statement, so that an index can be searched for it.
macro_rules! now_us {
    () => {
        "(SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint)"
    };
}
pub(super) use now_us;

/// A text as it can be stored: PostgreSQL's texts hold every character but NUL, and what is
/// stored this way is for lists only.
pub(super) fn storable(text: &str) -> Cow<'_, str> {
    if is_storable(text) { text.into() } else { text.replace('\0', "\u{fffd}").into() }
}

/// Whether a text can be stored as it is. One that cannot is not found either.
pub(super) fn is_storable(text: &str) -> bool {
    !text.contains('\0')
}

/// Yes or no, which only this store has.
pub(super) fn flag(row: &PgRow, column: &str) -> Cell<bool> {
    get(row, column)
}

fn get<'r, T>(row: &'r PgRow, column: &str) -> Cell<T>
where
    T: Decode<'r, Postgres> + Type<Postgres>,
{
    row.try_get(column).map_err(|error| error.to_string().into())
}

impl Cells for PgRow {
    fn text(&self, column: &str) -> Cell<&str> {
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
        get::<Uuid>(self, column).map(|id| id.map(T::from))
    }
}
