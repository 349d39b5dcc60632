//! One connection, from its socket to its last response: the only place that knows hyper.

use std::error::Error;
use std::future::{Future, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use http::{Request, Response};
use http_body::Body;
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use pin_project_lite::pin_project;
use tokio::net::TcpStream;
use tokio::sync::{SetOnce, watch};
use tokio::time::{sleep, timeout};
use tower_service::Service;

use crate::chunks::WriteChunks;
use crate::handover::{Asked, Flushed, Handover};
use crate::unsent::{Unsent, Watched};
use crate::{PeerAddress, ServeOptions, StallLimit};

/// A [body's](http_body::Body) or service's own error, boxed by those who only log it.
pub(crate) type BoxError = Box<dyn Error + Send + Sync>;

/// How much of a request's head is accepted and, beside one more buffer of the body, how much of
/// a response waits for a client to read.
const BUFFER: usize = 64 * 1024;

/// How many requests one HTTP/2 connection may have at the same time. All pages that a browser has
/// open share one; a proxy opens more when this is not enough.
const STREAMS: u32 = 256;

/// hyper adds its limits to the present time, which overflows for [`Duration::MAX`].
const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);

pin_project! {
    /// Serves a socket until its client or a shutdown ends it.
    ///
    /// Thousands of these hold a stream each, and every one is out of the cache whenever it has
    /// something to write. So it is written by hand, to hold that and next to nothing else.
    pub(crate) struct Connection<B: Body> {
        #[pin]
        stage: Stage<B>,
        peer: SocketAddr,
    }
}

pin_project! {
    #[project = StageProjection]
    enum Stage<B: Body> {
        /// Requests and responses, until one of them is an event stream.
        Exchanges { exchanges: Served<Option<(Socket, B)>> },
        Stream { #[pin] stream: WriteChunks<Socket, B> },
    }
}

impl<B> Connection<B>
where
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<BoxError>,
{
    pub(crate) fn new<S>(
        socket: TcpStream,
        peer: SocketAddr,
        service: S,
        options: ServeOptions,
        shutdown: Shutdown,
    ) -> Self
    where
        S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
        S::Future: Send + 'static,
        S::Error: Into<BoxError>,
    {
        let exchanges = Box::pin(exchanges(socket, peer, service, options, shutdown));
        Self { stage: Stage::Exchanges { exchanges }, peer }
    }
}

impl<B> Future for Connection<B>
where
    B: Body,
    B::Error: Into<BoxError>,
{
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut this = self.project();
        let ended = loop {
            match this.stage.as_mut().project() {
                StageProjection::Exchanges { exchanges } => {
                    match ready!(exchanges.as_mut().poll(context)) {
                        Ok(Some((socket, body))) => {
                            let stream = WriteChunks::new(socket, body);
                            this.stage.set(Stage::Stream { stream });
                        }
                        ended => break ended.map(drop),
                    }
                }
                StageProjection::Stream { stream } => break ready!(stream.poll(context)),
            }
        };
        if let Err(error) = ended {
            tracing::debug!(peer = %this.peer, error, "the connection ended early");
        }
        Poll::Ready(())
    }
}

/// Closed when the server is to end.
pub(crate) type Shutdown = watch::Receiver<()>;

type Served<T> = Pin<Box<dyn Future<Output = Result<T, BoxError>> + Send>>;

type Socket = StallLimit<TcpStream>;

const NO_REQUEST: &str = "no request came in time";

/// Ends with the connection, or where its socket is left to the body of an event stream.
async fn exchanges<S, B>(
    socket: TcpStream,
    peer: SocketAddr,
    service: S,
    options: ServeOptions,
    shutdown: Shutdown,
) -> Result<Option<(Socket, B)>, BoxError>
where
    S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Into<BoxError>,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<BoxError>,
{
    // Events are small and must not wait for the acknowledgement of the one before.
    socket.set_nodelay(true)?;
    let asked = tokio::select! {
        asked = timeout(options.header_read_limit, Protocol::of(&socket)) => asked,
        () = begun(shutdown.clone()) => return Ok(None),
    };
    let protocol = asked.map_err(|_| NO_REQUEST)??;
    let socket = StallLimit::new(socket, options.stall_limit);
    match protocol {
        Protocol::Http1 => over_http1(socket, peer, service, options, shutdown).await,
        Protocol::Http2 => {
            // It takes much, which one of HTTP/1.1 needs no room for.
            let served: Served<_> = Box::pin(over_http2(socket, peer, service, options, shutdown));
            served.await.map(|()| None)
        }
    }
}

/// Ends with the connection, or where it is left to the body of an event stream.
async fn over_http1<S, B>(
    socket: Socket,
    peer: SocketAddr,
    service: S,
    options: ServeOptions,
    shutdown: Shutdown,
) -> Result<Option<(Socket, B)>, BoxError>
where
    S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Into<BoxError>,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<BoxError>,
{
    let handover = Handover::new();
    let offers = handover.clone();
    let service = service_fn(move |request| {
        let (asked, offers) = (Asked::by(&request), offers.clone());
        let answer = answer(service.clone(), peer, request);
        async move { Ok::<_, S::Error>(offers.offer(&asked, answer.await?)) }
    });
    let socket = TokioIo::new(Flushed { socket, handover: handover.clone() });
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(options.header_read_limit.min(YEAR))
        .max_buf_size(BUFFER)
        .serve_connection(socket, service)
        .with_upgrades();
    let mut shutdown = pin!(begun(shutdown));
    let mut ending = false;
    let body = poll_fn(|context| {
        if !ending && shutdown.as_mut().poll(context).is_ready() {
            ending = true;
            Pin::new(&mut connection).graceful_shutdown();
        }
        let ended = Pin::new(&mut connection).poll(context)?;
        match handover.sent() {
            Some(body) => Poll::Ready(Ok::<_, hyper::Error>(Some(body))),
            None => ended.map(|()| Ok(None)),
        }
    });
    let Some(body) = body.await? else { return Ok(None) };
    // Without parts it was upgraded, and is somebody else's.
    Ok(connection.into_parts().map(|parts| (parts.io.into_inner().socket, body)))
}

async fn over_http2<S, B>(
    socket: Socket,
    peer: SocketAddr,
    service: S,
    options: ServeOptions,
    shutdown: Shutdown,
) -> Result<(), BoxError>
where
    S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Into<BoxError>,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<BoxError>,
{
    let unsent = Unsent::new();
    let watched = unsent.clone();
    let first = Arc::new(SetOnce::new());
    let requested = Arc::clone(&first);
    let service = service_fn(move |request| {
        let _ = requested.set(());
        let (response, unsent) = (answer(service.clone(), peer, request), watched.clone());
        async move { Ok::<_, S::Error>(response.await?.map(|body| Watched::new(body, unsent))) }
    });
    // The pings are for a client that has vanished, and for one that stands still without
    // anything to read.
    let mut connection = http2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .keep_alive_interval(options.stall_limit.min(YEAR))
        .keep_alive_timeout(options.stall_limit.min(YEAR))
        .max_concurrent_streams(STREAMS)
        .max_send_buf_size(BUFFER)
        .serve_connection(TokioIo::new(socket), service);
    let ended = async {
        tokio::select! {
            ended = &mut connection => return ended,
            () = begun(shutdown) => Pin::new(&mut connection).graceful_shutdown(),
        }
        connection.await
    };
    let cut_off = async {
        // hyper waits without limit for the preface and for what follows it.
        if timeout(options.header_read_limit, first.wait()).await.is_err() {
            return NO_REQUEST;
        }
        unsent.stalled(options.stall_limit).await;
        "the client stopped taking what it asked for"
    };
    tokio::select! {
        ended = ended => Ok(ended?),
        reason = cut_off => Err(reason.into()),
    }
}

/// Waits until the server is to end; its sender is gone with it.
async fn begun(mut shutdown: Shutdown) {
    while shutdown.changed().await.is_ok() {}
}

/// In a box, since hyper keeps room for it as long as the connection lasts.
fn answer<S: Service<Request<Incoming>>>(
    mut service: S,
    peer: SocketAddr,
    mut request: Request<Incoming>,
) -> Pin<Box<impl Future<Output = Result<S::Response, S::Error>>>> {
    request.extensions_mut().insert(PeerAddress(peer));
    Box::pin(async move {
        poll_fn(|context| service.poll_ready(context)).await?;
        service.call(request).await
    })
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
