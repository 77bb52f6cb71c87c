//! When Klarna was last heard of, and what was sold since.

use jiff::Timestamp;

use crate::error::LedgerError;
use crate::row::{Cells, Read};

/// How many checkouts are looked at for orders.
pub(crate) const CHECKOUTS_MAX: u32 = 10_000;

/// When Klarna was last heard of, and the orders that were placed since without a word of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heard {
    /// When a message of Klarna's own last came in: authorization callback, push or notification.
    /// The confirmation page is opened by the shopper's browser, and tells nothing of whether Klarna
    /// reaches this place. None where no such message ever came.
    pub at: Option<Timestamp>,
    /// How many orders came of checkouts that were opened since: of the first 10,000 of these, and
    /// counted up to [`ORDERS_MAX`](Self::ORDERS_MAX).
    pub orders_since: u32,
    /// When the first of them was placed.
    pub first_order_at: Option<Timestamp>,
}

impl Heard {
    /// Where counting ends.
    pub const ORDERS_MAX: u32 = 1_000;

    pub(crate) fn read(row: &impl Cells) -> Result<Self, LedgerError> {
        let read = Read::new("inbox", row);
        Ok(Self {
            at: read.time_or_none("heard_at_us")?,
            orders_since: read.count("orders")?,
            first_order_at: read.time_or_none("first_order_at_us")?,
        })
    }
}
