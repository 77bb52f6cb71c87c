//! Klarna on localhost: Klarna Payments v1, Order Management v1, Hosted Payment Page v1 and Customer
//! Token v1 without network, credentials or a merchant account, with a clock that can be moved and
//! faults that can be injected.
//!
//! It answers as the real Klarna does, as far as recorded exchanges and Klarna's documentation
//! tell; the crate's `FIDELITY.md` says for each behaviour which of the two it rests on, or that
//! it is a guess. Its browser SDK is at `/kp/lib/v1/api.js`, and leads the buyer through pages of
//! the sandbox's own. What Klarna does not have (the customer's step, the clock, faults, what was
//! exchanged) stands under `/sandbox/v1`, as the crate's `CONTROL.md` lists it; `FAULTS.md` tells of
//! all that can be made to go wrong. A page at `/` shows what it holds and what was exchanged.
//!
//! A test starts one in its own process, on a port of its own, and gives it as Klarna's address:
//!
//! ```
//! use std::time::Duration;
//!
//! use klarna_sandbox::{Config, Sandbox};
//! use serde_json::{Value, json};
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let klarna = Sandbox::start(Config::default()).await?;
//! let sandbox = klarna.sandbox();
//!
//! // An order that was placed three days ago, of which the first line has shipped.
//! let seeded = sandbox.seed(&json!({
//!     "orders": [{"name": "1001", "state": "part_captured", "age": "P3D"}],
//! }))?;
//! let order = format!("{}/ordermanagement/v1/orders/{}", klarna.url(), seeded.orders[0].order_id);
//!
//! # let client = reqwest::Client::builder().no_proxy().build()?;
//! let read = || client.get(&order).basic_auth("any", Some("thing")).send();
//! let before: Value = read().await?.json().await?;
//! assert_eq!(before["remaining_authorized_amount"], 4900);
//!
//! // A month passes, and the rest with it.
//! let earlier = sandbox.snapshot();
//! sandbox.advance(Duration::from_secs(28 * 86_400)).await;
//! let after: Value = read().await?.json().await?;
//! assert_eq!(after["remaining_authorized_amount"], 0);
//!
//! // Back again.
//! sandbox.restore(&earlier[..])?;
//! assert_eq!(read().await?.json::<Value>().await?, before);
//! klarna.stop().await?;
//! # Ok(())
//! # }
//! ```
//!
//! A program in another language is given the address as [`Running::url`] tells it, or starts
//! `kvitt sandbox --listen 127.0.0.1:0`.
//!
//! Invariants: rules are pure; the store changes under one lock, never across an `await`; the
//! types that read Klarna's requests are this crate's own.

#![expect(clippy::struct_field_names, reason = "fields have Klarna's names")]

mod answer;
mod callback;
mod config;
mod error;
mod exchanges;
mod http;
mod indent;
mod inspector;
mod keep;
mod rate_limit;
mod recorder;
mod rules;
mod sandbox;
mod scenario;
mod settings;
mod source;
mod state;
mod steer;
mod took;
mod wire;
mod write;

pub use config::{Config, Secret};
pub use error::{Error, ScenarioProblem};
pub use indent::json as indented_json;
pub use sandbox::{Running, Sandbox};
pub use scenario::{Seeded, SeededCustomerToken, SeededHostedPage, SeededOrder, SeededSession};
pub use settings::{
    AuthorizationCallback, DistributionStatus, HeaderText, RepeatedPlacing, SettingError, Settings,
};
pub use source::{Clock, IdSource, RandomIds, SystemClock};
