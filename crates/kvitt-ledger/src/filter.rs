//! What a query for sales asks of a row, where both stores ask it in the same words.

use kvitt_core::OrderStatus;
use sqlx::{Database, Encode, QueryBuilder, Type};

use crate::summary::{SaleQuery, expires_to};

/// Adds every filter but the search and the cursor, which each store has in its own words.
pub(crate) fn push<DB>(sql: &mut QueryBuilder<DB>, query: &SaleQuery)
where
    DB: Database,
    String: for<'t> Encode<'t, DB> + Type<DB>,
    i64: for<'t> Encode<'t, DB> + Type<DB>,
{
    if query.orders_only {
        sql.push(" AND order_status IS NOT NULL");
    }
    if query.attention_only {
        sql.push(" AND attention IS NOT NULL");
    }
    for (column, wanted) in [
        ("fraud_status", &query.fraud_status),
        ("account", &query.account),
        ("purchase_country", &query.purchase_country),
    ] {
        if let Some(wanted) = wanted {
            sql.push(" AND ").push(column).push(" = ").push_bind(wanted.clone());
        }
    }
    if let Some(from) = query.created_from {
        sql.push(" AND created_at_us >= ").push_bind(from.as_microsecond());
    }
    if let Some(before) = query.created_before {
        sql.push(" AND created_at_us < ").push_bind(before.as_microsecond());
    }
    if let Some(status) = &query.status {
        push_status(sql, status, query.at.as_microsecond());
    }
}

/// Stored states are blind to time: those that time changes are looked for by what they are now.
fn push_status<DB>(sql: &mut QueryBuilder<DB>, status: &str, at_us: i64)
where
    DB: Database,
    String: for<'t> Encode<'t, DB> + Type<DB>,
    i64: for<'t> Encode<'t, DB> + Type<DB>,
{
    let expiring = [OrderStatus::Authorized, OrderStatus::PartCaptured];
    sql.push(" AND ((order_status = ").push_bind(status.to_owned());
    if expiring.iter().any(|from| from.as_str() == status) {
        sql.push(" AND (expires_at_us IS NULL OR expires_at_us > ").push_bind(at_us).push(")");
    }
    sql.push(")");
    for from in expiring {
        if expires_to(from).is_some_and(|to| to.as_str() == status) {
            sql.push(" OR (order_status = ").push_bind(from.as_str().to_owned());
            sql.push(" AND expires_at_us <= ").push_bind(at_us).push(")");
        }
    }
    sql.push(")");
}
