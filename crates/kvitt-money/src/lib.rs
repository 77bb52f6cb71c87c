//! Money in minor units, order lines and their tax arithmetic, and the markets in which Klarna
//! sells.
//!
//! Everything here is pure: no I/O, no clock, no wire format of a provider. A value of one of
//! these types cannot be wrong: [`OrderLine`] and [`Cart`] are only built when their amounts
//! agree, and an [`Error`] names the line, the field, the value and the value expected.
//!
//! ```
//! use kvitt_money::{Cart, Country, OrderLine, TaxRate};
//!
//! let shirt = OrderLine::tax_inclusive("Shirt", 24_900, TaxRate::new(2500)?, 2)?;
//! assert_eq!(shirt.total_amount, 49_800);
//! assert_eq!(shirt.total_tax_amount, 9_960);
//!
//! let cart = Cart::sum(Country::SE, vec![shirt])?;
//! assert_eq!(cart.order_amount().to_string(), "498.00 SEK");
//! # Ok::<(), kvitt_money::Error>(())
//! ```

mod cart;
mod discount;
mod error;
mod line;
mod market;
mod money;
mod portion;
mod tax;

pub use cart::{Cart, CartFields, Totals};
pub use discount::split_discount;
pub use error::{AmountError, Error, MarketError, Rule};
pub use iso_currency::Currency;
pub use line::{
    LineType, OrderLine, OrderLineFields, ProductIdentifiers, Subscription, SubscriptionInterval,
};
pub use market::{Country, Locale, Market, PurchaseMarket, markets};
pub use money::Money;
pub use tax::{TaxRate, TaxStyle, tax_within};
