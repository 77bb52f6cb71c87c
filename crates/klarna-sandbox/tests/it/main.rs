//! The sandbox over HTTP, as an integration meets it.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod callback_faults;
mod callbacks;
mod control;
mod customer_tokens;
mod delivery;
mod documented;
mod edge;
mod faults;
mod flow;
mod hpp;
mod hpp_life;
mod hpp_pages;
mod idempotency;
mod inspector;
mod inspector_hosted;
mod keeping;
mod letters;
mod life;
mod limits;
mod live;
mod orders;
mod placing;
mod push;
mod qr_reader;
mod receiver;
mod scenarios;
mod sessions;
mod size;
mod socket;
mod support;
mod switches;
mod wire;
