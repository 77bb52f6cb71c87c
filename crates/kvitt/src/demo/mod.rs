//! `kvitt demo`: Klarna and a server on localhost, ready to be called; with `--headless` the whole
//! route is walked and checked.

mod api;
mod cart;
mod checks;
mod start;
mod walk;

use std::io::{Write, stdout};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;
use secrecy::ExposeSecret;
use tokio::net::TcpListener;

use self::api::Api;
use crate::config::Listen;
use crate::shutdown;

/// Flags of `kvitt demo`.
#[derive(Args)]
pub(crate) struct DemoArgs {
    /// Walk the whole route without a browser, and exit 0 only if all of it held
    #[arg(long)]
    headless: bool,
    /// Keep the data in this folder instead of a temporary one
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Where the server listens; port 0 picks a free one [default: 127.0.0.1:4000, or any free
    /// port with --headless]
    #[arg(long, value_name = "HOST:PORT")]
    listen: Option<Listen>,
    /// Where the sandbox listens; port 0 picks a free one [default: 127.0.0.1:4010, or any free
    /// port with --headless]
    #[arg(long, value_name = "HOST:PORT")]
    sandbox_listen: Option<Listen>,
}

/// Runs the demo. The code is a failure where a check of the walk did not hold.
pub(crate) async fn run(args: DemoArgs) -> Result<ExitCode> {
    let temporary;
    let folder = if let Some(folder) = &args.data {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("--data {} cannot be created", folder.display()))?;
        folder.as_path()
    } else {
        temporary = tempfile::tempdir().context("no temporary folder: give one with --data DIR")?;
        temporary.path()
    };
    let mut running = start::start(
        folder,
        bind(args.listen.as_ref(), 4000, args.headless).await?,
        bind(args.sandbox_listen.as_ref(), 4010, args.headless).await?,
    )
    .await?;
    if args.headless {
        let api = Api {
            server: format!("http://{}", running.server),
            sandbox: format!("http://{}", running.sandbox),
            key: running.key.clone(),
            http: reqwest::Client::builder().build()?,
        };
        let held = walk::walk(&api, &mut stdout()).await?;
        return Ok(if held { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    // Listened for before anybody is told that there is something to stop.
    let asked_to_stop = shutdown::asked();
    greet(&mut stdout().lock(), &running)?;
    tokio::select! {
        Some(ended) = running.tasks.join_next() => ended??,
        () = asked_to_stop => {}
    }
    Ok(ExitCode::SUCCESS)
}

/// Takes a port: the one asked for, else the usual one. A walk needs no fixed place, and must not
/// fail because something else has it.
async fn bind(asked: Option<&Listen>, usual: u16, headless: bool) -> Result<TcpListener> {
    let listen = match asked {
        Some(listen) => listen.clone(),
        None => format!("127.0.0.1:{}", if headless { 0 } else { usual })
            .parse()
            .map_err(anyhow::Error::msg)?,
    };
    listen.bind().await.map_err(anyhow::Error::msg)
}

/// What a newcomer needs to go on.
fn greet(out: &mut dyn Write, running: &start::Running) -> Result<()> {
    let (server, sandbox) = (running.server, running.sandbox);
    let key = running.key.expose_secret();
    writeln!(out, "listening on http://{server}")?;
    writeln!(out, "Klarna on localhost: http://{sandbox}")?;
    writeln!(out, "API key: {key}")?;
    writeln!(out, "API documentation: http://{server}/docs\n")?;
    writeln!(out, "Open a checkout:\n")?;
    writeln!(out, "  curl http://{server}/v1/checkouts \\")?;
    writeln!(out, "    -H 'Authorization: Bearer {key}' \\")?;
    writeln!(out, "    -H 'Content-Type: application/json' -H 'Idempotency-Key: cart-1' \\")?;
    writeln!(out, "    -d '{}'\n", cart::small_checkout())?;
    writeln!(out, "Stop with Ctrl-C.")?;
    out.flush()?;
    Ok(())
}
