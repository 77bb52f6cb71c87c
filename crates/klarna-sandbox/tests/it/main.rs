//! The sandbox over HTTP, as an integration meets it.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod callbacks;
mod control;
mod edge;
mod faults;
mod flow;
mod idempotency;
mod keeping;
mod life;
mod orders;
mod placing;
mod scenarios;
mod sessions;
mod size;
mod support;
