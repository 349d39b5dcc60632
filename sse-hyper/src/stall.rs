//! Ending a connection whose client does not read.

use std::future::Future;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

use crate::idle::PollGone;

/// A socket on which a write that makes no progress for a set time fails with
/// [`TimedOut`](io::ErrorKind::TimedOut).
///
/// A client that stops reading fills the buffers of its connection; after that, nothing but this
/// limit would ever end it. It sits at the socket because a response's body, which nobody polls
/// while the socket is full, cannot notice. A write that succeeds at once costs nothing.
///
/// ```
/// use std::time::Duration;
/// use gapless_sse_hyper::StallLimit;
/// use tokio::io::AsyncWriteExt;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let (server, _client_that_never_reads) = tokio::io::duplex(1024);
/// let mut server = StallLimit::new(server, Duration::from_millis(10));
/// let error = server.write_all(&[0; 2000]).await.unwrap_err();
/// assert_eq!(error.kind(), std::io::ErrorKind::TimedOut);
/// # }
/// ```
#[derive(Debug)]
pub struct StallLimit<T> {
    socket: T,
    limit: Duration,
    /// Made by the first write that has to wait, since most connections have none.
    timer: Option<Pin<Box<Sleep>>>,
    /// The last attempt to write made no progress, and the timer counts since then.
    stalled: bool,
}

impl<T> StallLimit<T> {
    /// A `socket` whose writes may stand still for at most `limit`.
    pub fn new(socket: T, limit: Duration) -> Self {
        Self { socket, limit, timer: None, stalled: false }
    }

    pub(crate) fn get_ref(&self) -> &T {
        &self.socket
    }

    pub(crate) fn get_mut(&mut self) -> &mut T {
        &mut self.socket
    }

    /// Lets go of what was made when a write had to wait.
    pub(crate) fn forget_stall(&mut self) {
        (self.timer, self.stalled) = (None, false);
    }

    /// The socket without the limit.
    pub fn into_inner(self) -> T {
        self.socket
    }

    fn watch(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        if written.is_ready() {
            self.stalled = false;
            return written;
        }
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep(self.limit)));
        if !self.stalled {
            self.stalled = true;
            timer.set(sleep(self.limit));
        }
        timer
            .as_mut()
            .poll(context)
            .map(|()| Err(io::Error::new(io::ErrorKind::TimedOut, "the client stopped reading")))
    }
}

impl<T: PollGone> PollGone for StallLimit<T> {
    fn poll_gone(&mut self, context: &mut Context<'_>) -> Poll<()> {
        self.socket.poll_gone(context)
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for StallLimit<T> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.socket).poll_write(context, bytes);
        this.watch(context, written)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.socket).poll_write_vectored(context, slices);
        this.watch(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    // Flush and shutdown of a socket never wait.

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().socket).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().socket).poll_shutdown(context)
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for StallLimit<T> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().socket).poll_read(context, buffer)
    }
}
