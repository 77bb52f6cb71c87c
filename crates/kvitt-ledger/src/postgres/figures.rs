//! Sums by day.

use async_trait::async_trait;
use jiff::civil::Date;
use kvitt_core::FigureKind;
use sqlx::Row as _;

use super::PostgresLedger;
use super::connections::Connections;
use super::error::{Failed, driver};
use super::row::storable;
use crate::error::LedgerError;
use crate::figure::{Figure, FigureStep, FigureStore};
use crate::row::{Read, number};

#[async_trait]
impl FigureStore for PostgresLedger {
    async fn place(&self) -> Result<u64, LedgerError> {
        self.server.call(place(self.server.connections())).await
    }

    async fn add(&self, step: &FigureStep) -> Result<bool, LedgerError> {
        self.server.call(add(self.server.connections(), step)).await
    }

    async fn since(&self, kinds: &[FigureKind], day: Date) -> Result<Vec<Figure>, LedgerError> {
        self.server.call(since(self.server.connections(), kinds, day)).await
    }
}

async fn place(db: &Connections) -> Result<u64, Failed> {
    let row =
        sqlx::query("SELECT position FROM figure_place").fetch_one(db).await.map_err(driver)?;
    Ok(Read::new("figure_place", &row).count("position")?)
}

async fn since(db: &Connections, kinds: &[FigureKind], day: Date) -> Result<Vec<Figure>, Failed> {
    let rows = sqlx::query(
        "SELECT kind, day, purchase_currency, part,
             sum(count)::bigint AS count, sum(amount)::bigint AS amount
         FROM figure WHERE kind = ANY($1) AND day >= $2
         GROUP BY kind, day, purchase_currency, part HAVING sum(count) <> 0
         ORDER BY kind, day, purchase_currency, part",
    )
    .bind(kinds.iter().map(|kind| kind.as_str()).collect::<Vec<_>>())
    .bind(day.to_string())
    .fetch_all(db)
    .await
    .map_err(driver)?;
    Ok(rows.iter().map(Figure::read).collect::<Result<_, _>>()?)
}

/// Adds a step, unless somebody else has counted meanwhile: all of it is one statement.
async fn add(db: &Connections, step: &FigureStep) -> Result<bool, Failed> {
    let (mut kinds, mut days, mut accounts, mut currencies) = (vec![], vec![], vec![], vec![]);
    let (mut parts, mut counts, mut amounts) = (vec![], vec![], vec![]);
    for (key, tally) in &step.changes {
        kinds.push(key.kind.as_str());
        days.push(key.day.to_string());
        accounts.push(storable(&key.account));
        currencies.push(key.purchase_currency.as_str());
        parts.push(storable(&key.part));
        counts.push(tally.count);
        amounts.push(tally.amount);
    }
    let row = sqlx::query(
        "WITH turn AS (
             UPDATE figure_place SET position = $2 WHERE position = $1 RETURNING id
         ), change AS (
             SELECT * FROM unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
                 $8::bigint[], $9::bigint[])
                 AS change (kind, day, account, purchase_currency, part, count, amount)
             WHERE EXISTS (SELECT 1 FROM turn)
         ), added AS (
             INSERT INTO figure (kind, day, account, purchase_currency, part, count, amount)
             SELECT kind, day, account, purchase_currency, part, count, amount FROM change
             ON CONFLICT (kind, day, account, purchase_currency, part) DO UPDATE SET
                 count = figure.count + excluded.count, amount = figure.amount + excluded.amount
         )
         SELECT count(*) AS turns FROM turn",
    )
    .bind(number("from", step.from)?)
    .bind(number("to", step.to)?)
    .bind(kinds)
    .bind(days)
    .bind(accounts)
    .bind(currencies)
    .bind(parts)
    .bind(counts)
    .bind(amounts)
    .fetch_one(db)
    .await
    .map_err(driver)?;
    let turns: i64 = row.try_get("turns").map_err(driver)?;
    Ok(turns > 0)
}
