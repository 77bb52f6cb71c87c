//! What nobody should send: generated and mutated bodies, headers, paths, forms and bytes, against
//! the router in-process and, where framing matters, over a socket.
//!
//! Whatever comes, the sandbox does not panic, answers with no 5xx that no fault asked for, gives
//! every error of Klarna's paths Klarna's envelope, and lives a normal life afterwards.
//!
//! proptest, since it is here already, runs on stable, shrinks what fails to the smallest such
//! input, and draws the same inputs in every run from a seed. `PROPTEST_CASES=100000` runs longer,
//! `PROPTEST_RNG_SEED=7` draws others.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bodies;
mod control;
mod framing;
mod headers;
mod judge;
mod life;
mod mutation;
mod orders;
mod pages;
mod paths;
mod subject;
mod valid;
