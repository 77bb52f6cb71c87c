//! A new total for an order.

use kvitt_money::Cart;
use serde::Serialize;

use crate::Error;
use crate::check::{at_most, range};
use crate::wire::{Line, cart_lines};

/// A new total, and the lines that make it up. Klarna replaces the old lines by the new ones, and
/// **deletes them where none are sent** (Klarna documentation), so that leaving them out is a
/// choice with a name of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorizationUpdate {
    order_amount: i64,
    cart: Option<Cart>,
    description: Option<String>,
}

impl AuthorizationUpdate {
    /// The lines and the sum of this cart.
    pub fn to_cart(cart: Cart) -> Self {
        let order_amount = cart.totals().order_amount;
        Self { order_amount, cart: Some(cart), description: None }
    }

    /// An amount in minor units, 0 to 200,000,000, without lines: the order's lines are deleted.
    pub fn to_amount_dropping_lines(order_amount: i64) -> Result<Self, Error> {
        range("order_amount", order_amount, 0..=200_000_000)?;
        Ok(Self { order_amount, cart: None, description: None })
    }

    /// Why, at most 255 characters.
    pub fn description(self, description: impl Into<String>) -> Result<Self, Error> {
        let description = Some(description.into());
        at_most("description", description.as_deref(), 255)?;
        Ok(Self { description, ..self })
    }

    /// The new total, in minor units.
    pub fn order_amount(&self) -> i64 {
        self.order_amount
    }

    pub(super) fn body(&self) -> impl Serialize + '_ {
        Body {
            order_amount: self.order_amount,
            order_lines: self.cart.as_ref().map(cart_lines),
            description: self.description.as_deref(),
        }
    }
}

#[derive(Serialize)]
struct Body<'a> {
    order_amount: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    order_lines: Option<Vec<Line<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
}
