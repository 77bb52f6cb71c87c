//! Configuration: flags, then `KVITT_…` variables, then `kvitt.toml`.
//!
//! Reading it collects every problem instead of stopping at the first, so that a shop mends its
//! configuration in one go. No message repeats a secret.

mod account;
mod expiry;
mod file;
mod listen;
mod problem;
mod rate;
mod settings;
mod sources;
mod tls;

pub(crate) use account::AccountSettings;
pub(crate) use listen::Listen;
pub(crate) use problem::Problems;
pub(crate) use settings::{ServeFlags, ServeSettings};
pub(crate) use sources::Sources;
