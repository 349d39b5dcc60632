//! A socket whose first bytes are looked at before it is known who is to read them.

use std::io::{self, IoSlice};
use std::ops::Range;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};

/// How many can be looked at.
pub(crate) const LOOK: usize = 3;

/// A socket from which a few bytes were read already, which come first when it is read.
#[derive(Debug)]
pub(crate) struct Rewound<T> {
    socket: T,
    begin: [u8; LOOK],
    /// Those of `begin` that are still to be read again.
    unread: Range<usize>,
}

impl<T> Rewound<T> {
    /// A socket that was not read from.
    #[cfg(feature = "tls")]
    pub(crate) fn new(socket: T) -> Self {
        Self { socket, begin: [0; LOOK], unread: 0..0 }
    }

    /// What was read and is to be read again.
    pub(crate) fn unread(&self) -> &[u8] {
        &self.begin[self.unread.clone()]
    }

    pub(crate) fn get_ref(&self) -> &T {
        &self.socket
    }

    #[cfg(feature = "tls")]
    pub(crate) fn get_mut(&mut self) -> &mut T {
        &mut self.socket
    }

    /// The socket, when what was read first has been read again.
    pub(crate) fn into_inner(self) -> T {
        self.socket
    }
}

impl<T: AsyncRead + Unpin> Rewound<T> {
    /// Reads until what was read is `clear`, or there is no more room for it.
    pub(crate) async fn look(mut socket: T, clear: impl Fn(&[u8]) -> bool) -> io::Result<Self> {
        let (mut begin, mut length) = ([0; LOOK], 0);
        while length < LOOK && !clear(&begin[..length]) {
            match socket.read(&mut begin[length..]).await? {
                0 => {
                    let what = "the client was gone before it asked for anything";
                    return Err(io::Error::new(io::ErrorKind::UnexpectedEof, what));
                }
                read => length += read,
            }
        }
        Ok(Self { socket, begin, unread: 0..length })
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Rewound<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.unread.is_empty() {
            return Pin::new(&mut self.socket).poll_read(context, buffer);
        }
        let count = self.unread.len().min(buffer.remaining());
        let until = self.unread.start + count;
        buffer.put_slice(&self.begin[self.unread.start..until]);
        self.unread.start = until;
        if buffer.remaining() > 0 {
            // What follows is mostly there too. What else comes of this try shows in the next one.
            let _ = Pin::new(&mut self.socket).poll_read(context, buffer);
        }
        Poll::Ready(Ok(()))
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Rewound<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(context)
    }
}
