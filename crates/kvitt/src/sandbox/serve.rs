//! `kvitt sandbox` without a command: Klarna on localhost.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use klarna_sandbox::{Config, Error, Sandbox};

use super::document::Document;
use crate::Context;
use crate::config::Listen;
use crate::failure::Failure;
use crate::log::{self, LogSettings};
use crate::{output, shutdown};

const DEFAULT_LISTEN: &str = "127.0.0.1:4010";

/// Flags of `kvitt sandbox`.
#[derive(Args)]
pub(super) struct ServeArgs {
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
    /// Keep what it remembers in this file, across restarts; killed, it loses the last second at
    /// most
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// Begin with the orders and sessions of this scenario, see `kvitt sandbox seed --help`; not
    /// if --state has some already
    #[arg(long, value_name = "FILE")]
    seed: Option<String>,
    /// Let its clock run so many times as fast as the machine's, up to 1000000
    #[arg(long, value_name = "TIMES", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pace: Option<u32>,
    /// How many requests are kept to be looked at, 100000 unless given
    #[arg(long, value_name = "COUNT")]
    exchanges: Option<usize>,
    /// Write every request and its answer into a file in this folder, too
    #[arg(long, value_name = "FOLDER")]
    record: Option<PathBuf>,
}

/// Serves until the process is asked to stop.
pub(super) async fn run(args: &ServeArgs, context: &Context) -> Result<ExitCode, Failure> {
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
    let mut config = Config { credentials, ..Config::default() };
    for wish in &args.set {
        let (name, value) = split(wish)?;
        let moved = config.settings.set(name, value);
        moved.map_err(|error| Failure::usage(format!("--set {error}")))?;
    }
    config.pace = args.pace.unwrap_or(config.pace);
    config.exchanges_max = args.exchanges.unwrap_or(config.exchanges_max);
    if let Some(folder) = &args.record {
        std::fs::create_dir_all(folder).map_err(|error| {
            let text = format!("--record {}: the folder cannot be made: {error}", folder.display());
            Failure::usage(text)
        })?;
    }
    config.record_folder = args.record.clone().or(config.record_folder);
    let scenario = args.seed.as_deref().map(Document::read).transpose()?;
    let listener = listen.bind().await.map_err(Failure::usage)?;
    let address = listener.local_addr().map_err(Failure::internal)?;
    let sandbox = Sandbox::new(config);
    prepare(&sandbox, args, scenario.as_ref())?;
    let asked = shutdown::asked();
    output::print(&format!("listening on http://{address}"))?;
    sandbox.clone().serve_until(listener, asked).await.map_err(Failure::internal)?;
    sandbox.stop_keeping().map_err(Failure::internal)?;
    Ok(ExitCode::SUCCESS)
}

fn split(wish: &str) -> Result<(&str, &str), Failure> {
    wish.split_once('=').ok_or_else(|| {
        Failure::usage(format!("--set {wish}: give NAME=VALUE, such as repeated_placing=409"))
    })
}

/// Makes what there is to be at first, or brings back what was kept, which then stands in its place.
/// What the command line says of switches and pace outweighs both.
fn prepare(
    sandbox: &Sandbox,
    args: &ServeArgs,
    scenario: Option<&Document>,
) -> Result<(), Failure> {
    if let Some(document) = scenario {
        sandbox.seed(&document.scenario).map_err(|error| match error {
            Error::Scenario(problems) => document.refused(&problems),
            other => Failure::usage(other),
        })?;
    }
    if let Some(file) = &args.state {
        sandbox.keep_in(file).map_err(Failure::usage)?;
    }
    for wish in &args.set {
        let (name, value) = split(wish)?;
        sandbox.set(name, value).map_err(|error| Failure::usage(format!("--set {error}")))?;
    }
    if let Some(pace) = args.pace {
        sandbox.set_pace(pace);
    }
    Ok(())
}
