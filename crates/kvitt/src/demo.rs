//! Sandbox, server and a first sale, in one go.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use crate::config::Listen;

/// Flags of `kvitt demo`.
#[derive(Args)]
pub(crate) struct DemoArgs {
    /// Walk the whole route without a browser, and exit 0 only if all of it held
    #[arg(long)]
    headless: bool,
    /// Keep the data in this folder instead of a temporary one
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Where the server listens; port 0 picks a free one
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:4000")]
    listen: Listen,
    /// Where the sandbox listens; port 0 picks a free one
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:4010")]
    sandbox_listen: Listen,
}

/// What the demo does, and where.
#[derive(Debug)]
pub(crate) struct DemoOptions {
    /// Whether it walks the route by itself.
    pub(crate) headless: bool,
    /// Where the data lives; a temporary folder where absent.
    pub(crate) data: Option<PathBuf>,
    /// Where the server listens.
    pub(crate) listen: Listen,
    /// Where the sandbox listens.
    pub(crate) sandbox_listen: Listen,
}

impl From<DemoArgs> for DemoOptions {
    fn from(args: DemoArgs) -> Self {
        let DemoArgs { headless, data, listen, sandbox_listen } = args;
        Self { headless, data, listen, sandbox_listen }
    }
}

/// Runs the demo.
pub(crate) async fn run(options: DemoOptions) -> anyhow::Result<ExitCode> {
    let listener = options.sandbox_listen.bind().await.map_err(anyhow::Error::msg)?;
    anyhow::bail!("the demo at {} is not part of this build: {options:?}", listener.local_addr()?)
}
