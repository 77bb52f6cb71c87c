//! Sales at a glance: kept up to date, listed and searched.

use jiff::Timestamp;
use kvitt_core::SaleId;
use sqlx::sqlite::SqliteConnection;
use sqlx::{QueryBuilder, Sqlite, SqlitePool};

use super::error::driver;
use super::row::sale_text;
use crate::cursor::Cursor;
use crate::error::LedgerError;
use crate::filter::{self, SORTED_MAX, StoredState, Way};
use crate::row::{Read, number};
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
    let search = query.searched();
    let way = match search {
        Some(search) if finds_few(db, search).await? => Way::Search,
        _ => Way::Time,
    };
    // One more than asked for shows whether anything follows.
    let mut sql = select(query, search, way, limit + 1)?;
    let rows = sql.build().fetch_all(db).await.map_err(driver)?;
    let items = rows.iter().map(rows::summary).collect::<Result<_, _>>()?;
    Ok(Page::of(items, limit))
}

/// Whether a search finds so few that all can be put in order. It looks into the indices alone, and
/// no further than it must.
async fn finds_few(db: &SqlitePool, search: &str) -> Result<bool, LedgerError> {
    let mut sql = QueryBuilder::<Sqlite>::new("SELECT count(*) AS found FROM (");
    for (index, Range { column, from, to }) in ranges(search).into_iter().enumerate() {
        sql.push(if index == 0 {
            "SELECT 1 FROM sale WHERE "
        } else {
            " UNION ALL SELECT 1 FROM sale WHERE "
        });
        sql.push(column).push(" >= ").push_bind(from);
        sql.push(" AND ").push(column).push(" <= ").push_bind(to);
    }
    sql.push(" LIMIT ").push_bind(SORTED_MAX + 1).push(")");
    let row = sql.build().fetch_one(db).await.map_err(driver)?;
    let found: u64 = Read::new("sale", &row).count("found")?;
    Ok(found <= u64::from(SORTED_MAX))
}

/// SQLite keeps no statistics here, so each way is written such that only its own index fits: a `+`
/// takes a column's indices away. Stored states that count as one are looked for one by one, since
/// each of them stands in order in its index, and their union does not.
fn select(
    query: &SaleQuery,
    search: Option<&str>,
    way: Way,
    limit: u32,
) -> Result<QueryBuilder<Sqlite>, LedgerError> {
    let at_us = query.at.as_microsecond();
    let states = query.status.as_deref().map(StoredState::all_of).unwrap_or_default();
    let mut sql = QueryBuilder::new("");
    if way == Way::Search || states.is_empty() {
        select_from(&mut sql, query, search, way)?;
        StoredState::push_any(&states, &mut sql, "+order_status", at_us);
    } else {
        for (index, state) in states.iter().enumerate() {
            sql.push(if index == 0 { "SELECT * FROM (" } else { " UNION ALL SELECT * FROM (" });
            select_from(&mut sql, query, search, way)?;
            sql.push(" AND ");
            state.push(&mut sql, "order_status", at_us);
            sql.push(" ORDER BY created_at_us DESC, sale DESC LIMIT ").push_bind(limit).push(")");
        }
    }
    sql.push(" ORDER BY created_at_us DESC, sale DESC LIMIT ").push_bind(limit);
    Ok(sql)
}

/// All filters but the state.
fn select_from(
    sql: &mut QueryBuilder<Sqlite>,
    query: &SaleQuery,
    search: Option<&str>,
    way: Way,
) -> Result<(), LedgerError> {
    sql.push(concat!("SELECT ", summary_columns!(), " FROM sale WHERE true"));
    filter::push(sql, query);
    if let Some(cursor) = &query.cursor {
        let Cursor { created_at_us, sale } = Cursor::parse(cursor)?;
        sql.push(" AND (created_at_us, sale) < (").push_bind(created_at_us);
        sql.push(", ").push_bind(sale_text(sale)).push(")");
    }
    let Some(search) = search else { return Ok(()) };
    let plus = if way == Way::Time { "+" } else { "" };
    for (index, Range { column, from, to }) in ranges(search).into_iter().enumerate() {
        sql.push(if index == 0 { " AND ((" } else { " OR (" });
        sql.push(plus).push(column).push(" >= ").push_bind(from);
        sql.push(" AND ").push(plus).push(column).push(" <= ").push_bind(to).push(")");
    }
    sql.push(")");
    Ok(())
}

/// A prefix as a range in a column's index: from itself to itself with the last character there is.
struct Range {
    column: &'static str,
    from: String,
    to: String,
}

/// Where a search looks.
fn ranges(search: &str) -> Vec<Range> {
    let range = |column, from: &str| Range {
        column,
        from: from.to_owned(),
        to: format!("{from}\u{10ffff}"),
    };
    let columns =
        ["merchant_reference1", "merchant_reference2", "klarna_order_id", "klarna_reference"];
    let lower = search.to_ascii_lowercase();
    let digits = lower.strip_prefix("ord_").or_else(|| lower.strip_prefix("chk_"));
    columns
        .into_iter()
        .map(|column| range(column, search))
        .chain(digits.map(|digits| range("sale", digits)))
        .collect()
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use sqlx::{AssertSqlSafe, Row as _, SqlSafeStr as _};

    use super::*;
    use crate::sqlite::open;

    /// How SQLite would go about it.
    async fn plan(query: &SaleQuery, way: Way) -> Vec<String> {
        let dir = tempfile::tempdir().unwrap();
        let db = open::open(&dir.path().join("kvitt.db")).await.unwrap().readers;
        let sql = select(query, query.search.as_deref(), way, 51).unwrap();
        let sql = format!("EXPLAIN QUERY PLAN {}", sql.sql().as_str());
        let rows = sqlx::query(AssertSqlSafe(sql).into_sql_str()).fetch_all(&db).await.unwrap();
        rows.iter().map(|row| row.get("detail")).collect()
    }

    fn all() -> SaleQuery {
        SaleQuery { orders_only: true, ..SaleQuery::all(Timestamp::UNIX_EPOCH) }
    }

    #[tokio::test]
    async fn a_state_is_listed_in_the_order_of_its_index() {
        for status in ["AUTHORIZED", "CAPTURED", "EXPIRED", "CANCELLED"] {
            let query = SaleQuery { status: Some(status.to_owned()), ..all() };
            let plan = plan(&query, Way::Time).await;
            let of_table: Vec<_> = plan.iter().filter(|it| it.contains(" sale ")).collect();
            assert!(
                !of_table.is_empty()
                    && of_table.iter().all(|it| it.contains("sale_status (order_status=?")),
                "{status}: {plan:?}"
            );
            assert!(!plan.iter().any(|it| it.contains("MULTI-INDEX OR")), "{status}: {plan:?}");
        }
    }

    #[tokio::test]
    async fn a_search_goes_by_what_it_finds_or_by_time_and_by_nothing_else() {
        for status in [None, Some("CAPTURED".to_owned())] {
            let query = SaleQuery { search: Some("ord_12".to_owned()), status, ..all() };
            let by_search = plan(&query, Way::Search).await;
            for index in [
                "sale_reference1",
                "sale_reference2",
                "sale_klarna_order_id",
                "sale_klarna_reference",
                "PRIMARY KEY",
            ] {
                assert!(by_search.iter().any(|it| it.contains(index)), "{index}: {by_search:?}");
            }
            assert!(!by_search.iter().any(|it| it.contains("SCAN")), "{by_search:?}");
            let by_time = plan(&query, Way::Time).await;
            let of_table = by_time.iter().filter(|it| it.contains(" sale "));
            for step in of_table {
                assert!(step.contains("sale_newest") || step.contains("sale_status"), "{step}");
            }
        }
    }
}
