//! Sale by sale, out of rows that are ordered by sale.

use std::pin::Pin;

use futures_util::{Stream, TryStreamExt as _};
use kvitt_core::{Recorded, SaleId};

use crate::error::LedgerError;
use crate::row::{Cells, Read};
use crate::rows;

/// Rows as they come from a store.
pub(crate) type Rows<'a, R> = Pin<Box<dyn Stream<Item = Result<R, LedgerError>> + Send + 'a>>;

/// An event, and whose it is.
pub(crate) type OfSale = (SaleId, Recorded);

/// Each sale's events, sale by sale.
pub(crate) struct Streams<'a> {
    rows: Rows<'a, OfSale>,
    /// The first event of the next sale.
    ahead: Option<OfSale>,
}

impl<'a> Streams<'a> {
    /// Of events that are ordered by sale and number.
    pub(crate) fn of(rows: Rows<'a, OfSale>) -> Self {
        Self { rows, ahead: None }
    }

    /// What a row of the events says.
    pub(crate) fn read(row: &impl Cells) -> Result<OfSale, LedgerError> {
        Ok((Read::new("event", row).sale()?, rows::recorded(row)?))
    }

    /// The next sale's events, whole and in order.
    pub(crate) async fn next(&mut self) -> Result<Option<(SaleId, Vec<Recorded>)>, LedgerError> {
        let first = match self.ahead.take() {
            Some(first) => first,
            None => match self.rows.try_next().await? {
                Some(first) => first,
                None => return Ok(None),
            },
        };
        let (sale, first) = first;
        let mut events = vec![first];
        while let Some((of, event)) = self.rows.try_next().await? {
            if of != sale {
                self.ahead = Some((of, event));
                break;
            }
            events.push(event);
        }
        Ok(Some((sale, rows::stream(sale, events.into_iter().map(Ok))?)))
    }
}
