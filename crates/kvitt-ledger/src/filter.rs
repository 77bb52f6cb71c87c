//! What a query for sales asks of a row, where both stores ask it in the same words.

use kvitt_core::OrderStatus;
use sqlx::{Postgres, QueryBuilder};

use crate::summary::{SaleQuery, expires_to};

/// A statement that is put together, with the values that are bound in it.
pub(crate) trait Parts {
    /// Adds SQL.
    fn add(&mut self, sql: &str) -> &mut Self;

    /// Adds a text as a bound value.
    fn add_text(&mut self, value: &str) -> &mut Self;

    /// Adds a whole number as a bound value.
    fn add_number(&mut self, value: i64) -> &mut Self;
}

impl Parts for QueryBuilder<Postgres> {
    fn add(&mut self, sql: &str) -> &mut Self {
        self.push(sql)
    }

    fn add_text(&mut self, value: &str) -> &mut Self {
        self.push_bind(value.to_owned())
    }

    fn add_number(&mut self, value: i64) -> &mut Self {
        self.push_bind(value)
    }
}

/// What Klarna says of an order while it looks at it: of few orders, so that they are looked for by it.
pub(crate) const PENDING: &str = "PENDING";

/// Adds every filter but the state, the search and the cursor, which each store has in its own words.
pub(crate) fn push(sql: &mut impl Parts, query: &SaleQuery) {
    if query.orders_only {
        sql.add(" AND order_status IS NOT NULL");
    }
    if query.attention_only {
        sql.add(" AND attention IS NOT NULL");
    }
    match query.fraud_status.as_deref() {
        // In these words there is an index of them.
        Some(PENDING) => {
            sql.add(" AND fraud_status = 'PENDING'");
        }
        Some(other) => {
            sql.add(" AND fraud_status = ").add_text(other);
        }
        None => {}
    }
    for (column, wanted) in
        [("account", &query.account), ("purchase_country", &query.purchase_country)]
    {
        if let Some(wanted) = wanted {
            sql.add(" AND ").add(column).add(" = ").add_text(wanted);
        }
    }
    if let Some(from) = query.created_from {
        sql.add(" AND created_at_us >= ").add_number(from.as_microsecond());
    }
    if let Some(before) = query.created_before {
        sql.add(" AND created_at_us < ").add_number(before.as_microsecond());
    }
}

/// How many sales a search may find for all of them to be put in order. Of more, some are among the
/// newest, and are found sooner by going through those.
pub(crate) const SORTED_MAX: u32 = 5_000;

/// What leads to the sales.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// Time: from the newest on, until the page is full.
    Time,
    /// What is searched for: all that it fits, put in order.
    Search,
}

impl SaleQuery {
    /// What is searched for, if anything is.
    pub(crate) fn searched(&self) -> Option<&str> {
        self.search.as_deref().map(str::trim).filter(|text| !text.is_empty())
    }
}

/// A state as it is stored, and what of `expires_at_us` makes it the one that is looked for. Stored
/// states are blind to time: those that time changes are looked for by what they are now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StoredState {
    status: String,
    expiry: Expiry,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expiry {
    Whatever,
    Ahead,
    Passed,
}

impl StoredState {
    /// Every stored state that counts as this one; no row is in two of them.
    pub(crate) fn all_of(status: &str) -> Vec<Self> {
        let expiring = [OrderStatus::Authorized, OrderStatus::PartCaptured];
        let is_expiring = expiring.iter().any(|from| from.as_str() == status);
        let expiry = if is_expiring { Expiry::Ahead } else { Expiry::Whatever };
        let becoming = expiring
            .into_iter()
            .filter(|from| expires_to(*from).is_some_and(|to| to.as_str() == status))
            .map(|from| Self { status: from.as_str().to_owned(), expiry: Expiry::Passed });
        std::iter::once(Self { status: status.to_owned(), expiry }).chain(becoming).collect()
    }

    /// Adds the condition; `column` is the state's, as it shall be written.
    pub(crate) fn push(&self, sql: &mut impl Parts, column: &str, at_us: i64) {
        sql.add("(").add(column).add(" = ").add_text(&self.status);
        match self.expiry {
            Expiry::Whatever => {}
            Expiry::Ahead => {
                sql.add(" AND (expires_at_us IS NULL OR expires_at_us > ");
                sql.add_number(at_us).add(")");
            }
            Expiry::Passed => {
                sql.add(" AND expires_at_us <= ").add_number(at_us);
            }
        }
        sql.add(")");
    }

    /// Adds the condition that one of them holds.
    pub(crate) fn push_any(all: &[Self], sql: &mut impl Parts, column: &str, at_us: i64) {
        for (index, state) in all.iter().enumerate() {
            sql.add(if index == 0 { " AND (" } else { " OR " });
            state.push(sql, column, at_us);
        }
        if !all.is_empty() {
            sql.add(")");
        }
    }
}
