//! The program: command line and configuration around the sandbox, the server and the merchant
//! API.
//!
//! Invariants:
//! - It holds nothing that another face would also need: what may happen is decided by the
//!   engine, and the commands on checkouts and orders see only the merchant API.
//! - Results go to stdout, everything else to stderr.
//! - The ambient clock, randomness and environment enter here and are arguments below.

mod attention;
mod checkout;
mod cli;
mod config;
mod demo;
mod environment;
mod events;
mod failure;
mod file_input;
mod follow_clock;
mod http_cause;
mod key;
mod ledger;
mod log;
mod merchant_api;
mod migrate;
mod order;
mod output;
mod progress;
mod reconcile;
mod sandbox;
mod serve;
mod shutdown;
mod user;
mod view;
mod webhook;

use std::process::ExitCode;

use clap::Parser;

use crate::cli::{Cli, Command};
use crate::environment::Environment;
use crate::failure::Failure;

/// With the system's own, a fifth of what the sandbox does for reading an order is `malloc` and
/// `free`.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // Already installed is as good: there is only one provider in the whole tree.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let cli = Cli::parse();
    let context = Context {
        environment: Environment::of_process(),
        config: cli.common.config,
        json: cli.common.json,
    };
    let json = context.json;
    match run(cli.command, &context) {
        Ok(code) => code,
        Err(failure) => failure.report(json),
    }
}

/// What every command is given besides its own arguments.
struct Context {
    environment: Environment,
    config: Option<std::path::PathBuf>,
    json: bool,
}

fn run(command: Command, context: &Context) -> Result<ExitCode, Failure> {
    let serves = match &command {
        Command::Serve(_) | Command::Demo(_) => true,
        Command::Sandbox(args) => args.serves(),
        _ => false,
    };
    let mut builder = if serves {
        tokio::runtime::Builder::new_multi_thread()
    } else {
        tokio::runtime::Builder::new_current_thread()
    };
    let runtime = builder.enable_all().build().map_err(Failure::internal)?;
    runtime.block_on(async {
        match command {
            Command::Demo(args) => {
                log::start(&log::LogSettings::quiet()).map_err(Failure::internal)?;
                Box::pin(demo::run(args, context.json)).await
            }
            Command::Serve(args) => Box::pin(serve::run(&args, context)).await,
            Command::Sandbox(args) => Box::pin(sandbox::run(&args, context)).await,
            Command::Key(args) => Box::pin(key::run(args, context)).await,
            Command::User(args) => Box::pin(user::run(args, context)).await,
            Command::Migrate(args) => Box::pin(migrate::run(args, context)).await,
            Command::Ledger(args) => Box::pin(ledger::run(args, context)).await,
            Command::Checkout(args) => Box::pin(checkout::run(args, context)).await,
            Command::Order(args) => Box::pin(order::run(args, context)).await,
            Command::Attention(args) => Box::pin(attention::run(args, context)).await,
            Command::Reconcile(args) => Box::pin(reconcile::run(args, context)).await,
            Command::Events(args) => Box::pin(events::run(args, context)).await,
            Command::Webhook(args) => Box::pin(webhook::run(args, context)).await,
        }
    })
}
