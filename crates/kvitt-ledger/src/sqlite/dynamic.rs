//! A statement whose form depends on what is asked for.

use rusqlite::Params;
use rusqlite::types::Value;

use crate::filter::Parts;

/// SQL in parts, and the values that are bound in it.
#[derive(Debug, Default)]
pub(super) struct Dynamic {
    sql: String,
    values: Vec<Value>,
}

impl Dynamic {
    pub(super) fn new(sql: &str) -> Self {
        Self { sql: sql.to_owned(), values: Vec::new() }
    }

    /// The whole statement.
    pub(super) fn sql(&self) -> &str {
        &self.sql
    }

    /// Its values.
    pub(super) fn values(&self) -> impl Params + '_ {
        rusqlite::params_from_iter(&self.values)
    }

    fn bind(&mut self, value: Value) -> &mut Self {
        self.sql.push('?');
        self.values.push(value);
        self
    }
}

impl Parts for Dynamic {
    fn add(&mut self, sql: &str) -> &mut Self {
        self.sql.push_str(sql);
        self
    }

    fn add_text(&mut self, value: &str) -> &mut Self {
        self.bind(Value::Text(value.to_owned()))
    }

    fn add_number(&mut self, value: i64) -> &mut Self {
        self.bind(Value::Integer(value))
    }
}
