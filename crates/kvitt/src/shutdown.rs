//! When to stop.

use std::future::{Future, pending};
use std::io;

use tokio::signal;

/// Waits until the process is asked to stop: by ctrl-c or, on Unix, by SIGTERM. From this call on,
/// before it is awaited, being asked does not end the process any more. It is called inside a
/// Tokio runtime.
pub(crate) fn asked() -> impl Future<Output = ()> + Send + 'static {
    let listening = listen();
    async move {
        match listening {
            Ok(asked) => asked.await,
            Err(error) => {
                // The system then ends the process by itself.
                tracing::warn!(%error, "signals to stop are not heard");
                pending::<()>().await;
            }
        }
    }
}

#[cfg(unix)]
fn listen() -> io::Result<impl Future<Output = ()> + Send + 'static> {
    use signal::unix::{SignalKind, signal};
    let mut interrupted = signal(SignalKind::interrupt())?;
    let mut terminated = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupted.recv() => {}
            _ = terminated.recv() => {}
        }
    })
}

#[cfg(not(unix))]
fn listen() -> io::Result<impl Future<Output = ()> + Send + 'static> {
    Ok(async {
        if signal::ctrl_c().await.is_err() {
            pending().await
        }
    })
}
