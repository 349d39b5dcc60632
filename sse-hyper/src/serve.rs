//! The accept loop and its end.

use std::error::Error;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::pin;
use std::time::Duration;

use http::{Request, Response};
use http_body::Body;
use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, sleep_until, timeout};
use tower_service::Service;

use crate::connection::{Shared, connection};
use crate::error::BoxError;
use crate::idle::Readiness;
use crate::linger::linger;
use crate::socket::Socket;
use crate::stream::Stream;
use crate::{Accepted, Listener, RequestBody, ServeOptions};

/// How long to wait after an accept that failed for want of something, the first time and at
/// most.
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(10), Duration::from_secs(1));

/// Serves `service` on `listener` until `shutdown`, over HTTP/1.1 and HTTP/2 (over TLS as agreed there,
/// else with prior knowledge).
///
/// A [`Listener`] is a port, a Unix socket, and more. Each request carries its
/// [`PeerAddress`](crate::PeerAddress) as an extension. An accept that
/// fails (too many open files, say) is logged and tried again. On `shutdown` no connection is
/// accepted any more, idle ones are closed, and responses may go on for the
/// [`drain_limit`](ServeOptions::drain_limit): let endless streams end themselves on the same
/// signal.
///
/// Dropping the future ends all its connections at once.
pub async fn serve<S, B>(
    mut listener: impl Listener,
    service: S,
    options: ServeOptions,
    shutdown: impl Future<Output = ()>,
) where
    S: Service<Request<RequestBody>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Into<Box<dyn Error + Send + Sync>>,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let (end, shutdown_begun) = watch::channel(());
    let drain_limit = options.drain_limit;
    let sockets = StreamSockets(Readiness::default());
    let readiness = sockets.0.clone();
    let shared = Shared { options, shutdown: shutdown_begun, readiness };
    let mut open = Open { connections: JoinSet::new(), streams: JoinSet::new(), shared };
    let mut shutdown = pin!(shutdown);
    let (mut back_off, mut pause) = (BACK_OFF.0, None);
    loop {
        let accepted = tokio::select! {
            () = &mut shutdown => break,
            accepted = accept(&mut listener, pause) => accepted,
            true = open.next() => continue,
        };
        match accepted {
            Ok(accepted) => {
                (back_off, pause) = (BACK_OFF.0, None);
                let (service, shared) = (service.clone(), open.shared.clone());
                open.connections.spawn(connection(accepted, service, shared));
            }
            Err(error) if concerns_one_client(&error) => {}
            Err(error) => {
                tracing::error!(%error, "cannot accept a connection; trying again");
                pause = Some(Instant::now() + back_off);
                back_off = (back_off * 2).min(BACK_OFF.1);
            }
        }
    }
    drop((listener, end));
    let ended = async { while open.next().await {} };
    if timeout(drain_limit, ended).await.is_err() {
        let connections = open.connections.len() + open.streams.len();
        tracing::warn!(connections, "dropping what did not end in time");
    }
    open.connections.shutdown().await;
    open.streams.shutdown().await;
}

/// What is being served.
struct Open<B: Body> {
    /// One that comes to an event stream over HTTP/1.1 ends, and leaves the stream.
    connections: JoinSet<Option<Stream<B>>>,
    /// One that ends leaves its socket, to be closed.
    streams: JoinSet<Option<Socket>>,
    shared: Shared,
}

impl<B: Body<Error: Into<BoxError>> + Send + 'static> Open<B>
where
    B::Data: Send,
{
    /// Waits until one of them has ended, and goes on with what it left. `false` if there is none.
    async fn next(&mut self) -> bool {
        tokio::select! {
            Some(ended) = self.connections.join_next() => {
                if let Some(stream) = report(ended).flatten() {
                    self.streams.spawn(stream);
                }
            }
            Some(ended) = self.streams.join_next() => {
                if let Some(socket) = report(ended).flatten() {
                    let shutdown = self.shared.shutdown.clone();
                    self.connections.spawn(async {
                        linger(socket, shutdown).await;
                        None
                    });
                }
            }
            else => return false,
        }
        true
    }
}

/// The sockets of streams, which are watched as long as the server lives.
struct StreamSockets(Readiness);

impl Drop for StreamSockets {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// Accepts a connection, after a pause if there is one; streams that are open go on meanwhile.
async fn accept(listener: &mut impl Listener, pause: Option<Instant>) -> io::Result<Accepted> {
    if let Some(end) = pause {
        sleep_until(end).await;
    }
    poll_fn(|context| listener.poll_accept(context)).await
}

/// The client was gone before it was accepted.
fn concerns_one_client(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

fn report<T>(ended: Result<T, JoinError>) -> Option<T> {
    ended.inspect_err(|error| tracing::error!(%error, "serving a connection failed")).ok()
}
