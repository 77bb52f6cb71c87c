//! The real router over a real ledger, with Klarna's sandbox in the same process, driven over a
//! real port.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod attention;
mod bad_input;
mod callbacks;
mod checkout_page;
mod contract;
mod dashboard;
mod dashboard_sign_in;
mod doubt;
mod frozen;
mod idempotency;
mod life;
mod lists;
mod logs;
mod operator;
mod queue;
mod serving;
mod shop;
mod today;
mod undo;
mod webhooks;
