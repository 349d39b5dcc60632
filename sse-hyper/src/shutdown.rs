//! The signal on which connections end.

use tokio::sync::watch;

/// Closed when the server is to end.
pub(crate) type Shutdown = watch::Receiver<()>;

/// Waits until the server is to end; its sender is gone with it.
pub(crate) async fn begun(mut shutdown: Shutdown) {
    while shutdown.changed().await.is_ok() {}
}
