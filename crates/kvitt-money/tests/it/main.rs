//! What the crate promises, checked from outside: numbers written by hand, and properties.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod cart;
mod discount;
mod line;
mod market;
mod portion;
mod properties;
mod reading;
mod support;
