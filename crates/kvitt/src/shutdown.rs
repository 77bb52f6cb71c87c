//! When to stop.

use std::io;

use tokio::signal;

/// Waits until the process is asked to stop: by ctrl-c or, on Unix, by SIGTERM. Where it cannot be
/// told, the system ends the process by itself.
pub(crate) async fn asked() {
    let heard = tokio::select! {
        interrupted = signal::ctrl_c() => interrupted,
        terminated = terminated() => terminated,
    };
    if let Err(error) = heard {
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
