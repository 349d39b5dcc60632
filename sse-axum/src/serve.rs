//! Serving a router with what long-lived streams need.

use std::convert::Infallible;
use std::future::Future;
use std::task::{Context, Poll};

use axum::Router;
use axum::extract::ConnectInfo;
use axum::response::Response;
use gapless_sse_hyper::{Listener, PeerAddress, ServeOptions};
use http::Request;
use tower_service::Service;

/// Serves `router` on `listener` until `shutdown`, with [`ServeOptions::default`].
///
/// Unlike `axum::serve`, it ends the connections of clients that stop reading (over HTTP/2: whose
/// streams all stand still), and it ends at most [`drain_limit`](ServeOptions::drain_limit) after
/// `shutdown`, whatever streams are open.
/// The extractor `ConnectInfo<SocketAddr>` works; a client that came by a Unix socket has the address
/// 127.0.0.1, port 0.
///
/// A [`Listener`] is a port, a Unix socket, one of them with TLS (feature `tls`), or within the process.
///
/// ```no_run
/// # async fn run() -> std::io::Result<()> {
/// use axum::Router;
///
/// let listener = gapless_sse_axum::bind("127.0.0.1:8080").await?;
/// let interrupt = async { drop(tokio::signal::ctrl_c().await) };
/// gapless_sse_axum::serve(listener, Router::new(), interrupt).await;
/// # Ok(())
/// # }
/// ```
pub async fn serve(listener: impl Listener, router: Router, shutdown: impl Future<Output = ()>) {
    serve_with(listener, router, ServeOptions::default(), shutdown).await;
}

/// [`serve`] with limits of your own.
pub async fn serve_with(
    listener: impl Listener,
    router: Router,
    options: ServeOptions,
    shutdown: impl Future<Output = ()>,
) {
    gapless_sse_hyper::serve(listener, Connected(router), options, shutdown).await;
}

/// Tells axum's extractor what gapless-sse-hyper knows of the peer.
#[derive(Clone)]
struct Connected(Router);

impl<B> Service<Request<B>> for Connected
where
    Router: Service<Request<B>, Response = Response, Error = Infallible>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = <Router as Service<Request<B>>>::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        <Router as Service<Request<B>>>::poll_ready(&mut self.0, context)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        if let Some(&PeerAddress(address)) = request.extensions().get() {
            request.extensions_mut().insert(ConnectInfo(address));
        }
        self.0.call(request)
    }
}
