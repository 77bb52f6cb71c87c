//! The client against Klarna offline: every operation of its APIs, and the refusals that matter.
#![expect(clippy::unwrap_used, reason = "a helper that fails is a failing test")]

#[path = "../common/mod.rs"]
mod common;
mod customer_tokens;
mod hpp;
mod orders;
mod payments;
mod support;
