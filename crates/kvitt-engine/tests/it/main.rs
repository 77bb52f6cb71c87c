//! The engine over a real ledger, against the sandbox, with its faults and its clock.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod accounts;
mod alarms;
mod crash;
mod doors;
mod doubt;
mod elsewhere;
mod expiry;
mod failure_modes;
mod faults;
mod figures;
mod fraud;
mod life;
mod looking;
mod markets;
mod portal;
mod rates;
mod recent;
mod reconcile;
mod restored;
mod revived;
mod send_out;
mod sessions;
mod shop;
mod undo;
mod unsteady;
mod webhook_consumer;
mod webhook_endpoints;
mod webhooks;
