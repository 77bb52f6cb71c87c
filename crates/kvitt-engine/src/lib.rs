//! The engine of kvitt: carries intents out.
//!
//! A wish becomes an intent that is stored with its call and its key before the call leaves; the
//! answer becomes an event; what a crash or a lost answer left behind is due work, which whoever
//! claims it next finishes by the same call with the same key. This is the only room that knows
//! both the ledger and Klarna. It knows no route and no page.

mod accounts;
mod act;
mod addresses;
mod alarm;
mod authorization;
mod callback;
mod calls;
mod checkout;
mod clock;
mod doubt;
mod engine;
mod error;
mod evidence;
mod expiry;
mod figures;
mod frozen;
mod held;
mod ids;
mod link;
mod look;
pub mod names;
mod order;
mod rate;
mod reading;
mod recent;
mod reconcile;
mod revived;
mod session;
mod settle;
mod shopper;
mod summary;
mod undo;
pub mod webhooks;
mod work;

pub use accounts::{Account, Accounts, AccountsError};
pub use act::Answered;
pub use alarm::{Alarm, AlarmKind, AlarmSettings};
pub use authorization::{NewAuthorization, authorization_digest};
pub use checkout::{CheckoutAnswered, MarketChange, NewCheckout};
pub use clock::{Clock, SystemClock};
pub use engine::{Caller, Engine, Idempotency, Parts, Settings};
pub use error::EngineError;
pub use ids::{IdSource, RandomIds};
pub use rate::{Class, ClassReport, Limit, Rate, RateReport, Sharing, Waits};
pub use reconcile::{Reconciled, Reconciling};
pub use settle::{SETTLED_AS_NOT_DONE, Settlement};
pub use shopper::Shopper;
