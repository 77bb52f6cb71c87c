//! The event store of kvitt: events, their projections, idempotency records, due work, personal
//! data and secrets, behind one trait, [`Ledger`].
//!
//! Invariants:
//! - It decides nothing. What is stored was decided by its caller; what it checks is that nothing
//!   was decided meanwhile ([`Append::expected_version`]), that a request is not taken twice
//!   ([`Append::idempotency`]) and that a lost claim writes nothing ([`Append::fence`]).
//! - One [`Append`] is one transaction on one sale: all of it is stored, or nothing.
//! - Events are only ever appended. Summaries, work and private data are bookkeeping beside them.
//! - Only the modules of a store know SQL. Everything else holds for every store.

mod api_key;
mod append;
mod error;
mod event;
mod ledger;
mod private;
mod summary;
mod work;

pub use api_key::ApiKey;
pub use append::{Append, IdempotencyRecord};
pub use error::LedgerError;
pub use event::{FeedEntry, NewEvent};
pub use ledger::Ledger;
pub use private::{Private, PrivateChange};
pub use summary::{Page, SaleQuery, SaleSummary};
pub use work::{Work, WorkChange};
