//! One connection, from its socket to its last response.

use std::net::SocketAddr;

use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::answer::{HttpBody, HttpService};
use crate::error::BoxError;
use crate::idle::{Readiness, StreamSocket};
use crate::protocol::Protocol;
use crate::shutdown::{Shutdown, begun};
use crate::stream::Stream;
use crate::{ServeOptions, StallLimit, http1, http2};

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
    socket: TcpStream,
    peer: SocketAddr,
    service: S,
    shared: Shared,
) -> Option<Stream<B>>
where
    S: HttpService<B>,
    B: HttpBody,
{
    exchanges(socket, peer, service, shared).await.unwrap_or_else(|error| {
        tracing::debug!(%peer, error, "the connection ended early");
        None
    })
}

async fn exchanges<S, B>(
    socket: TcpStream,
    peer: SocketAddr,
    service: S,
    shared: Shared,
) -> Result<Option<Stream<B>>, BoxError>
where
    S: HttpService<B>,
    B: HttpBody,
{
    let Shared { options, shutdown, readiness } = shared;
    // Events are small and must not wait for the acknowledgement of the one before.
    socket.set_nodelay(true)?;
    let spoken = tokio::select! {
        spoken = timeout(options.header_read_limit, Protocol::of(socket)) => spoken,
        () = begun(shutdown.clone()) => return Ok(None),
    };
    let (protocol, socket) = spoken.map_err(|_| "no request came in time")??;
    let stall_limit = options.stall_limit;
    let socket = StallLimit::new(socket, stall_limit);
    match protocol {
        Protocol::Http1 => {
            // Those that wait for their turn to ask need no room for it.
            let left = Box::pin(http1::serve(socket, peer, service, options, shutdown)).await?;
            let Some((socket, body)) = left else { return Ok(None) };
            let socket = StreamSocket::new(socket, &readiness)?;
            Ok(Some(Stream::new(StallLimit::new(socket, stall_limit), peer, body)))
        }
        Protocol::Http2 => {
            // It takes much, which one of HTTP/1.1 needs no room for.
            Box::pin(http2::serve(socket, peer, service, options, shutdown)).await.map(|()| None)
        }
    }
}
