//! `kvitt demo`: Klarna, a server and a shop on localhost, ready to be bought from and called; with
//! `--headless` the whole route is walked and checked.

mod api;
mod cart;
mod checks;
mod shop;
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
use crate::failure::Failure;
use crate::shutdown;

/// Flags of `kvitt demo`.
#[derive(Args)]
pub(crate) struct DemoArgs {
    /// Walk the whole route without a browser, and exit 0 only if all of it held
    #[arg(long)]
    headless: bool,
    /// Keep the server's data in this folder instead of a temporary one; the sandbox forgets its
    /// orders all the same
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
    /// Where the shop listens; port 0 picks a free one [default: 127.0.0.1:4020, or any free port
    /// with --headless]
    #[arg(long, value_name = "HOST:PORT")]
    shop_listen: Option<Listen>,
}

/// Runs the demo. The code is a failure where a check of the walk did not hold.
pub(crate) async fn run(args: DemoArgs, json: bool) -> Result<ExitCode, Failure> {
    // First of all, so that nothing is left behind where somebody else has the place.
    let server = bind(args.listen.as_ref(), 4000, args.headless).await?;
    let sandbox = bind(args.sandbox_listen.as_ref(), 4010, args.headless).await?;
    let shop = bind(args.shop_listen.as_ref(), 4020, args.headless).await?;
    run_at(server, sandbox, shop, &args, json).await.map_err(Failure::internal)
}

async fn run_at(
    server: TcpListener,
    sandbox: TcpListener,
    shop: TcpListener,
    args: &DemoArgs,
    json: bool,
) -> Result<ExitCode> {
    let temporary;
    let folder = if let Some(folder) = &args.data {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("--data {} cannot be created", folder.display()))?;
        folder.as_path()
    } else {
        temporary = tempfile::tempdir().context("no temporary folder: give one with --data DIR")?;
        temporary.path()
    };
    let mut running = start::start(folder, server, sandbox, shop).await?;
    if args.headless {
        let api = Api {
            server: format!("http://{}", running.server),
            sandbox: format!("http://{}", running.sandbox),
            key: running.key.clone(),
            http: reqwest::Client::builder().build()?,
        };
        let held = walk::walk(&api, &mut stdout(), json).await?;
        return Ok(if held { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    // Listened for before anybody is told that there is something to stop.
    let asked_to_stop = shutdown::asked();
    greet(&mut stdout().lock(), &running, json)?;
    tokio::select! {
        Some(ended) = running.tasks.join_next() => ended??,
        () = asked_to_stop => {}
    }
    Ok(ExitCode::SUCCESS)
}

/// Takes a port: the one asked for, else the usual one. A walk needs no fixed place, and must not
/// fail because something else has it.
async fn bind(asked: Option<&Listen>, usual: u16, headless: bool) -> Result<TcpListener, Failure> {
    let listen = match asked {
        Some(listen) => listen.clone(),
        None => format!("127.0.0.1:{}", if headless { 0 } else { usual })
            .parse()
            .map_err(Failure::usage)?,
    };
    listen.bind().await.map_err(Failure::usage)
}

/// What a newcomer needs to go on; for a program one JSON document after the ready line.
fn greet(out: &mut dyn Write, running: &start::Running, json: bool) -> Result<()> {
    let (server, sandbox, shop) = (running.server, running.sandbox, running.shop);
    let key = running.key.expose_secret();
    let dashboard = format!("http://{server}/dashboard");
    let (user, password) = (&running.user, running.password.expose_secret());
    writeln!(out, "listening on http://{server}")?;
    if json {
        let document = serde_json::json!({
            "server": format!("http://{server}"),
            "sandbox": format!("http://{sandbox}"),
            "shop": format!("http://{shop}"),
            "api_key": key,
            "dashboard": { "url": dashboard, "user": user, "password": password },
        });
        writeln!(out, "{document}")?;
        return Ok(out.flush()?);
    }
    writeln!(out, "\nOpen the shop and buy: http://{shop}")?;
    writeln!(out, "At Klarna's, take the phone number that stands there and any six digits.\n")?;
    writeln!(out, "Klarna on localhost: http://{sandbox}")?;
    writeln!(out, "Dashboard: {dashboard} (user {user}, password {password})")?;
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
