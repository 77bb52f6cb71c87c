//! Sales at a glance: kept up to date, listed and searched.

use jiff::Timestamp;
use kvitt_core::{OrderStatus, SaleId};
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{QueryBuilder, Sqlite, SqlitePool};

use super::error::driver;
use super::row::{Read, number, sale_text};
use crate::cursor::Cursor;
use crate::error::LedgerError;
use crate::summary::{Page, SaleQuery, SaleSummary, expires_to};

/// The columns of a summary, as SQL.
macro_rules! columns {
    () => {
        "sale, version, created_at_us, updated_at_us, account, purchase_country, \
         purchase_currency, checkout_status, order_status, fraud_status, klarna_order_id, \
         klarna_reference, merchant_reference1, merchant_reference2, order_amount, \
         captured_amount, refunded_amount, remaining_authorized_amount, placed_at_us, \
         expires_at_us, attention, look_at_us"
    };
}

/// Stores the summary, in place of the one before.
pub(super) async fn upsert(
    db: &mut SqliteConnection,
    summary: &SaleSummary,
) -> Result<(), LedgerError> {
    let done = sqlx::query(concat!(
        "INSERT INTO sale (",
        columns!(),
        ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (sale) DO UPDATE SET
             version = excluded.version,
             created_at_us = excluded.created_at_us,
             updated_at_us = excluded.updated_at_us,
             account = excluded.account,
             purchase_country = excluded.purchase_country,
             purchase_currency = excluded.purchase_currency,
             checkout_status = excluded.checkout_status,
             order_status = excluded.order_status,
             fraud_status = excluded.fraud_status,
             klarna_order_id = excluded.klarna_order_id,
             klarna_reference = excluded.klarna_reference,
             merchant_reference1 = excluded.merchant_reference1,
             merchant_reference2 = excluded.merchant_reference2,
             order_amount = excluded.order_amount,
             captured_amount = excluded.captured_amount,
             refunded_amount = excluded.refunded_amount,
             remaining_authorized_amount = excluded.remaining_authorized_amount,
             placed_at_us = excluded.placed_at_us,
             expires_at_us = excluded.expires_at_us,
             attention = excluded.attention,
             look_at_us = excluded.look_at_us",
    ))
    .bind(sale_text(summary.sale))
    .bind(number("summary.version", summary.version)?)
    .bind(summary.created_at.as_microsecond())
    .bind(summary.updated_at.as_microsecond())
    .bind(&summary.account)
    .bind(&summary.purchase_country)
    .bind(&summary.purchase_currency)
    .bind(&summary.checkout_status)
    .bind(&summary.order_status)
    .bind(&summary.fraud_status)
    .bind(&summary.klarna_order_id)
    .bind(&summary.klarna_reference)
    .bind(&summary.merchant_reference1)
    .bind(&summary.merchant_reference2)
    .bind(summary.order_amount)
    .bind(summary.captured_amount)
    .bind(summary.refunded_amount)
    .bind(summary.remaining_authorized_amount)
    .bind(summary.placed_at.map(Timestamp::as_microsecond))
    .bind(summary.expires_at.map(Timestamp::as_microsecond))
    .bind(&summary.attention)
    .bind(summary.look_at.map(Timestamp::as_microsecond))
    .execute(db)
    .await
    .map_err(driver)?;
    match done.rows_affected() {
        1 => Ok(()),
        rows => Err(LedgerError::Inconsistent {
            what: format!("storing the summary of sale {} wrote {rows} rows", summary.sale),
        }),
    }
}

/// The sale at a glance.
pub(super) async fn of_sale(
    db: &SqlitePool,
    sale: SaleId,
) -> Result<Option<SaleSummary>, LedgerError> {
    let row = sqlx::query(concat!("SELECT ", columns!(), " FROM sale WHERE sale = ?"))
        .bind(sale_text(sale))
        .fetch_optional(db)
        .await
        .map_err(driver)?;
    row.as_ref().map(summary).transpose()
}

/// One page of sales, newest first.
pub(super) async fn page(db: &SqlitePool, query: &SaleQuery) -> Result<Page, LedgerError> {
    let limit = query.limit.clamp(1, SaleQuery::LIMIT_MAX);
    let mut sql = select(query)?;
    // One more than asked for shows whether anything follows.
    sql.push(" ORDER BY created_at_us DESC, sale DESC LIMIT ").push_bind(limit + 1);
    let rows = sql.build().fetch_all(db).await.map_err(driver)?;
    let mut items = rows.iter().map(summary).collect::<Result<Vec<_>, _>>()?;
    let full = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = items.len() > full;
    items.truncate(full);
    let next_cursor = items
        .last()
        .filter(|_| more)
        .map(|last| Cursor::after(last.created_at, last.sale).to_text());
    Ok(Page { items, next_cursor })
}

fn select(query: &SaleQuery) -> Result<QueryBuilder<Sqlite>, LedgerError> {
    let mut sql = QueryBuilder::new(concat!("SELECT ", columns!(), " FROM sale WHERE true"));
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
    if let Some(cursor) = &query.cursor {
        let Cursor { created_at_us, sale } = Cursor::parse(cursor)?;
        sql.push(" AND (created_at_us, sale) < (").push_bind(created_at_us);
        sql.push(", ").push_bind(sale_text(sale)).push(")");
    }
    if let Some(status) = &query.status {
        push_status(&mut sql, status, query.at.as_microsecond());
    }
    if let Some(search) = query.search.as_deref().map(str::trim).filter(|text| !text.is_empty()) {
        push_search(&mut sql, search);
    }
    Ok(sql)
}

/// Stored states are blind to time: those that time changes are looked for by what they are now.
fn push_status(sql: &mut QueryBuilder<Sqlite>, status: &str, at_us: i64) {
    let expiring = [OrderStatus::Authorized, OrderStatus::PartCaptured];
    sql.push(" AND ((order_status = ").push_bind(status.to_owned());
    if expiring.iter().any(|from| from.as_str() == status) {
        sql.push(" AND (expires_at_us IS NULL OR expires_at_us > ").push_bind(at_us).push(")");
    }
    sql.push(")");
    for from in expiring {
        if expires_to(from).is_some_and(|to| to.as_str() == status) {
            sql.push(" OR (order_status = ").push_bind(from.as_str());
            sql.push(" AND expires_at_us <= ").push_bind(at_us).push(")");
        }
    }
    sql.push(")");
}

/// A prefix is a range in the index: from itself to itself with the last character there is.
fn push_search(sql: &mut QueryBuilder<Sqlite>, search: &str) {
    let mut push_range = |joint: &str, column: &str, from: &str| {
        sql.push(joint).push(column).push(" >= ").push_bind(from.to_owned());
        sql.push(" AND ").push(column).push(" <= ").push_bind(format!("{from}\u{10ffff}"));
        sql.push(")");
    };
    push_range(" AND ((", "merchant_reference1", search);
    for column in ["merchant_reference2", "klarna_order_id", "klarna_reference"] {
        push_range(" OR (", column, search);
    }
    let lower = search.to_ascii_lowercase();
    if let Some(digits) = lower.strip_prefix("ord_").or_else(|| lower.strip_prefix("chk_")) {
        push_range(" OR (", "sale", digits);
    }
    sql.push(")");
}

fn summary(row: &SqliteRow) -> Result<SaleSummary, LedgerError> {
    let read = Read::new("sale", row);
    Ok(SaleSummary {
        sale: read.sale()?,
        version: read.count("version")?,
        created_at: read.time("created_at_us")?,
        updated_at: read.time("updated_at_us")?,
        account: read.text("account")?,
        purchase_country: read.text("purchase_country")?,
        purchase_currency: read.text("purchase_currency")?,
        checkout_status: read.text("checkout_status")?,
        order_status: read.text_or_none("order_status")?,
        fraud_status: read.text_or_none("fraud_status")?,
        klarna_order_id: read.text_or_none("klarna_order_id")?,
        klarna_reference: read.text_or_none("klarna_reference")?,
        merchant_reference1: read.text_or_none("merchant_reference1")?,
        merchant_reference2: read.text_or_none("merchant_reference2")?,
        order_amount: read.integer("order_amount")?,
        captured_amount: read.integer("captured_amount")?,
        refunded_amount: read.integer("refunded_amount")?,
        remaining_authorized_amount: read.integer("remaining_authorized_amount")?,
        placed_at: read.time_or_none("placed_at_us")?,
        expires_at: read.time_or_none("expires_at_us")?,
        attention: read.text_or_none("attention")?,
        look_at: read.time_or_none("look_at_us")?,
    })
}
