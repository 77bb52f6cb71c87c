//! The faces of kvitt over its engine: merchant API, the shopper's checkout page, the operators'
//! dashboard, Klarna's callbacks, health, metrics, documentation.
//!
//! Invariants:
//! - No business rule lives here: a handler reads a request, asks the engine, and shows what came
//!   of it.
//! - Every route stands in one table with the one who may call it; there is no other way in.
//! - What a request held is not logged: route patterns, ids, codes and durations are.

mod acts;
pub mod api_keys;
mod app;
mod assets;
mod attention;
mod callbacks;
mod checkout_page;
mod checkouts;
mod dashboard;
mod docs;
mod events;
mod extract;
mod health;
mod input;
mod intents;
mod layers;
mod ledger;
mod metrics;
mod orders;
mod passwords;
mod problem;
mod routes;
mod serve;
pub mod users;
mod view;
mod webhook_endpoints;

pub use app::ServerConfig;
pub use routes::{openapi, router};
pub use serve::{ServeError, TlsFiles, serve};
