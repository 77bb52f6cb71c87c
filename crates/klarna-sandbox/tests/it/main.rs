//! The sandbox over HTTP, as an integration meets it.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod life;
mod support;
