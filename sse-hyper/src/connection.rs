//! One connection, from its socket to its last response.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use http_body::Body;
use pin_project_lite::pin_project;
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use crate::answer::{HttpBody, HttpService};
use crate::chunks::WriteChunks;
use crate::error::BoxError;
use crate::idle::{Readiness, StreamSocket};
use crate::open::OpenConnection;
use crate::shutdown::{Shutdown, begun};
use crate::{ServeOptions, StallLimit, http1, http2};

pin_project! {
    /// Serves a socket until its client or a shutdown ends it.
    ///
    /// Thousands of these hold a stream each, and every one is out of the cache whenever it has
    /// something to write. So it is written by hand, to hold that and next to nothing else.
    pub(crate) struct Connection<B: Body> {
        #[pin]
        state: State<B>,
        peer: SocketAddr,
        // Dropped last.
        open: OpenConnection,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<B: Body> {
        /// Requests and responses, until one of them is an event stream.
        Exchanges { exchanges: Exchanges<B> },
        Stream { #[pin] stream: WriteChunks<Socket, B> },
    }
}

/// Ends with the connection, or where its socket is left to the body of an event stream.
type Exchanges<B> = Pin<Box<dyn Future<Output = Result<Option<(Socket, B)>, BoxError>> + Send>>;

type Socket = StallLimit<StreamSocket>;

/// What all connections of a server share.
#[derive(Clone, Debug)]
pub(crate) struct Shared {
    pub(crate) options: ServeOptions,
    pub(crate) shutdown: Shutdown,
    pub(crate) readiness: Readiness,
}

impl<B: HttpBody> Connection<B> {
    pub(crate) fn new<S: HttpService<B>>(
        socket: TcpStream,
        peer: SocketAddr,
        service: S,
        shared: Shared,
        open: OpenConnection,
    ) -> Self {
        let exchanges = Box::pin(exchanges(socket, peer, service, shared));
        Self { state: State::Exchanges { exchanges }, peer, open }
    }
}

impl<B> Future for Connection<B>
where
    B: Body<Error: Into<BoxError>>,
{
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut this = self.project();
        let ended = loop {
            match this.state.as_mut().project() {
                StateProjection::Exchanges { exchanges } => {
                    match ready!(exchanges.as_mut().poll(context)) {
                        Ok(Some((socket, body))) => {
                            let stream = WriteChunks::new(socket, body);
                            this.state.set(State::Stream { stream });
                        }
                        ended => break ended.map(drop),
                    }
                }
                StateProjection::Stream { stream } => break ready!(stream.poll(context)),
            }
        };
        if let Err(error) = ended {
            tracing::debug!(peer = %this.peer, error, "the connection ended early");
        }
        Poll::Ready(())
    }
}

async fn exchanges<S, B>(
    socket: TcpStream,
    peer: SocketAddr,
    service: S,
    shared: Shared,
) -> Result<Option<(Socket, B)>, BoxError>
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
            let left = http1::serve(socket, peer, service, options, shutdown).await?;
            let Some((socket, body)) = left else { return Ok(None) };
            let socket = StreamSocket::new(socket, &readiness)?;
            Ok(Some((StallLimit::new(socket, stall_limit), body)))
        }
        Protocol::Http2 => {
            // It takes much, which one of HTTP/1.1 needs no room for.
            Box::pin(http2::serve(socket, peer, service, options, shutdown)).await?;
            Ok(None)
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
