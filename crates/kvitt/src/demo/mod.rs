//! `kvitt demo`: Klarna and a server on localhost, ready to be called.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, bail};

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

/// Runs the demo.
#[expect(clippy::unused_async, reason = "the demo itself waits for requests")]
pub(crate) async fn run(options: DemoOptions) -> Result<ExitCode> {
    let DemoOptions { headless, data, listen, sandbox_listen } = options;
    bail!("this build has no demo: {headless} {data:?} {listen:?} {sandbox_listen:?}")
}
