//! The sandbox over HTTP, as an integration meets it.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod callbacks;
mod control;
mod customer_tokens;
mod edge;
mod faults;
mod flow;
mod idempotency;
mod inspector;
mod life;
mod live;
mod orders;
mod placing;
mod sessions;
mod size;
mod support;
mod switches;
mod wire;
