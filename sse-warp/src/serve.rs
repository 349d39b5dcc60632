//! Serving a filter with what long-lived streams need.

use std::future::Future;

use gapless_sse_hyper::{Listener, ServeOptions};
use warp::{Filter, Reply};

/// Serves `filter` on `listener` until `shutdown`, with [`ServeOptions::default`].
///
/// Unlike `warp::serve`, it ends the connections of clients that stop reading (over HTTP/2: whose
/// streams all stand still), and it ends at most [`drain_limit`](ServeOptions::drain_limit) after
/// `shutdown`, whatever streams are open.
/// For the peer's address, use [`peer_address`](crate::peer_address): warp's own `addr::remote`
/// sees only what warp serves.
///
/// A [`Listener`] is a port, a Unix socket, one of them with TLS (feature `tls`), or within the process.
///
/// ```no_run
/// # async fn run() -> std::io::Result<()> {
/// use warp::Filter;
///
/// let listener = gapless_sse_warp::bind("127.0.0.1:8080").await?;
/// let interrupt = async { drop(tokio::signal::ctrl_c().await) };
/// gapless_sse_warp::serve(listener, warp::any().map(|| "hello"), interrupt).await;
/// # Ok(())
/// # }
/// ```
pub async fn serve<F>(listener: impl Listener, filter: F, shutdown: impl Future<Output = ()>)
where
    F: Filter<Extract: Reply> + Clone + Send + Sync + 'static,
{
    serve_with(listener, filter, ServeOptions::default(), shutdown).await;
}

/// [`serve`] with limits of your own.
pub async fn serve_with<F>(
    listener: impl Listener,
    filter: F,
    options: ServeOptions,
    shutdown: impl Future<Output = ()>,
) where
    F: Filter<Extract: Reply> + Clone + Send + Sync + 'static,
{
    gapless_sse_hyper::serve(listener, warp::service(filter), options, shutdown).await;
}
