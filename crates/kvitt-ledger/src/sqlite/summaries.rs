//! Sales at a glance: kept up to date, listed and searched.

use jiff::Timestamp;
use kvitt_core::SaleId;
use sqlx::sqlite::SqliteConnection;
use sqlx::{QueryBuilder, Sqlite, SqlitePool};

use super::error::driver;
use super::row::sale_text;
use crate::cursor::Cursor;
use crate::error::LedgerError;
use crate::filter;
use crate::row::number;
use crate::rows::{self, summary_columns};
use crate::summary::{Page, SaleQuery, SaleSummary};

/// Stores the summary, in place of the one before.
pub(super) async fn upsert(
    db: &mut SqliteConnection,
    summary: &SaleSummary,
) -> Result<(), LedgerError> {
    let done = sqlx::query(concat!(
        "INSERT INTO sale (",
        summary_columns!(),
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
    let row = sqlx::query(concat!("SELECT ", summary_columns!(), " FROM sale WHERE sale = ?"))
        .bind(sale_text(sale))
        .fetch_optional(db)
        .await
        .map_err(driver)?;
    row.as_ref().map(rows::summary).transpose()
}

/// One page of sales, newest first.
pub(super) async fn page(db: &SqlitePool, query: &SaleQuery) -> Result<Page, LedgerError> {
    let limit = query.limit.clamp(1, SaleQuery::LIMIT_MAX);
    let mut sql = select(query)?;
    // One more than asked for shows whether anything follows.
    sql.push(" ORDER BY created_at_us DESC, sale DESC LIMIT ").push_bind(limit + 1);
    let rows = sql.build().fetch_all(db).await.map_err(driver)?;
    let items = rows.iter().map(rows::summary).collect::<Result<_, _>>()?;
    Ok(Page::of(items, limit))
}

fn select(query: &SaleQuery) -> Result<QueryBuilder<Sqlite>, LedgerError> {
    let mut sql =
        QueryBuilder::new(concat!("SELECT ", summary_columns!(), " FROM sale WHERE true"));
    filter::push(&mut sql, query);
    if let Some(cursor) = &query.cursor {
        let Cursor { created_at_us, sale } = Cursor::parse(cursor)?;
        sql.push(" AND (created_at_us, sale) < (").push_bind(created_at_us);
        sql.push(", ").push_bind(sale_text(sale)).push(")");
    }
    if let Some(search) = query.search.as_deref().map(str::trim).filter(|text| !text.is_empty()) {
        push_search(&mut sql, search);
    }
    Ok(sql)
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
