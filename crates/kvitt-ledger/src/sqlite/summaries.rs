//! Sales at a glance: kept up to date, listed and searched.

use jiff::Timestamp;
use kvitt_core::SaleId;
use rusqlite::{Connection, params};

use super::dynamic::Dynamic;
use super::readers::Readers;
use super::row::sale_text;
use super::statement::{execute, find, list, one};
use crate::cursor::Cursor;
use crate::error::LedgerError;
use crate::filter::{self, Parts as _, SORTED_MAX, StoredState, Way};
use crate::row::{Read, number};
use crate::rows::{self, summary_columns};
use crate::summary::{Page, SaleQuery, SaleSummary};

/// The most that a step of a sale changes as a rule. SQLite writes the entry of each index anew whose
/// column is set, even to what it was: so only those of two are. Ids are compared letter by letter,
/// since their columns are blind to case.
const UPDATE: &str = "
    UPDATE sale SET
        version = ?2, updated_at_us = ?4, account = ?5, purchase_country = ?6,
        purchase_currency = ?7, checkout_status = ?8, order_status = ?9,
        order_amount = ?15, captured_amount = ?16, refunded_amount = ?17,
        remaining_authorized_amount = ?18, placed_at_us = ?19, expires_at_us = ?20,
        look_at_us = ?22
    WHERE sale = ?1 AND +created_at_us = ?3
        AND klarna_order_id IS ?11 COLLATE BINARY AND klarna_reference IS ?12 COLLATE BINARY
        AND merchant_reference1 IS ?13 COLLATE BINARY AND merchant_reference2 IS ?14 COLLATE BINARY
        AND fraud_status IS ?10 AND attention IS ?21";

/// All of it, whatever was there.
const UPSERT: &str = concat!(
    "INSERT INTO sale (",
    summary_columns!(),
    ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18,
         ?19, ?20, ?21, ?22)
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
);

/// Stores the summary, in place of the one before.
pub(super) fn store(db: &Connection, summary: &SaleSummary) -> Result<(), LedgerError> {
    let values = params![
        sale_text(summary.sale),
        number("summary.version", summary.version)?,
        summary.created_at.as_microsecond(),
        summary.updated_at.as_microsecond(),
        summary.account,
        summary.purchase_country,
        summary.purchase_currency,
        summary.checkout_status,
        summary.order_status,
        summary.fraud_status,
        summary.klarna_order_id,
        summary.klarna_reference,
        summary.merchant_reference1,
        summary.merchant_reference2,
        summary.order_amount,
        summary.captured_amount,
        summary.refunded_amount,
        summary.remaining_authorized_amount,
        summary.placed_at.map(Timestamp::as_microsecond),
        summary.expires_at.map(Timestamp::as_microsecond),
        summary.attention,
        summary.look_at.map(Timestamp::as_microsecond),
    ];
    let rows = match execute(db, UPDATE, values)? {
        0 => execute(db, UPSERT, values)?,
        rows => rows,
    };
    if rows == 1 {
        return Ok(());
    }
    let what = format!("storing the summary of sale {} wrote {rows} rows", summary.sale);
    Err(LedgerError::Inconsistent { what })
}

/// The sale at a glance.
pub(super) async fn of_sale(
    readers: &Readers,
    sale: SaleId,
) -> Result<Option<SaleSummary>, LedgerError> {
    let sql = concat!("SELECT ", summary_columns!(), " FROM sale WHERE sale = ?");
    readers.read_by_key(move |db| find(db, sql, [sale_text(sale)], |row| rows::summary(row))).await
}

/// One page of sales, newest first.
pub(super) async fn page(readers: &Readers, query: &SaleQuery) -> Result<Page, LedgerError> {
    let query = query.clone();
    let read = move |db: &Connection| {
        let limit = query.limit.clamp(1, SaleQuery::LIMIT_MAX);
        let search = query.searched();
        let way = match search {
            Some(search) if finds_few(db, search)? => Way::Search,
            _ => Way::Time,
        };
        // One more than asked for shows whether anything follows.
        let sql = select(&query, search, way, limit + 1)?;
        Ok(Page::of(list(db, sql.sql(), sql.values(), |row| rows::summary(row))?, limit))
    };
    readers.read(read).await
}

/// Whether a search finds so few that all can be put in order. It looks into the indices alone, and
/// no further than it must.
fn finds_few(db: &Connection, search: &str) -> Result<bool, LedgerError> {
    let mut sql = Dynamic::new("SELECT count(*) AS found FROM (");
    for (index, Range { column, from, to }) in ranges(search).into_iter().enumerate() {
        sql.add(if index == 0 {
            "SELECT 1 FROM sale WHERE "
        } else {
            " UNION ALL SELECT 1 FROM sale WHERE "
        });
        sql.add(column).add(" >= ").add_text(&from);
        sql.add(" AND ").add(column).add(" <= ").add_text(&to);
    }
    sql.add(" LIMIT ").add_number((SORTED_MAX + 1).into()).add(")");
    let found: u64 = one(db, sql.sql(), sql.values(), |row| Read::new("sale", row).count("found"))?;
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
) -> Result<Dynamic, LedgerError> {
    let at_us = query.at.as_microsecond();
    let states = query.status.as_deref().map(StoredState::all_of).unwrap_or_default();
    let mut sql = Dynamic::default();
    let is_few = way == Way::Search || query.fraud_status.as_deref() == Some(filter::PENDING);
    if is_few || states.is_empty() {
        select_from(&mut sql, query, search, way)?;
        StoredState::push_any(&states, &mut sql, "+order_status", at_us);
    } else {
        for (index, state) in states.iter().enumerate() {
            sql.add(if index == 0 { "SELECT * FROM (" } else { " UNION ALL SELECT * FROM (" });
            select_from(&mut sql, query, search, way)?;
            sql.add(" AND ");
            state.push(&mut sql, "order_status", at_us);
            sql.add(" ORDER BY created_at_us DESC, sale DESC LIMIT ")
                .add_number(limit.into())
                .add(")");
        }
    }
    sql.add(" ORDER BY created_at_us DESC, sale DESC LIMIT ").add_number(limit.into());
    Ok(sql)
}

/// All filters but the state.
fn select_from(
    sql: &mut Dynamic,
    query: &SaleQuery,
    search: Option<&str>,
    way: Way,
) -> Result<(), LedgerError> {
    sql.add(concat!("SELECT ", summary_columns!(), " FROM sale WHERE true"));
    filter::push(sql, query);
    if let Some(cursor) = &query.cursor {
        let Cursor { created_at_us, sale } = Cursor::parse(cursor)?;
        sql.add(" AND (created_at_us, sale) < (").add_number(created_at_us);
        sql.add(", ").add_text(&sale.0.as_simple().to_string()).add(")");
    }
    let Some(search) = search else { return Ok(()) };
    let plus = if way == Way::Time { "+" } else { "" };
    for (index, Range { column, from, to }) in ranges(search).into_iter().enumerate() {
        sql.add(if index == 0 { " AND ((" } else { " OR (" });
        sql.add(plus).add(column).add(" >= ").add_text(&from);
        sql.add(" AND ").add(plus).add(column).add(" <= ").add_text(&to).add(")");
    }
    sql.add(")");
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

    use super::*;
    use crate::sqlite::open;

    /// How SQLite would go about it.
    async fn plan(query: &SaleQuery, way: Way) -> Vec<String> {
        let dir = tempfile::tempdir().unwrap();
        let db = open::open(&dir.path().join("kvitt.db")).await.unwrap().writer;
        let sql = select(query, query.search.as_deref(), way, 51).unwrap();
        let explain = format!("EXPLAIN QUERY PLAN {}", sql.sql());
        list(&db, &explain, sql.values(), |row| Read::new("plan", row).text("detail")).unwrap()
    }

    #[tokio::test]
    async fn a_sale_is_updated_by_its_key_and_two_indexes_are_written() {
        let dir = tempfile::tempdir().unwrap();
        let db = open::open(&dir.path().join("kvitt.db")).await.unwrap().writer;
        let none = || rusqlite::params_from_iter([rusqlite::types::Null; 22]);
        let plan = list(&db, &format!("EXPLAIN QUERY PLAN {UPDATE}"), none(), |row| {
            Read::new("plan", row).text("detail")
        });
        assert_eq!(plan.unwrap(), ["SEARCH sale USING PRIMARY KEY (sale=?)"]);
        let code = list(&db, &format!("EXPLAIN {UPDATE}"), none(), |row| {
            Read::new("code", row).text("opcode")
        });
        let written = code.unwrap().into_iter().filter(|it| it == "IdxDelete").count();
        assert_eq!(written, 2);
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
    async fn orders_under_review_are_listed_in_the_order_of_their_index() {
        for status in [None, Some("AUTHORIZED".to_owned())] {
            let fraud_status = Some("PENDING".to_owned());
            let plan = plan(&SaleQuery { status, fraud_status, ..all() }, Way::Time).await;
            assert_eq!(plan, ["SCAN sale USING INDEX sale_fraud_pending"]);
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
