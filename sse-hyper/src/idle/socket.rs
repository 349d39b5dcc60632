//! The socket of an event stream, which next to nothing is kept for.

use std::io::{self, IoSlice, Read, Write};
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use mio::net::TcpStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::task::coop;

use super::PollGone;
use super::readiness::{Direction, Readiness, Table};

/// A socket that was tokio's. It may be a Unix socket too: what is done here is the same to both, and
/// with one type there is nothing to tell apart.
#[derive(Debug)]
pub(crate) struct IdleSocket {
    table: Arc<Table>,
    socket: TcpStream,
    entry: u32,
    /// Whether it was full once, so that room to write is looked out for.
    watches_writes: bool,
    /// Whether it was full when it was written to the last time.
    full: bool,
}

impl IdleSocket {
    /// Takes a socket over.
    ///
    /// # Errors
    ///
    /// When the system cannot watch it.
    pub(crate) fn new(socket: OwnedFd, readiness: &Readiness) -> io::Result<Self> {
        let table = readiness.table()?;
        let mut socket = TcpStream::from_std(socket.into());
        let entry = table.add(&mut socket)?;
        Ok(Self { table, socket, entry, watches_writes: false, full: false })
    }

    pub(crate) fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.socket.take_error()
    }

    fn poll_write_with(
        &mut self,
        context: &Context<'_>,
        mut write: impl FnMut(&mut TcpStream) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        loop {
            if self.full {
                ready!(self.table.poll_ready(self.entry, Direction::Write, context));
            }
            match write(&mut self.socket) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.full = true;
                    if !self.watches_writes {
                        self.table.watch_writes(&mut self.socket, self.entry)?;
                        self.watches_writes = true;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                written => {
                    self.full = false;
                    return Poll::Ready(written);
                }
            }
        }
    }
}

impl PollGone for IdleSocket {
    fn poll_gone(&mut self, context: &mut Context<'_>) -> Poll<()> {
        while let Ok(None) = self.socket.take_error() {
            ready!(self.table.poll_ready(self.entry, Direction::Read, context));
        }
        Poll::Ready(())
    }
}

impl AsyncRead for IdleSocket {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        // Under TLS, a client can send for ever what nobody is given to read.
        let turn = ready!(coop::poll_proceed(context));
        loop {
            ready!(this.table.poll_ready(this.entry, Direction::Read, context));
            match this.socket.read(buffer.initialize_unfilled()) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {
                    this.table.set_readable(this.entry);
                }
                Err(error) => return Poll::Ready(Err(error)),
                Ok(read) => {
                    turn.made_progress();
                    buffer.advance(read);
                    // Nothing follows the end.
                    if read > 0 {
                        this.table.set_readable(this.entry);
                    }
                    return Poll::Ready(Ok(()));
                }
            }
        }
    }
}

impl AsyncWrite for IdleSocket {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.get_mut().poll_write_with(context, |socket| socket.write(bytes))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.get_mut().poll_write_with(context, |socket| socket.write_vectored(slices))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.socket.shutdown(Shutdown::Write))
    }
}

impl Drop for IdleSocket {
    fn drop(&mut self) {
        self.table.remove(&mut self.socket, self.entry);
    }
}
