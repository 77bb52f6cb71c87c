//! What is bought, and where.

use kvitt_money::{Cart, PurchaseMarket};
use serde::Serialize;

use crate::check::FieldError;
use crate::wire::CartBody;

/// A cart in its market. Sums, tax style, currency and locale fit together by the time it exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Purchase {
    market: PurchaseMarket,
    cart: Cart,
}

impl Purchase {
    /// Refused where the cart is one of another country.
    pub fn new(market: PurchaseMarket, cart: Cart) -> Result<Self, FieldError> {
        let (given, expected) = (cart.purchase_country(), market.purchase_country());
        if given != expected {
            return Err(FieldError::new(
                "purchase_country",
                format_args!("{given} for the cart"),
                format_args!("{expected}, as for the locale and the currency"),
            ));
        }
        Ok(Self { market, cart })
    }

    /// Country, currency and locale.
    pub fn market(&self) -> PurchaseMarket {
        self.market
    }

    /// Lines and sums.
    pub fn cart(&self) -> &Cart {
        &self.cart
    }

    pub(crate) fn body(&self) -> PurchaseBody<'_> {
        PurchaseBody { market: MarketBody::new(self.market), cart: CartBody::new(&self.cart) }
    }
}

#[derive(Serialize)]
pub(crate) struct PurchaseBody<'a> {
    #[serde(flatten)]
    market: MarketBody,
    #[serde(flatten)]
    cart: CartBody<'a>,
}

#[derive(Serialize)]
pub(crate) struct MarketBody {
    purchase_country: &'static str,
    purchase_currency: &'static str,
    locale: &'static str,
}

impl MarketBody {
    pub(crate) fn new(market: PurchaseMarket) -> Self {
        Self {
            purchase_country: market.purchase_country().code(),
            purchase_currency: market.purchase_currency().code(),
            locale: market.locale().as_str(),
        }
    }
}
