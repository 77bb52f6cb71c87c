//! What the crate promises, checked from outside: stories whose amounts are written by hand, a
//! model that random sales are held against, and every sale there can be, up to a depth.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod expiry;
mod exploration;
mod figures;
mod holding;
mod inconsistent;
mod laws;
mod life;
mod looking;
mod model;
mod news;
mod parcels;
mod placing;
mod properties;
mod reconciling;
mod refusals;
mod shipping;
mod status;
mod stored;
mod support;
mod undo;
mod wishes;
