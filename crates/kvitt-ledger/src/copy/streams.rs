//! Sale by sale, out of rows that are ordered by sale.

use std::pin::Pin;

use futures_util::{Stream, TryStreamExt as _};
use kvitt_core::{Recorded, SaleId};

use crate::error::LedgerError;
use crate::row::{Cells, Read};
use crate::rows;

/// Rows as they come from a store.
pub(crate) type Rows<'a, R> = Pin<Box<dyn Stream<Item = Result<R, LedgerError>> + Send + 'a>>;

/// Each sale's events, sale by sale.
pub(crate) struct Streams<'a, R> {
    rows: Rows<'a, R>,
    /// The first row of the next sale.
    ahead: Option<R>,
}

impl<'a, R: Cells> Streams<'a, R> {
    /// Of rows that are ordered by sale and number.
    pub(crate) fn of(rows: Rows<'a, R>) -> Self {
        Self { rows, ahead: None }
    }

    /// The next sale's events, whole and in order.
    pub(crate) async fn next(&mut self) -> Result<Option<(SaleId, Vec<Recorded>)>, LedgerError> {
        let first = match self.ahead.take() {
            Some(row) => row,
            None => match self.rows.try_next().await? {
                Some(row) => row,
                None => return Ok(None),
            },
        };
        let sale = Read::new("event", &first).sale()?;
        let mut of_sale = vec![first];
        while let Some(row) = self.rows.try_next().await? {
            if Read::new("event", &row).sale()? != sale {
                self.ahead = Some(row);
                break;
            }
            of_sale.push(row);
        }
        Ok(Some((sale, rows::stream(sale, &of_sale)?)))
    }
}
