//! `kvitt sandbox`: Klarna on localhost, and what drives one that runs.

#![expect(clippy::doc_markdown, reason = "help texts are shown as they stand")]

mod control;
mod document;
mod seed;
mod serve;
mod snapshot;
mod tail;
mod trigger;

use std::process::ExitCode;

use clap::{Args, Subcommand};

use crate::Context;
use crate::failure::Failure;
use crate::output;

const AFTER_HELP: &str = "\
It answers as Klarna does: Klarna Payments under /payments/v1, Order Management
under /ordermanagement/v1, Hosted Payment Page under /hpp/v1, Customer Token
under /customer-token/v1. Its page at / shows what it holds and what was sent.
What Klarna does not have (the buyer's step, a clock that can be moved, faults)
is under /sandbox/v1; `GET /sandbox/v1` lists the calls. It keeps everything in
memory and forgets it when it stops, unless --state names a file.

Any Basic credentials are accepted, except the password `wrong`, which always
gets 401.

The commands drive a sandbox that runs: the one at http://127.0.0.1:4010, or
where --url or KVITT_SANDBOX_URL say.

Examples:
  kvitt sandbox
  kvitt sandbox --listen 127.0.0.1:0
  kvitt sandbox --state sandbox.jsonl --pace 60
  kvitt sandbox --set repeated_placing=409 --set rate_limit_sessions=5
  KVITT_SANDBOX_CREDENTIALS=PK00000_test:secret kvitt sandbox

  kvitt sandbox seed --example > orders.toml
  kvitt sandbox --seed orders.toml
  kvitt sandbox trigger fraud-rejected \"waits for fraud control\"
  kvitt sandbox tail --status 4xx --bodies";

/// `kvitt sandbox`
#[derive(Args)]
#[command(after_help = AFTER_HELP, args_conflicts_with_subcommands = true)]
pub(crate) struct SandboxArgs {
    #[command(flatten)]
    serve: serve::ServeArgs,
    #[command(subcommand)]
    command: Option<SandboxCommand>,
}

#[derive(Subcommand)]
enum SandboxCommand {
    /// Make orders, sessions, hosted pages and customer tokens in chosen states, from a scenario file
    Seed(seed::SeedArgs),
    /// Make something happen: a fraud decision, an approval, an expiry, time
    Trigger(trigger::TriggerArgs),
    /// Watch requests and answers as they come
    Tail(tail::TailArgs),
    /// Save everything that the sandbox remembers, and bring it back
    Snapshot(snapshot::SnapshotArgs),
    /// Forget everything
    Reset(ResetArgs),
}

const RESET_HELP: &str = "\
Orders, sessions, faults and what was exchanged are gone; clock and switches
stand again as when the sandbox was started.

Example:
  kvitt sandbox reset";

#[derive(Args)]
#[command(after_help = RESET_HELP)]
struct ResetArgs {
    #[command(flatten)]
    reach: control::Reach,
}

impl SandboxArgs {
    /// Whether it is a sandbox that is started, and not one that runs.
    pub(crate) fn serves(&self) -> bool {
        self.command.is_none()
    }
}

/// Runs the command.
pub(crate) async fn run(args: &SandboxArgs, context: &Context) -> Result<ExitCode, Failure> {
    match &args.command {
        None => serve::run(&args.serve, context).await,
        Some(SandboxCommand::Seed(args)) => seed::run(args, context).await,
        Some(SandboxCommand::Trigger(args)) => trigger::run(args, context).await,
        Some(SandboxCommand::Tail(args)) => tail::run(args, context).await,
        Some(SandboxCommand::Snapshot(args)) => snapshot::run(args, context).await,
        Some(SandboxCommand::Reset(args)) => {
            let sandbox = control::Control::new(&args.reach, context)?;
            sandbox.post(&["reset"], None).await?;
            output::print(if context.json {
                "{\"reset\":true}"
            } else {
                "everything is forgotten"
            })?;
            Ok(ExitCode::SUCCESS)
        }
    }
}
