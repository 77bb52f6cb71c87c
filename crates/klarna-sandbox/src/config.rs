//! How a sandbox starts, and the secret of strict mode.

use std::{fmt, path::PathBuf};

use crate::settings::Settings;

/// A text that no `Debug` output shows.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The secret's text, for the one comparison that needs it.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(hidden)")
    }
}

/// How a sandbox starts.
#[derive(Clone, Debug)]
pub struct Config {
    /// Strict mode: only this user name and password (or the password alone, as an opaque API
    /// key) are accepted. Without it any Basic credentials are, except the password `wrong`.
    pub credentials: Option<(String, Secret)>,
    /// The switches, as long as nobody moves them.
    pub settings: Settings,
    /// How many times as fast as the machine's the sandbox's clock runs from the start, 1 to
    /// 1,000,000. Default 1; `PATCH /sandbox/v1/clock` changes it.
    pub pace: u32,
    /// How many exchanges are kept for `GET /sandbox/v1/exchanges`. Default 100,000.
    pub exchanges_max: usize,
    /// How many bytes of exchanges are kept at most, their bodies and heads counted. Default
    /// 128 MiB.
    pub exchange_bytes_max: usize,
    /// How many sessions are kept; beyond it the oldest are forgotten, as if they had expired.
    /// Default 1,000,000.
    pub sessions_max: usize,
    /// How many bytes of sessions with what their buyers agreed to are kept at most, about, and
    /// how many of buyers on their way. Beyond it the oldest are forgotten. Default 1 GiB each.
    pub session_bytes_max: usize,
    /// How many orders and how many customer tokens are kept; beyond it the oldest are forgotten.
    /// Default 1,000,000.
    pub orders_max: usize,
    /// How many bytes of orders are kept at most, about, and how many of customer tokens. Beyond
    /// it the oldest are forgotten. Default 1 GiB each.
    pub order_bytes_max: usize,
    /// The largest request body that is read, in bytes; above it the answer is 413. Default 1 MiB
    /// (Klarna documentation: 1 MB).
    pub body_bytes_max: usize,
    /// The largest snapshot that can be restored by `PUT /sandbox/v1/snapshot`, in bytes. It is
    /// read as it comes and never held as a whole. Default 2 GiB.
    pub snapshot_bytes_max: u64,
    /// Where every exchange is written to as well, one JSON object a line in a file of this
    /// sandbox's own, so that a test run can be looked at afterwards. Default: the folder that the
    /// environment variable `KLARNA_SANDBOX_RECORD` names, else nowhere.
    pub record_folder: Option<PathBuf>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            credentials: None,
            settings: Settings::default(),
            pace: 1,
            exchanges_max: 100_000,
            exchange_bytes_max: 134_217_728,
            sessions_max: 1_000_000,
            session_bytes_max: 1_073_741_824,
            orders_max: 1_000_000,
            order_bytes_max: 1_073_741_824,
            body_bytes_max: 1_048_576,
            snapshot_bytes_max: 2_147_483_648,
            record_folder: std::env::var_os("KLARNA_SANDBOX_RECORD").map(PathBuf::from),
        }
    }
}
