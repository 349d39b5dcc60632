//! One connection, from its socket to its last response: the only place that knows hyper.

use std::error::Error;
use std::future::{pending, poll_fn};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response, Version};
use http_body::Body;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::Watcher;
use tokio::net::TcpStream;
use tokio::sync::SetOnce;
use tokio::time::timeout;
use tower_service::Service;

use crate::unsent::{Unsent, Watched};
use crate::{ServeOptions, StallLimit};

/// A [body's](http_body::Body) or service's own error, boxed by those who only log it.
type BoxError = Box<dyn Error + Send + Sync>;

/// How much of a request's head is accepted and, beside one more buffer of the body, how much of
/// a response waits for a client to read.
const BUFFER: usize = 64 * 1024;

/// How many requests one HTTP/2 connection may have at the same time. All pages that a browser has
/// open share one; a proxy opens more when this is not enough.
const STREAMS: u32 = 256;

/// hyper adds its limits to the present time, which overflows for [`Duration::MAX`].
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
        .max_buf_size(BUFFER);
    // The pings are for a client that has vanished, and for one that stands still without
    // anything to read.
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(options.stall_limit.min(YEAR))
        .keep_alive_timeout(options.stall_limit.min(YEAR))
        .max_concurrent_streams(STREAMS)
        .max_send_buf_size(BUFFER);
    // Set by the first request, whose version tells the protocol: what HTTP/2 has not sent.
    let first = Arc::new(SetOnce::new());
    let requested = Arc::clone(&first);
    let service = service_fn(move |mut request: Request<Incoming>| {
        let unsent = unsent(&requested, request.version());
        request.extensions_mut().insert(PeerAddress(peer));
        let mut service = service.clone();
        async move {
            poll_fn(|context| service.poll_ready(context)).await?;
            let response = service.call(request).await?;
            Ok::<_, S::Error>(response.map(|body| Watched::new(body, unsent)))
        }
    });
    let socket = TokioIo::new(StallLimit::new(socket, options.stall_limit));
    let connection = shutdown.watch(builder.serve_connection_with_upgrades(socket, service));
    let cut_off = async {
        // hyper-util waits without limit for the bytes that tell HTTP/2 from HTTP/1.1.
        match timeout(options.header_read_limit, first.wait()).await {
            Err(_) => "no request came in time",
            Ok(None) => pending().await,
            Ok(Some(unsent)) => {
                unsent.stalled(options.stall_limit).await;
                "the client stopped taking what it asked for"
            }
        }
    };
    tokio::select! {
        ended = connection => if let Err(error) = ended {
            tracing::debug!(%peer, error, "the connection ended early");
        },
        reason = cut_off => tracing::debug!(%peer, reason, "the connection was cut off"),
    }
}

fn unsent(first: &SetOnce<Option<Unsent>>, version: Version) -> Option<Unsent> {
    if let Some(unsent) = first.get() {
        return unsent.clone();
    }
    let unsent = (version == Version::HTTP_2).then(Unsent::new);
    // Requests of a connection begin one after another, so nothing was set in between.
    let _ = first.set(unsent.clone());
    unsent
}
