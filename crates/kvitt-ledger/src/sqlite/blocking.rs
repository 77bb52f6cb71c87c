//! Work that waits for the disk.

use crate::error::LedgerError;

/// Runs it where nothing else waits behind it. Once it has begun it goes on to its end, also where
/// nobody waits for that any more.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, LedgerError> + Send + 'static,
) -> Result<T, LedgerError> {
    // It ends early where it panics, and where the runtime ends before its turn.
    let stopped = || LedgerError::Unavailable { what: "the work on its file stopped".to_owned() };
    tokio::task::spawn_blocking(work).await.map_err(|_| stopped())?
}
