//! An event stream that has left hyper, in a task of its own.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http_body::Body;
use pin_project_lite::pin_project;

use crate::chunks::{Ended, WriteChunks};
use crate::error::BoxError;
use crate::socket::Socket;

pin_project! {
    /// Writes a body to its socket until one of them ends.
    ///
    /// Thousands of these are idle at a time, and every one is out of the cache whenever it has
    /// something to write. So it is written by hand, to hold what it needs then, and nothing else.
    pub(crate) struct Stream<B: Body> {
        #[pin]
        chunks: WriteChunks<Socket, B>,
        peer: SocketAddr,
    }
}

impl<B: Body> Stream<B> {
    pub(crate) fn new(socket: Socket, peer: SocketAddr, body: B) -> Self {
        Self { chunks: WriteChunks::new(socket, body), peer }
    }
}

impl<B> Future for Stream<B>
where
    B: Body<Error: Into<BoxError>>,
{
    /// The socket, to be closed when the client has read what was sent.
    type Output = Option<Socket>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let Ended { socket, error } = ready!(this.chunks.poll(context));
        if let Some(error) = error {
            tracing::debug!(peer = %this.peer, error, "the stream ended early");
        }
        Poll::Ready(socket)
    }
}

#[cfg(all(test, target_os = "linux", target_pointer_width = "64"))]
mod tests {
    use std::mem::size_of;

    use http_body_util::Full;

    use super::*;

    #[test]
    fn a_stream_takes_104_bytes_beside_its_body() {
        type Body = Full<&'static [u8]>;
        // mio keeps which poller a socket is in, to check it.
        let checks = if cfg!(debug_assertions) { size_of::<usize>() } else { 0 };
        assert_eq!(size_of::<Stream<Body>>() - size_of::<Body>(), 104 + checks);
    }
}
