//! `kvitt demo`: Klarna and a server on localhost, ready to be called; with `--headless` the whole
//! route is walked and checked.

mod api;
mod cart;
mod checks;
mod start;
mod walk;

use std::io::{Write, stdout};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use secrecy::ExposeSecret;

use api::Api;

/// How the demo runs.
#[derive(Debug, Clone)]
pub(crate) struct DemoOptions {
    /// Walk the route and stop.
    pub(crate) headless: bool,
    /// Where data lives; a temporary folder where absent.
    pub(crate) data: Option<PathBuf>,
    /// Where the server listens.
    pub(crate) listen: Option<SocketAddr>,
    /// Where the sandbox listens.
    pub(crate) sandbox_listen: Option<SocketAddr>,
}

/// Runs the demo. The code is a failure where a check of the walk did not hold.
pub(crate) async fn run(options: DemoOptions) -> Result<ExitCode> {
    let temporary;
    let folder = if let Some(folder) = options.data {
        std::fs::create_dir_all(&folder)
            .with_context(|| format!("--data {} cannot be created", folder.display()))?;
        folder
    } else {
        temporary = tempfile::tempdir().context("no temporary folder: give one with --data DIR")?;
        temporary.path().to_owned()
    };
    // A walk needs no fixed place, and must not fail because something else has it.
    let port = |fixed| if options.headless { 0 } else { fixed };
    let local = |fixed| SocketAddr::from((Ipv4Addr::LOCALHOST, port(fixed)));
    let mut running = start::start(
        folder,
        options.listen.unwrap_or_else(|| local(4000)),
        options.sandbox_listen.unwrap_or_else(|| local(4010)),
    )
    .await?;
    let mut out = stdout().lock();
    if options.headless {
        let api = Api {
            server: format!("http://{}", running.server),
            sandbox: format!("http://{}", running.sandbox),
            key: running.key.clone(),
            http: reqwest::Client::builder().build()?,
        };
        let held = walk::walk(&api, &mut out).await?;
        return Ok(if held { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    greet(&mut out, &running)?;
    drop(out);
    tokio::select! {
        ended = running.tasks.join_next() => match ended {
            Some(ended) => ended??,
            None => {}
        },
        stopped = crate::stop::requested() => stopped?,
    }
    Ok(ExitCode::SUCCESS)
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
