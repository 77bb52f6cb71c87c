//! The lines of a sale, each with an id of its own.

use std::collections::BTreeSet;
use std::fmt;

use kvitt_money::{Cart, OrderLine};
use serde::{Deserialize, Serialize};

/// A line's own id within its sale. Not the product's number: one product may stand on two lines.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LineId(pub String);

impl fmt::Display for LineId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Lines with ids that do not fit them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LineIdError {
    /// Two lines carry one id.
    #[error("line_id {0} stands on two lines: give each line its own, or leave it out")]
    Doubled(LineId),
    /// An id is empty or too long.
    #[error("line_id {0:?} must have 1 to 64 characters")]
    Length(String),
    /// There are more or fewer ids than lines.
    #[error("{ids} line ids for {lines} lines")]
    Count {
        /// How many ids.
        ids: usize,
        /// How many lines.
        lines: usize,
    },
}

/// A cart whose lines have ids.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "SaleCartFields")]
pub struct SaleCart {
    cart: Cart,
    line_ids: Vec<LineId>,
}

#[derive(Deserialize)]
struct SaleCartFields {
    cart: Cart,
    line_ids: Vec<LineId>,
}

impl TryFrom<SaleCartFields> for SaleCart {
    type Error = LineIdError;

    fn try_from(fields: SaleCartFields) -> Result<Self, LineIdError> {
        let wanted: Vec<_> = fields.line_ids.into_iter().map(Some).collect();
        Self::new(fields.cart, &wanted)
    }
}

impl SaleCart {
    /// A cart whose lines carry the ids wanted, or the first free of `l1`, `l2`, … where none is.
    pub fn new(cart: Cart, wanted: &[Option<LineId>]) -> Result<Self, LineIdError> {
        let lines = cart.order_lines().len();
        if wanted.len() != lines {
            return Err(LineIdError::Count { ids: wanted.len(), lines });
        }
        let mut used = BTreeSet::new();
        for id in wanted.iter().flatten() {
            if !(1..=64).contains(&id.0.chars().count()) {
                return Err(LineIdError::Length(id.0.clone()));
            }
            if !used.insert(id.clone()) {
                return Err(LineIdError::Doubled(id.clone()));
            }
        }
        let mut free = (1_usize..).map(|n| LineId(format!("l{n}"))).filter(|id| !used.contains(id));
        let line_ids = wanted.iter().cloned().filter_map(|id| id.or_else(|| free.next())).collect();
        Ok(Self { cart, line_ids })
    }

    /// A cart whose lines get their ids by position.
    pub fn numbered(cart: Cart) -> Self {
        let line_ids = (1..=cart.order_lines().len()).map(|n| LineId(format!("l{n}"))).collect();
        Self { cart, line_ids }
    }

    /// The lines and their sums.
    pub fn cart(&self) -> &Cart {
        &self.cart
    }

    /// Each line with its id, in the shop's order.
    pub fn lines(&self) -> impl Iterator<Item = (&LineId, &OrderLine)> {
        self.line_ids.iter().zip(self.cart.order_lines())
    }

    /// The line with this id.
    pub fn line(&self, id: &LineId) -> Option<&OrderLine> {
        self.lines().find(|(known, _)| *known == id).map(|(_, line)| line)
    }
}
