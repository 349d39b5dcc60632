//! A server that only its test reaches, and clients that are bytes on a socket.

#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, reason = "what cannot go on fails its test")]

pub(crate) mod over;
#[cfg(feature = "tls")]
pub(crate) mod tls;

use std::convert::Infallible;
use std::future::{Future, pending};
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use gapless_sse_hyper::RequestBody;
use gapless_sse_hyper::{Listener, ServeOptions, serve};
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Request, Response};
use http_body::Frame;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use over::{Io, Over, Socket};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, ReadBuf};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tower_service::Service;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

pub(crate) type Body = UnsyncBoxBody<Bytes, Infallible>;

/// Any wait of these tests is over much sooner unless something is broken.
pub(crate) const DEADLINE: Duration = Duration::from_secs(10);

pub(crate) async fn within<F: Future>(wait: F) -> F::Output {
    timeout(DEADLINE, wait).await.expect("done before the deadline")
}

/// What a handler or a client takes that is slow. Nothing else is waited for.
pub(crate) async fn passes(time: Duration) {
    timeout(time, pending::<()>()).await.unwrap_err();
}

/// A tower service from a function.
#[derive(Clone)]
pub(crate) struct App<F>(pub(crate) F);

impl<F, R, B> Service<Request<RequestBody>> for App<F>
where
    F: Fn(Request<RequestBody>) -> R,
    R: Future<Output = Response<B>>,
{
    type Response = Response<B>;
    type Error = Infallible;
    type Future = futures_util::future::Map<R, fn(R::Output) -> Result<R::Output, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<RequestBody>) -> Self::Future {
        futures_util::FutureExt::map((self.0)(request), Ok)
    }
}

pub(crate) fn text(text: impl Into<Bytes>) -> Response<Body> {
    Response::new(Full::new(text.into()).boxed_unsync())
}

/// A response that goes on until its sender is dropped.
fn open_ended() -> (mpsc::UnboundedSender<Bytes>, Response<Body>) {
    let (sender, mut receiver) = mpsc::unbounded_channel();
    let chunks = stream::poll_fn(move |context| {
        receiver.poll_recv(context).map(|chunk| chunk.map(|bytes| Ok(Frame::data(bytes))))
    });
    (sender, Response::new(StreamBody::new(chunks).boxed_unsync()))
}

/// Where [`Server::streaming`] has event streams, and other bodies that go on.
pub(crate) const PATHS: [&str; 2] = ["/events", "/other"];

pub(crate) struct Server {
    pub(crate) over: Over,
    pub(crate) shutdown: oneshot::Sender<()>,
    pub(crate) served: JoinHandle<()>,
}

impl Server {
    pub(crate) async fn start<F, R, B>(options: ServeOptions, app: F) -> Self
    where
        F: Fn(Request<RequestBody>) -> R + Clone + Send + 'static,
        R: Future<Output = Response<B>> + Send + 'static,
        B: http_body::Body<Data: Send, Error: Into<BoxError>> + Send + 'static,
    {
        Self::serving(options, App(app)).await
    }

    /// A server of any service.
    pub(crate) async fn serving<S, B>(options: ServeOptions, service: S) -> Self
    where
        S: Service<Request<RequestBody>, Response = Response<B>> + Clone + Send + 'static,
        S::Future: Send + 'static,
        S::Error: Into<BoxError>,
        B: http_body::Body<Data: Send, Error: Into<BoxError>> + Send + 'static,
    {
        let (over, listener) = Over::listen().await;
        Self::on(over, listener, options, service)
    }

    /// A server of any service on a listener.
    pub(crate) fn on<S, B>(
        over: Over,
        listener: impl Listener + 'static,
        options: ServeOptions,
        service: S,
    ) -> Self
    where
        S: Service<Request<RequestBody>, Response = Response<B>> + Clone + Send + 'static,
        S::Future: Send + 'static,
        S::Error: Into<BoxError>,
        B: http_body::Body<Data: Send, Error: Into<BoxError>> + Send + 'static,
    {
        let (shutdown, signal) = oneshot::channel();
        let signal = async move { signal.await.unwrap_or_default() };
        let served = tokio::spawn(serve(listener, service, options, signal));
        Self { over, shutdown, served }
    }

    /// A server whose responses each go on until the sender that is given for it is dropped.
    pub(crate) async fn streaming(
        options: ServeOptions,
    ) -> (Self, mpsc::UnboundedReceiver<mpsc::UnboundedSender<Bytes>>) {
        let (over, listener) = Over::listen().await;
        Self::streaming_on(over, listener, options)
    }

    /// [`streaming`](Self::streaming) on a listener.
    pub(crate) fn streaming_on(
        over: Over,
        listener: impl Listener + 'static,
        options: ServeOptions,
    ) -> (Self, mpsc::UnboundedReceiver<mpsc::UnboundedSender<Bytes>>) {
        let (asked, streams) = mpsc::unbounded_channel();
        let app = App(move |request: Request<RequestBody>| {
            let (sender, mut response) = open_ended();
            asked.send(sender).unwrap();
            if request.uri().path() == PATHS[0] {
                let kind = HeaderValue::from_static("text/event-stream");
                response.headers_mut().insert(CONTENT_TYPE, kind);
            }
            async move { response }
        });
        (Self::on(over, listener, options, app), streams)
    }

    pub(crate) async fn connect(&self) -> Client {
        Client(self.socket().await)
    }

    /// The client's end of a new connection.
    pub(crate) async fn socket(&self) -> Socket {
        within(self.over.connect()).await.unwrap()
    }

    /// Its port, if it has one.
    pub(crate) fn address(&self) -> SocketAddr {
        let Over::Tcp(address) = self.over else { panic!("it has no port") };
        address
    }

    /// Begins the shutdown and gives what ends when the server has.
    pub(crate) fn shut_down(self) -> JoinHandle<()> {
        self.shutdown.send(()).unwrap();
        self.served
    }

    /// Drops the server as it is.
    pub(crate) fn abort(self) {
        self.served.abort();
    }
}

pub(crate) struct Client(pub(crate) Socket);

impl Client {
    pub(crate) fn over(socket: impl Io + 'static) -> Self {
        Self(Box::new(socket))
    }

    /// What has come, up to the length of `bytes`, if anything has.
    pub(crate) fn try_read(&mut self, bytes: &mut [u8]) -> Option<std::io::Result<usize>> {
        let mut read = ReadBuf::new(bytes);
        match Pin::new(&mut self.0).poll_read(&mut Context::from_waker(Waker::noop()), &mut read) {
            Poll::Ready(ended) => Some(ended.map(|()| read.filled().len())),
            Poll::Pending => None,
        }
    }

    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        within(self.0.write_all(bytes.as_ref())).await.unwrap();
    }

    pub(crate) async fn get(&mut self, path: &str) {
        self.send(format!("GET {path} HTTP/1.1\r\nhost: test\r\n\r\n")).await;
    }

    /// What came until `end` did.
    pub(crate) async fn read_until(&mut self, end: &str) -> String {
        let mut read = Vec::new();
        while !read.ends_with(end.as_bytes()) {
            let byte = within(self.0.read_u8()).await;
            let so_far = || String::from_utf8_lossy(&read).into_owned();
            let byte = byte.unwrap_or_else(|error| panic!("{error} after {:?}", so_far()));
            read.push(byte);
        }
        String::from_utf8(read).unwrap()
    }

    /// What came until the connection ended, and whether it ended in order.
    pub(crate) async fn read_to_end(&mut self) -> (Vec<u8>, bool) {
        let mut read = Vec::new();
        let ended = within(self.0.read_to_end(&mut read)).await;
        (read, ended.is_ok())
    }
}
