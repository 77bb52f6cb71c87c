//! The time, as an argument.

use async_trait::async_trait;
use jiff::Timestamp;

/// Tells the time of day. It may be a machine's own, a test's, or a sandbox's.
#[async_trait]
pub trait Clock: Send + Sync + 'static {
    /// The time now.
    async fn now(&self) -> Timestamp;
}

/// The machine's own clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    async fn now(&self) -> Timestamp {
        #[expect(clippy::disallowed_methods, reason = "the edge at which real time enters")]
        Timestamp::now()
    }
}
