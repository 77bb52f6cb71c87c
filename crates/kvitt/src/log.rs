//! Where the log goes and what it looks like.

use std::io::{self, IsTerminal as _};

use anyhow::Context as _;
use tracing_subscriber::EnvFilter;

use crate::output;

/// What is logged unless told otherwise.
const DEFAULT_FILTER: &str = "info";

/// What a line of the log looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// For programs: one JSON document a line.
    Json,
}

/// What is logged, and how.
#[derive(Debug)]
pub(crate) struct LogSettings {
    /// For people on a terminal and for programs elsewhere, where absent.
    pub(crate) format: Option<LogFormat>,
    /// Directives such as `info,kvitt_engine=debug`.
    pub(crate) filter: String,
}

impl Default for LogSettings {
    fn default() -> Self {
        Self { format: None, filter: DEFAULT_FILTER.to_owned() }
    }
}

impl LogSettings {
    /// Only what went wrong.
    pub(crate) fn quiet() -> Self {
        Self { format: Some(LogFormat::Text), filter: "warn".to_owned() }
    }
}

/// Checks directives. The answer says what is wrong with them.
pub(crate) fn check_filter(filter: &str) -> Result<(), String> {
    EnvFilter::try_new(filter).map(drop).map_err(|error| error.to_string())
}

/// Begins to log to stderr.
pub(crate) fn start(settings: &LogSettings) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&settings.filter).context("the log's filter")?;
    let by_stream = if io::stderr().is_terminal() { LogFormat::Text } else { LogFormat::Json };
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(output::colours_on_stderr());
    let started = match settings.format.unwrap_or(by_stream) {
        LogFormat::Text => builder.try_init(),
        LogFormat::Json => builder.json().flatten_event(true).with_span_list(false).try_init(),
    };
    started.map_err(anyhow::Error::from_boxed).context("the log could not be started")
}
