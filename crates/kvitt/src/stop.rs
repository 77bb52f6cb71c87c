//! When to stop.

use std::io;

use tokio::signal;

/// Waits until the process is asked to stop: by ctrl-c or, on Unix, by SIGTERM. Fails where it
/// cannot be told.
pub(crate) async fn requested() -> io::Result<()> {
    tokio::select! {
        interrupted = signal::ctrl_c() => interrupted,
        terminated = terminated() => terminated,
    }
}

/// Waits likewise; where it cannot be told, the system ends the process by itself.
pub(crate) async fn requested_or_never() {
    if let Err(error) = requested().await {
        tracing::warn!(%error, "signals to stop are not heard");
        std::future::pending().await
    }
}

#[cfg(unix)]
async fn terminated() -> io::Result<()> {
    signal::unix::signal(signal::unix::SignalKind::terminate())?.recv().await;
    Ok(())
}

#[cfg(not(unix))]
async fn terminated() -> io::Result<()> {
    std::future::pending().await
}
