//! Figures as they are kept: sums by day, counted from the events some time after them.

use std::str::FromStr as _;

use async_trait::async_trait;
use jiff::civil::Date;
use kvitt_core::{FigureKind, Figures, Tally};

use crate::error::LedgerError;
use crate::row::{Cells, Read};

/// What a stretch of the feed changes in the figures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FigureStep {
    /// The place up to which was counted before.
    pub from: u64,
    /// The place up to which is counted with this.
    pub to: u64,
    /// What is added to each figure.
    pub changes: Figures,
}

/// Where figures are kept.
#[async_trait]
pub trait FigureStore: Send + Sync {
    /// The place in the feed up to which is counted; 0 where nothing is.
    async fn place(&self) -> Result<u64, LedgerError>;

    /// Adds to the figures what a stretch of the feed changes in them, all or nothing; `false` where
    /// they are counted up to another place than [`FigureStep::from`] by now, and nothing is added.
    async fn add(&self, step: &FigureStep) -> Result<bool, LedgerError>;

    /// The figures of some kinds, of a day and later, those that count nothing left out; by kind, day,
    /// currency and part.
    async fn since(&self, kinds: &[FigureKind], day: Date) -> Result<Vec<Figure>, LedgerError>;
}

/// A figure, summed over all accounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figure {
    /// What is counted.
    pub kind: FigureKind,
    /// The day, in UTC.
    pub day: Date,
    /// The ISO code of the currency.
    pub purchase_currency: String,
    /// What tells figures of one kind and day apart.
    pub part: String,
    /// How many, and how much.
    pub tally: Tally,
}

impl Figure {
    pub(crate) fn read(row: &impl Cells) -> Result<Self, LedgerError> {
        let read = Read::new("figure", row);
        let kind = read.text("kind")?;
        let day = read.text("day")?;
        Ok(Self {
            kind: FigureKind::from_str(&kind).map_err(|problem| read.wrong("kind", problem))?,
            day: day.parse().map_err(|problem| read.wrong("day", problem))?,
            purchase_currency: read.text("purchase_currency")?,
            part: read.text("part")?,
            tally: Tally { count: read.integer("count")?, amount: read.integer("amount")? },
        })
    }
}
