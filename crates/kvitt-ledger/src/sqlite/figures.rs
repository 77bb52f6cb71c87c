//! Sums by day.

use async_trait::async_trait;
use jiff::civil::Date;
use kvitt_core::{FigureKey, FigureKind, Tally};
use rusqlite::{Connection, params};

use super::SqliteLedger;
use super::dynamic::Dynamic;
use super::statement::{execute, list, one};
use super::writer::Write;
use crate::error::LedgerError;
use crate::figure::{Figure, FigureStep, FigureStore};
use crate::filter::Parts as _;
use crate::row::{Read, number};

#[async_trait]
impl FigureStore for SqliteLedger {
    async fn place(&self) -> Result<u64, LedgerError> {
        let sql = "SELECT position FROM figure_place";
        let read = move |db: &Connection| {
            one(db, sql, [], |row| Read::new("figure_place", row).count("position"))
        };
        self.readers.read_by_key(read).await
    }

    async fn add(&self, step: &FigureStep) -> Result<bool, LedgerError> {
        self.writer.write(AddFigures(step.clone())).await
    }

    async fn since(&self, kinds: &[FigureKind], day: Date) -> Result<Vec<Figure>, LedgerError> {
        let mut sql = Dynamic::new(
            "SELECT kind, day, purchase_currency, part,
                 sum(count) AS count, sum(amount) AS amount
             FROM figure WHERE kind IN (",
        );
        for (index, kind) in kinds.iter().enumerate() {
            sql.add(if index == 0 { "" } else { ", " }).add_text(kind.as_str());
        }
        sql.add(") AND day >= ").add_text(&day.to_string());
        sql.add(
            " GROUP BY kind, day, purchase_currency, part HAVING sum(count) <> 0
             ORDER BY kind, day, purchase_currency, part",
        );
        let read =
            move |db: &Connection| list(db, sql.sql(), sql.values(), |row| Figure::read(row));
        self.readers.read(read).await
    }
}

/// Adds a step, unless somebody else has counted meanwhile.
struct AddFigures(FigureStep);

impl Write for AddFigures {
    type Output = bool;

    fn apply(&mut self, db: &Connection) -> Result<bool, LedgerError> {
        let FigureStep { from, to, changes } = &self.0;
        let places = params![number("from", *from)?, number("to", *to)?];
        if execute(db, "UPDATE figure_place SET position = ?2 WHERE position = ?1", places)? == 0 {
            return Ok(false);
        }
        for (key, tally) in changes {
            let FigureKey { kind, day, account, purchase_currency, part } = key;
            let day = day.to_string();
            let Tally { count, amount } = tally;
            execute(
                db,
                "INSERT INTO figure (kind, day, account, purchase_currency, part, count, amount)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                 ON CONFLICT (kind, day, account, purchase_currency, part) DO UPDATE SET
                     count = count + excluded.count, amount = amount + excluded.amount",
                params![kind.as_str(), day, account, purchase_currency, part, count, amount],
            )?;
        }
        Ok(true)
    }
}
