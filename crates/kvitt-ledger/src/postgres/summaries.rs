//! Sales at a glance: listed and searched. They are kept up to date by `append.sql`.

use kvitt_core::SaleId;
use sqlx::{Postgres, QueryBuilder};
use uuid::Uuid;

use super::connections::Connections;
use super::error::{Failed, driver};
use super::row::is_storable;
use crate::cursor::Cursor;
use crate::error::LedgerError;
use crate::filter::{self, SORTED_MAX, StoredState, Way};
use crate::row::Read;
use crate::rows::{self, summary_columns};
use crate::summary::{Page, SaleQuery, SaleSummary};

/// The sale at a glance.
pub(super) async fn of_sale(db: &Connections, sale: SaleId) -> Result<Option<SaleSummary>, Failed> {
    let row = sqlx::query(concat!("SELECT ", summary_columns!(), " FROM sale WHERE sale = $1"))
        .bind(sale.0)
        .fetch_optional(db)
        .await
        .map_err(driver)?;
    Ok(row.as_ref().map(rows::summary).transpose()?)
}

/// One page of sales, newest first.
pub(super) async fn page(db: &Connections, query: &SaleQuery) -> Result<Page, Failed> {
    let limit = query.limit.clamp(1, SaleQuery::LIMIT_MAX);
    if !texts(query).all(|text| is_storable(text)) {
        return Ok(Page::of(Vec::new(), limit));
    }
    let search = query.searched().map(str::to_ascii_lowercase);
    let way = match &search {
        Some(search) if finds_few(db, search).await? => Way::Search,
        _ => Way::Time,
    };
    let mut sql = select(query, search.as_deref(), way)?;
    // One more than asked for shows whether anything follows.
    sql.push(" ORDER BY created_at_us DESC, sale DESC LIMIT ").push_bind(i64::from(limit) + 1);
    // A plan that is kept for every query fits none: what finds little and what finds nearly all
    // want different ones.
    let rows = sql.build().persistent(false).fetch_all(db).await.map_err(driver)?;
    let items = rows.iter().map(rows::summary).collect::<Result<_, _>>()?;
    Ok(Page::of(items, limit))
}

/// Whether a search finds so few that all can be put in order. What the server guesses is too rough:
/// it goes through all sales, the newest first, for one that it could have looked up.
async fn finds_few(db: &Connections, search: &str) -> Result<bool, Failed> {
    let mut sql = QueryBuilder::<Postgres>::new("SELECT count(*) AS found FROM (");
    for (index, range) in ranges(search).iter().enumerate() {
        sql.push(if index == 0 {
            "SELECT 1 FROM sale WHERE "
        } else {
            " UNION ALL SELECT 1 FROM sale WHERE "
        });
        range.push(&mut sql, Way::Search);
    }
    sql.push(" LIMIT ").push_bind(i64::from(SORTED_MAX) + 1).push(") AS matches");
    let row = sql.build().persistent(false).fetch_one(db).await.map_err(driver)?;
    let found: u64 = Read::new("sale", &row).count("found")?;
    Ok(found <= u64::from(SORTED_MAX))
}

/// Every text that is looked for.
fn texts(query: &SaleQuery) -> impl Iterator<Item = &String> {
    let SaleQuery { status, fraud_status, account, purchase_country, search, .. } = query;
    [status, fraud_status, account, purchase_country, search].into_iter().flatten()
}

fn select(
    query: &SaleQuery,
    search: Option<&str>,
    way: Way,
) -> Result<QueryBuilder<Postgres>, LedgerError> {
    let mut sql = QueryBuilder::new("");
    if let (Some(search), Way::Search) = (search, way) {
        // Found before anything is said of an order, so that no index on time is a way to it.
        sql.push("WITH found AS MATERIALIZED (SELECT * FROM sale WHERE ");
        push_any(&mut sql, search, way);
        sql.push(concat!(") SELECT ", summary_columns!(), " FROM found WHERE true"));
    } else {
        sql.push(concat!("SELECT ", summary_columns!(), " FROM sale WHERE true"));
    }
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
    if let (Some(search), Way::Time) = (search, way) {
        sql.push(" AND ");
        push_any(&mut sql, search, way);
    }
    Ok(sql)
}

fn push_any(sql: &mut QueryBuilder<Postgres>, search: &str, way: Way) {
    sql.push("(false");
    for range in ranges(search) {
        sql.push(" OR ");
        range.push(sql, way);
    }
    sql.push(")");
}

/// A prefix as a range in an index: from itself to itself with the last character there is.
enum Range {
    Text { column: &'static str, from: String, to: String },
    Id { first: Uuid, last: Uuid },
}

impl Range {
    fn push(&self, sql: &mut QueryBuilder<Postgres>, way: Way) {
        match self {
            Self::Text { column, from, to } => {
                // What no index is made of, no index is used for.
                let apart = if way == Way::Time { " || ''" } else { "" };
                for (joint, compared, bound) in [("(", ">=", from), (" AND ", "<=", to)] {
                    sql.push(joint).push("lower(").push(column).push(")").push(apart);
                    sql.push(" ").push(compared).push(" ").push_bind(bound.clone());
                }
            }
            Self::Id { first, last } => {
                sql.push("(sale >= ").push_bind(*first).push(" AND sale <= ").push_bind(*last);
            }
        }
        sql.push(")");
    }
}

/// Where a search in lower case looks.
fn ranges(search: &str) -> Vec<Range> {
    let columns =
        ["merchant_reference1", "merchant_reference2", "klarna_order_id", "klarna_reference"];
    let texts = columns.into_iter().map(|column| Range::Text {
        column,
        from: search.to_owned(),
        to: format!("{search}\u{10ffff}"),
    });
    let digits = search.strip_prefix("ord_").or_else(|| search.strip_prefix("chk_"));
    let ids = digits.and_then(ids_beginning_with).map(|(first, last)| Range::Id { first, last });
    texts.chain(ids).collect()
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
