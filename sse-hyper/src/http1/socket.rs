//! The socket that hyper is given for HTTP/1.1.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::oneshot;

use super::half_closed::HalfClosed;
use super::handover::Handover;
use crate::exchange::Exchange;
use crate::rewound::Rewound;
use crate::socket::Socket;

/// Tells the others what hyper reads and writes, and hyper no sooner than it is to know that the
/// client sends no more.
pub(crate) struct Http1Socket<B> {
    pub(crate) socket: Rewound<Socket>,
    pub(crate) handover: Handover<B>,
    pub(crate) exchange: Exchange,
    /// How long a client that sends no more may be written nothing.
    pub(crate) silence_limit: Duration,
    /// Closed when the server has ended, which ends the socket too if it was upgraded.
    pub(crate) served: oneshot::Sender<()>,
    pub(crate) half_closed: Option<HalfClosed>,
    pub(crate) failed: bool,
    /// hyper has something to write that it has not yet written.
    pub(crate) writing: bool,
    pub(crate) last_written: LastWritten,
}

/// The last four bytes that were written.
#[derive(Default)]
pub(crate) struct LastWritten([u8; 4]);

impl LastWritten {
    /// Whether the head of a message may have ended there.
    fn ends_head(&self) -> bool {
        self.0 == *b"\r\n\r\n"
    }

    fn note<'a>(&mut self, slices: impl IntoIterator<Item = &'a [u8]>, mut count: usize) {
        for slice in slices {
            let written = &slice[..slice.len().min(count)];
            count -= written.len();
            for byte in &written[written.len().saturating_sub(self.0.len())..] {
                self.0.rotate_left(1);
                self.0[3] = *byte;
            }
        }
    }
}

impl<B> Http1Socket<B> {
    /// Whether the client may still send something.
    pub(crate) fn is_open(&self) -> bool {
        self.half_closed.is_none() && !self.failed
    }

    fn wrote<'a>(
        &mut self,
        slices: impl IntoIterator<Item = &'a [u8]>,
        written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        self.writing = true;
        self.failed |= matches!(written, Poll::Ready(Err(_)));
        if let Poll::Ready(Ok(count)) = written {
            self.last_written.note(slices, count);
            self.half_closed.iter_mut().for_each(HalfClosed::wrote);
        }
        written
    }

    /// Fails once the server has ended.
    fn check_served(&mut self) -> io::Result<()> {
        if self.exchange.is_upgraded() && self.served.is_closed() {
            return Err(server_ended());
        }
        Ok(())
    }
}

fn server_ended() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionAborted, "the server has ended")
}

impl<B> AsyncRead for Http1Socket<B> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.exchange.is_upgraded() && this.served.poll_closed(context).is_ready() {
            return Poll::Ready(Err(server_ended()));
        }
        if this.half_closed.is_none() {
            let before = buffer.filled().len();
            ready!(Pin::new(&mut this.socket).poll_read(context, buffer))
                .inspect_err(|_| this.failed = true)?;
            if buffer.filled().len() > before {
                this.exchange.arrived();
                return Poll::Ready(Ok(()));
            }
            this.half_closed = Some(HalfClosed::new());
        }
        match &mut this.half_closed {
            Some(client) if this.exchange.client_waits() || this.writing => {
                let takes_interim = this.exchange.takes_interim() && !this.writing;
                let limit = this.silence_limit;
                client.poll_gone(&mut this.socket, takes_interim, limit, context).map(Err)
            }
            Some(client) => {
                if let Some(waits) = this.exchange.reads_body() {
                    ready!(client.poll_body_ended(waits, this.silence_limit, context));
                }
                Poll::Ready(Ok(()))
            }
            None => Poll::Ready(Ok(())),
        }
    }
}

impl<B> AsyncWrite for Http1Socket<B> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.check_served()?;
        let written = Pin::new(&mut this.socket).poll_write(context, bytes);
        this.wrote([bytes], written)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.check_served()?;
        let written = Pin::new(&mut this.socket).poll_write_vectored(context, slices);
        this.wrote(slices.iter().map(|slice| &**slice), written)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(Pin::new(&mut this.socket).poll_flush(context))?;
        if std::mem::take(&mut this.writing) && this.half_closed.is_some() {
            // hyper may be told now.
            context.waker().wake_by_ref();
        }
        if this.last_written.ends_head() {
            this.handover.head_sent();
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(context)
    }
}
