//! `kvitt sandbox`: Klarna on localhost.

#![expect(clippy::doc_markdown, reason = "help texts are shown as they stand")]

use std::process::ExitCode;

use clap::Args;
use klarna_sandbox::{Config, Sandbox, Settings};

use crate::Context;
use crate::config::Listen;
use crate::failure::Failure;
use crate::log::{self, LogSettings};
use crate::{output, shutdown};

const DEFAULT_LISTEN: &str = "127.0.0.1:4010";

const AFTER_HELP: &str = "\
It answers as Klarna does: Klarna Payments under /payments/v1, Order Management
under /ordermanagement/v1. What Klarna does not have (the customer's step, a
clock that can be moved, faults) is under /sandbox/v1. It keeps everything in
memory and forgets it when it stops.

Any Basic credentials are accepted, except the password `wrong`, which always
gets 401.

Examples:
  kvitt sandbox
  kvitt sandbox --listen 127.0.0.1:0
  kvitt sandbox --set repeated_placing=409 --set rate_limit_sessions=5
  KVITT_SANDBOX_CREDENTIALS=PK00000_test:secret kvitt sandbox";

/// Flags of `kvitt sandbox`.
#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct SandboxArgs {
    /// Where it listens, 127.0.0.1:4010 unless told; port 0 picks a free one
    /// [env: KVITT_SANDBOX_LISTEN]
    #[arg(long, value_name = "HOST:PORT")]
    listen: Option<String>,
    /// Accept only these credentials [env: KVITT_SANDBOX_CREDENTIALS]
    #[arg(long, value_name = "USER:PASSWORD")]
    credentials: Option<String>,
    /// Move a switch, where Klarna's behaviour is not known; may be given often. An unknown name
    /// lists them all; `PATCH /sandbox/v1/settings` moves them while it runs
    #[arg(long, value_name = "NAME=VALUE")]
    set: Vec<String>,
}

/// Serves until the process is asked to stop.
pub(crate) async fn run(args: &SandboxArgs, context: &Context) -> Result<ExitCode, Failure> {
    log::start(&LogSettings::quiet()).map_err(Failure::internal)?;
    let environment = &context.environment;
    let listen: Listen = args
        .listen
        .as_deref()
        .or_else(|| environment.get("KVITT_SANDBOX_LISTEN"))
        .unwrap_or(DEFAULT_LISTEN)
        .parse()
        .map_err(Failure::usage)?;
    let credentials = args
        .credentials
        .as_deref()
        .or_else(|| environment.get("KVITT_SANDBOX_CREDENTIALS"))
        .map(|pair| {
            let parts = pair
                .split_once(':')
                .filter(|(user, password)| !user.is_empty() && !password.is_empty());
            parts.map(|(user, password)| (user.to_owned(), password.into())).ok_or_else(|| {
                Failure::usage(
                    "the sandbox's credentials are not USER:PASSWORD: give both, with a colon \
                     between them",
                )
            })
        })
        .transpose()?;
    let mut settings = Settings::default();
    for wish in &args.set {
        let (name, value) = wish.split_once('=').ok_or_else(|| {
            Failure::usage(format!("--set {wish}: give NAME=VALUE, such as repeated_placing=409"))
        })?;
        settings.set(name, value).map_err(|error| Failure::usage(format!("--set {error}")))?;
    }
    let listener = listen.bind().await.map_err(Failure::usage)?;
    let address = listener.local_addr().map_err(Failure::internal)?;
    let sandbox = Sandbox::new(Config { credentials, settings, ..Config::default() });
    let asked = shutdown::asked();
    output::print(&format!("listening on http://{address}"))?;
    tokio::select! {
        served = sandbox.serve(listener) => served.map_err(Failure::internal)?,
        () = asked => {}
    }
    Ok(ExitCode::SUCCESS)
}
