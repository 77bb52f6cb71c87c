//! Klarna on localhost: Klarna Payments v1, Order Management v1 and Hosted Payment Page v1 without
//! network, credentials or a merchant account, with a clock that can be moved and faults that can
//! be injected.
//!
//! It answers as the real Klarna does, as far as recorded exchanges and Klarna's documentation
//! tell; the crate's `FIDELITY.md` says for each behaviour which of the two it rests on, or that
//! it is a guess. Its browser SDK is at `/kp/lib/v1/api.js`, and leads the buyer through pages of
//! the sandbox's own. What Klarna does not have (the customer's step, the clock, faults, what was
//! exchanged) stands under `/sandbox/v1`.
//!
//! ```
//! # async fn example() -> std::io::Result<()> {
//! let sandbox = klarna_sandbox::Sandbox::start(klarna_sandbox::Config::default()).await?;
//! let sessions = format!("{}/payments/v1/sessions", sandbox.url());
//! # Ok(())
//! # }
//! ```
//!
//! Invariants: rules are pure; the store changes under one lock, never across an `await`; the
//! types that read Klarna's requests are this crate's own.

#![expect(clippy::struct_field_names, reason = "fields have Klarna's names")]

mod answer;
mod callback;
mod config;
mod exchanges;
mod http;
mod rate_limit;
mod recorder;
mod rules;
mod sandbox;
mod settings;
mod source;
mod state;
mod write;

pub use config::{Config, Secret};
pub use sandbox::{Running, Sandbox};
pub use settings::{
    AuthorizationCallback, DistributionStatus, RepeatedPlacing, SettingError, Settings,
};
pub use source::{Clock, IdSource, RandomIds, SystemClock};
