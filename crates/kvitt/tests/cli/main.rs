//! The program as its users meet it: its help, its configuration, its commands, its exit codes.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod configuration;
mod demo;
#[cfg(target_os = "linux")]
mod full_disk;
mod help;
mod keys;
mod ledger;
mod migrate;
mod reconcile;
mod refusals;
mod sale;
mod sandbox;
mod sandbox_state;
mod serving;
mod support;
mod users;
mod webhooks;
