//! Sales at a glance: listed and searched. They are kept up to date by `append.sql`.

use kvitt_core::SaleId;
use sqlx::{PgPool, Postgres, QueryBuilder};
use uuid::Uuid;

use super::error::{Failed, driver};
use super::row::is_storable;
use crate::cursor::Cursor;
use crate::error::LedgerError;
use crate::filter::{self, StoredState};
use crate::rows::{self, summary_columns};
use crate::summary::{Page, SaleQuery, SaleSummary};

/// The sale at a glance.
pub(super) async fn of_sale(db: &PgPool, sale: SaleId) -> Result<Option<SaleSummary>, Failed> {
    let row = sqlx::query(concat!("SELECT ", summary_columns!(), " FROM sale WHERE sale = $1"))
        .bind(sale.0)
        .fetch_optional(db)
        .await
        .map_err(driver)?;
    Ok(row.as_ref().map(rows::summary).transpose()?)
}

/// One page of sales, newest first.
pub(super) async fn page(db: &PgPool, query: &SaleQuery) -> Result<Page, Failed> {
    let limit = query.limit.clamp(1, SaleQuery::LIMIT_MAX);
    let mut sql = select(query)?;
    if !texts(query).all(|text| is_storable(text)) {
        return Ok(Page::of(Vec::new(), limit));
    }
    // One more than asked for shows whether anything follows.
    sql.push(" ORDER BY created_at_us DESC, sale DESC LIMIT ").push_bind(i64::from(limit) + 1);
    // A plan that is kept for every search fits none: what finds little and what finds nearly all
    // want different ones.
    let rows = sql.build().persistent(false).fetch_all(db).await.map_err(driver)?;
    let items = rows.iter().map(rows::summary).collect::<Result<_, _>>()?;
    Ok(Page::of(items, limit))
}

/// Every text that is looked for.
fn texts(query: &SaleQuery) -> impl Iterator<Item = &String> {
    let SaleQuery { status, fraud_status, account, purchase_country, search, .. } = query;
    [status, fraud_status, account, purchase_country, search].into_iter().flatten()
}

fn select(query: &SaleQuery) -> Result<QueryBuilder<Postgres>, LedgerError> {
    let mut sql =
        QueryBuilder::new(concat!("SELECT ", summary_columns!(), " FROM sale WHERE true"));
    filter::push(&mut sql, query);
    if let Some(status) = &query.status {
        let states = StoredState::all_of(status);
        StoredState::push_any(&states, &mut sql, "order_status", query.at.as_microsecond());
    }
    if let Some(cursor) = &query.cursor {
        let Cursor { created_at_us, sale } = Cursor::parse(cursor)?;
        sql.push(" AND (created_at_us, sale) < (").push_bind(created_at_us);
        sql.push(", ").push_bind(sale.0).push(")");
    }
    if let Some(search) = query.search.as_deref().map(str::trim).filter(|text| !text.is_empty()) {
        push_search(&mut sql, &search.to_ascii_lowercase());
    }
    Ok(sql)
}

/// A prefix is a range in the index: from itself to itself with the last character there is.
fn push_search(sql: &mut QueryBuilder<Postgres>, search: &str) {
    sql.push(" AND (false");
    for column in
        ["merchant_reference1", "merchant_reference2", "klarna_order_id", "klarna_reference"]
    {
        sql.push(" OR (lower(").push(column).push(") >= ").push_bind(search.to_owned());
        sql.push(" AND lower(").push(column).push(") <= ");
        sql.push_bind(format!("{search}\u{10ffff}")).push(")");
    }
    let digits = search.strip_prefix("ord_").or_else(|| search.strip_prefix("chk_"));
    if let Some((first, last)) = digits.and_then(ids_beginning_with) {
        sql.push(" OR (sale >= ").push_bind(first).push(" AND sale <= ").push_bind(last).push(")");
    }
    sql.push(")");
}

/// The first and the last id that begin with these digits, in lower case.
fn ids_beginning_with(digits: &str) -> Option<(Uuid, Uuid)> {
    let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if digits.len() > 32 || !digits.bytes().all(is_hex) {
        return None;
    }
    let filled =
        |with: &str| Uuid::try_parse(&format!("{digits}{}", with.repeat(32 - digits.len())));
    Some((filled("0").ok()?, filled("f").ok()?))
}
