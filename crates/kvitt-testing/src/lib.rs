//! PostgreSQL servers for tests: real ones, made for the occasion, and gone after it.
//!
//! A test asks for a [`database`] of its own on a server that it shares, or starts a [`Server`] of
//! its own to stop, to restart and to put a standby beside. Servers listen on a socket in a folder
//! of their own, so that none is in another's way.
//!
//! Invariants:
//! - Nothing is skipped: a machine without PostgreSQL fails with what to install.
//! - No server outlives the process that started it, however that ends.

#![expect(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "a test whose server cannot be had has failed: all of this panics then"
)]

mod binaries;
mod database;
mod server;

pub use database::{Database, SERVER_URL, database};
pub use server::Server;
