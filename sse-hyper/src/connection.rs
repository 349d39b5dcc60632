//! One connection, from its socket to its last response: the only place that knows hyper.

use std::error::Error;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http::{Request, Response};
use http_body::Body;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::Watcher;
use tokio::net::TcpStream;
use tokio::time::sleep;
use tower_service::Service;

use crate::{ServeOptions, StallLimit};

/// A [body's](http_body::Body) or service's own error, boxed by those who only log it.
type BoxError = Box<dyn Error + Send + Sync>;

/// How much of a request's head is accepted and, beside one more buffer of the body, how much of
/// a response waits for a client to read.
const BUFFER: usize = 64 * 1024;

/// hyper adds its limit to the present time, which overflows for [`Duration::MAX`].
const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// The address of the client, as an extension of each request served by [`serve`](crate::serve).
///
/// Behind a proxy, it is the proxy's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PeerAddress(pub SocketAddr);

/// Serves `socket` until its client or a shutdown ends it.
pub(crate) async fn serve_connection<S, B>(
    socket: TcpStream,
    peer: SocketAddr,
    service: S,
    options: ServeOptions,
    shutdown: Watcher,
) where
    S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Into<BoxError>,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<BoxError>,
{
    // Events are small and must not wait for the acknowledgement of the one before.
    if let Err(error) = socket.set_nodelay(true) {
        tracing::debug!(%peer, %error, "the client was gone before it was served");
        return;
    }
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(options.header_read_limit.min(YEAR))
        .max_buf_size(BUFFER)
        .http2()
        .timer(TokioTimer::new());
    // hyper-util waits without limit for the bytes that tell HTTP/2 from HTTP/1.1.
    let requested = Arc::new(AtomicBool::new(false));
    let mark = Arc::clone(&requested);
    let service = service_fn(move |mut request: Request<Incoming>| {
        mark.store(true, Ordering::Relaxed);
        request.extensions_mut().insert(PeerAddress(peer));
        let mut service = service.clone();
        async move {
            poll_fn(|context| service.poll_ready(context)).await?;
            service.call(request).await
        }
    });
    let socket = TokioIo::new(StallLimit::new(socket, options.stall_limit));
    let connection = shutdown.watch(builder.serve_connection_with_upgrades(socket, service));
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        ended = &mut connection => ended,
        () = sleep(options.header_read_limit) => {
            if !requested.load(Ordering::Relaxed) {
                tracing::debug!(%peer, "no request came in time");
                return;
            }
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%peer, error, "the connection ended early");
    }
}
