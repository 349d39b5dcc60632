//! One connection, from its socket to its last response.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use crate::answer::{HttpBody, HttpService};
use crate::error::BoxError;
use crate::idle::{Readiness, StreamSocket};
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
        spoken = timeout(options.header_read_limit, Protocol::of(&socket)) => spoken,
        () = begun(shutdown.clone()) => return Ok(None),
    };
    let protocol = spoken.map_err(|_| "no request came in time")??;
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

/// What a client speaks.
enum Protocol {
    Http1,
    Http2,
}

impl Protocol {
    /// Looks at how the client begins, and leaves it there: reading would cost a buffer of its own
    /// for as long as the connection lasts.
    ///
    /// HTTP/2 begins with a [preface][preface], and no method of HTTP/1.1 begins like it.
    ///
    /// [preface]: https://www.rfc-editor.org/rfc/rfc9113#section-3.4
    async fn of(socket: &TcpStream) -> io::Result<Self> {
        const PREFACE: &[u8] = b"PRI";
        /// What has come is there at once when it is looked at again.
        const AGAIN: Duration = Duration::from_millis(10);
        let mut begin = [0; PREFACE.len()];
        loop {
            let length = socket.peek(&mut begin).await?;
            if length == 0 {
                let what = "the client was gone before it asked for anything";
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, what));
            }
            if begin[..length] != PREFACE[..length] {
                return Ok(Self::Http1);
            }
            if length == PREFACE.len() {
                return Ok(Self::Http2);
            }
            sleep(AGAIN).await;
        }
    }
}
