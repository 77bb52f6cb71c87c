//! Both checks over files on disk.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]
#![expect(clippy::needless_pass_by_value, reason = "values made for the call read better")]

mod exchanges;
mod openapi;
mod replay;
