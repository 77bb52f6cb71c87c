//! The sandbox over HTTP, as an integration meets it.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod callbacks;
mod control;
mod edge;
mod faults;
mod flow;
mod hpp;
mod hpp_life;
mod hpp_pages;
mod idempotency;
mod life;
mod orders;
mod placing;
mod qr_reader;
mod sessions;
mod size;
mod support;
