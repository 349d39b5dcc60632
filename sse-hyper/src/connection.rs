//! One connection, from its socket to its last response.

use tokio::time::timeout;

use crate::answer::{HttpBody, HttpService};
use crate::error::BoxError;
use crate::idle::Readiness;
use crate::protocol::Protocol;
use crate::rewound::Rewound;
use crate::shutdown::{Shutdown, begun};
use crate::socket::Socket;
use crate::stream::Stream;
#[cfg(feature = "tls")]
use crate::tls;
use crate::{Accepted, ServeOptions, StallLimit, http1, http2};

/// What all connections of a server share.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) options: ServeOptions,
    pub(crate) shutdown: Shutdown,
    pub(crate) readiness: Readiness,
}

/// Serves requests until the client or a shutdown ends the connection, or until one of them is an
/// event stream, which is left to go on by itself.
pub(crate) async fn connection<S, B>(
    accepted: Accepted,
    service: S,
    shared: Shared,
) -> Option<Stream<B>>
where
    S: HttpService<B>,
    B: HttpBody,
{
    let peer = accepted.peer;
    exchanges(accepted, service, shared).await.unwrap_or_else(|error| {
        tracing::debug!(%peer, error, "the connection ended early");
        None
    })
}

async fn exchanges<S, B>(
    accepted: Accepted,
    service: S,
    shared: Shared,
) -> Result<Option<Stream<B>>, BoxError>
where
    S: HttpService<B>,
    B: HttpBody,
{
    let peer = accepted.peer();
    let begun = tokio::select! {
        begun = timeout(shared.options.header_read_limit, begin(accepted, &shared)) => begun,
        () = begun(shared.shutdown.clone()) => return Ok(None),
    };
    let Shared { options, shutdown, readiness } = shared;
    let (protocol, socket) = begun.map_err(|_| "no request came in time")??;
    match protocol {
        Protocol::Http1 => {
            // Those that wait for their turn to ask need no room for it.
            let left = Box::pin(http1::serve(socket, peer, service, options, shutdown)).await?;
            let Some((mut socket, body)) = left else { return Ok(None) };
            socket.make_idle(&readiness)?;
            Ok(Some(Stream::new(socket, peer.address, body)))
        }
        Protocol::Http2 => {
            // It takes much, which one of HTTP/1.1 needs no room for.
            Box::pin(http2::serve(socket, peer, service, options, shutdown)).await.map(|()| None)
        }
    }
}

/// Waits until it is clear what the client speaks.
async fn begin(
    accepted: Accepted,
    shared: &Shared,
) -> Result<(Protocol, Rewound<Socket>), BoxError> {
    accepted.transport.send_at_once()?;
    let socket = StallLimit::new(accepted.transport, shared.options.stall_limit);
    #[cfg(feature = "tls")]
    if let Some(tls) = accepted.tls {
        // It takes much, which a connection without it needs no room for.
        return Box::pin(tls::begin(socket, tls, shared.shutdown.clone())).await;
    }
    Ok(Protocol::of(Socket::Plain(socket)).await?)
}

#[cfg(all(test, unix))]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by it")]

    use std::convert::Infallible;
    use std::future::Ready;
    use std::os::fd::AsFd;
    use std::task::{Context, Poll};

    use http::{Request, Response};
    use http_body_util::Empty;
    use tokio::io::AsyncWriteExt;
    use tokio::net::{TcpListener, TcpStream};

    use super::*;
    use crate::RequestBody;

    #[derive(Clone)]
    struct Nothing;

    impl tower_service::Service<Request<RequestBody>> for Nothing {
        type Response = Response<Empty<&'static [u8]>>;
        type Error = Infallible;
        type Future = Ready<Result<Self::Response, Infallible>>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
            Poll::Ready(Ok(()))
        }

        fn call(&mut self, _: Request<RequestBody>) -> Self::Future {
            std::future::ready(Ok(Response::default()))
        }
    }

    #[tokio::test]
    async fn small_writes_do_not_wait_for_each_other() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (socket, peer) = listener.accept().await.unwrap();
        let twin: std::net::TcpStream = socket.as_fd().try_clone_to_owned().unwrap().into();
        assert!(!twin.nodelay().unwrap(), "it is not so by itself");
        client.shutdown().await.unwrap();
        let (_end, shutdown) = tokio::sync::watch::channel(());
        let options = ServeOptions::default();
        let shared = Shared { options, shutdown, readiness: Readiness::default() };
        assert!(connection(Accepted::tcp(socket, peer), Nothing, shared).await.is_none());
        assert!(twin.nodelay().unwrap());
    }
}
