//! What can be switched, and the secret of strict mode.

use std::{fmt, time::Duration};

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

/// When the merchant's authorization callback is sent, seen from the answer to the browser.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthorizationCallback {
    /// Answered or given up before the browser hears of it.
    Before,
    /// A moment after.
    #[default]
    After,
    /// A moment after, and once more.
    Twice,
    /// Lost.
    Never,
}

/// The sandbox's switches. Each stands for a point on which Klarna's sources are silent or
/// disagree; the defaults and their reasons are listed in the crate's `FIDELITY.md`.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "independent switches, not a state")]
pub struct Config {
    /// Strict mode: only this user name and password (or the password alone, as an opaque API
    /// key) are accepted. Without it any Basic credentials are, except the password `wrong`.
    pub credentials: Option<(String, Secret)>,
    /// Whether an order may be captured while its `fraud_status` is `PENDING`. Default: refused
    /// with 403 `CAPTURE_NOT_ALLOWED` (guess).
    pub capture_while_pending: bool,
    /// How long an authorization lasts, in days. Default 28 (Klarna documentation).
    pub authorization_days: u16,
    /// Whether a partly captured order becomes `EXPIRED` at its expiry. Default: it becomes
    /// `CAPTURED` with nothing remaining (guess).
    pub part_captured_becomes_expired: bool,
    /// Whether a refused placing is repeated for the same token whatever the next body says.
    /// Default: yes (observed in 2017).
    pub sticky_placing_errors: bool,
    /// Whether changing amount, lines or addresses of a session voids an authorization that was
    /// given for the earlier state. Default: yes (guess; Klarna documents "re-authorize").
    pub update_voids_authorization: bool,
    /// When a buyer's approval is called back to the merchant. Default: a moment after the browser
    /// was answered (Klarna documentation: best effort, in no order). `PATCH /sandbox/v1/settings`
    /// changes it while running.
    pub authorization_callback: AuthorizationCallback,
    /// How many exchanges are kept for `GET /sandbox/v1/exchanges`. Default 10,000.
    pub exchanges_max: usize,
    /// The largest request body that is read, in bytes; above it the answer is 413. Default 1 MiB
    /// (Klarna documentation: 1 MB).
    pub body_bytes_max: usize,
    /// The pause before the second attempt of an authorization callback; it doubles for the third.
    /// Real time, default 1 s (Klarna documentation).
    pub callback_pause: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            credentials: None,
            capture_while_pending: false,
            authorization_days: 28,
            part_captured_becomes_expired: false,
            sticky_placing_errors: true,
            update_voids_authorization: true,
            authorization_callback: AuthorizationCallback::After,
            exchanges_max: 10_000,
            body_bytes_max: 1_048_576,
            callback_pause: Duration::from_secs(1),
        }
    }
}
