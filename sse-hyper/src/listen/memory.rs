//! Connections within one process, as tests like them.

use std::io;
use std::task::{Context, Poll, ready};

use tokio::io::{DuplexStream, duplex};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::{Accepted, Listener, THIS_MACHINE};

/// How much may be on its way, each way.
const BUFFER: usize = 64 * 1024;

/// Connects to an [`InMemoryListener`]; a clone does so too.
#[derive(Clone, Debug)]
pub struct InMemory(UnboundedSender<DuplexStream>);

/// Listens to who connects within this process.
#[derive(Debug)]
pub struct InMemoryListener(UnboundedReceiver<DuplexStream>);

/// A listener for connections within this process, and what makes them. All peers have the address
/// [`THIS_MACHINE`].
///
/// ```
/// use std::convert::Infallible;
/// use gapless_sse_hyper::{RequestBody, ServeOptions, in_memory, serve};
/// use http::{Request, Response};
/// use tokio::io::{AsyncReadExt, AsyncWriteExt};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// # use axum::{Router, routing::get};
/// let (clients, listener) = in_memory();
/// let router = Router::new().route("/hello", get(async || "hello"));
/// tokio::spawn(serve(listener, router, ServeOptions::default(), std::future::pending()));
///
/// let mut client = clients.connect()?;
/// client.write_all(b"GET /hello HTTP/1.0\r\n\r\n").await?;
/// let mut answer = String::new();
/// client.read_to_string(&mut answer).await?;
/// assert!(answer.ends_with("hello"));
/// # Ok(())
/// # }
/// ```
pub fn in_memory() -> (InMemory, InMemoryListener) {
    let (connects, accepts) = unbounded_channel();
    (InMemory(connects), InMemoryListener(accepts))
}

impl InMemory {
    /// A new connection.
    ///
    /// # Errors
    ///
    /// When nobody listens any more.
    pub fn connect(&self) -> io::Result<DuplexStream> {
        let (client, server) = duplex(BUFFER);
        self.0.send(server).map_err(|_| io::ErrorKind::ConnectionRefused)?;
        Ok(client)
    }
}

impl Listener for InMemoryListener {
    fn poll_accept(&mut self, context: &mut Context<'_>) -> Poll<io::Result<Accepted>> {
        match ready!(self.0.poll_recv(context)) {
            Some(socket) => Poll::Ready(Ok(Accepted::other(socket, THIS_MACHINE))),
            // Nobody is left who could connect.
            None => Poll::Pending,
        }
    }
}
