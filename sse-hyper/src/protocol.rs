//! What a client speaks, by the first bytes that it sends.

use std::io::{self, IoSlice};
use std::ops::Range;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};

/// HTTP/2 begins with a [preface][preface], and no method of HTTP/1.1 begins like it.
///
/// [preface]: https://www.rfc-editor.org/rfc/rfc9113#section-3.4
const PREFACE: &[u8; 3] = b"PRI";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    Http1,
    Http2,
}

/// A socket from which a few bytes were read already, which come first when it is read.
#[derive(Debug)]
pub(crate) struct Rewound<T> {
    socket: T,
    begin: [u8; PREFACE.len()],
    /// Those of `begin` that are still to be read again.
    unread: Range<usize>,
}

impl Protocol {
    /// Reads until it is clear.
    pub(crate) async fn of<T: AsyncRead + Unpin>(mut socket: T) -> io::Result<(Self, Rewound<T>)> {
        let (mut begin, mut length) = ([0; PREFACE.len()], 0);
        while length < PREFACE.len() && begin[..length] == PREFACE[..length] {
            match socket.read(&mut begin[length..]).await? {
                0 => {
                    let what = "the client was gone before it asked for anything";
                    return Err(io::Error::new(io::ErrorKind::UnexpectedEof, what));
                }
                read => length += read,
            }
        }
        let protocol = if begin == *PREFACE { Self::Http2 } else { Self::Http1 };
        Ok((protocol, Rewound { socket, begin, unread: 0..length }))
    }
}

impl<T> Rewound<T> {
    pub(crate) fn get_ref(&self) -> &T {
        &self.socket
    }

    /// The socket, when what was read first has been read again.
    pub(crate) fn into_inner(self) -> T {
        self.socket
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by it")]

    use std::future::{Future, poll_fn};
    use std::pin::pin;
    use std::time::Duration;

    use tokio::io::{AsyncWriteExt, duplex};
    use tokio::time::sleep;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_client_that_stops_within_the_preface_is_not_looked_at_until_it_sends_more() {
        let (server, mut client) = duplex(100);
        let mut polls = 0;
        let mut spoken = pin!(Protocol::of(server));
        let counted = poll_fn(|context| {
            polls += 1;
            spoken.as_mut().poll(context)
        });
        let sent = async {
            for byte in b"PRI" {
                sleep(Duration::from_secs(10)).await;
                client.write_all(&[*byte]).await.unwrap();
            }
        };
        let (spoken, ()) = tokio::join!(counted, sent);
        assert_eq!(spoken.unwrap().0, Protocol::Http2);
        // Once to begin with, and at most once for each thing that the other side did.
        assert!(polls <= 8, "{polls}");
    }

    #[tokio::test]
    async fn what_was_looked_at_is_read_once_more_with_what_follows() {
        for (sent, protocol) in [
            ("GET / HTTP/1.1", Protocol::Http1),
            ("PATCH / HTTP/1.1", Protocol::Http1),
            ("PRI * HTTP/2.0", Protocol::Http2),
        ] {
            for room in [1, 2, 100] {
                let (server, mut client) = duplex(100);
                client.write_all(sent.as_bytes()).await.unwrap();
                drop(client);
                let (spoken, mut server) = Protocol::of(server).await.unwrap();
                assert_eq!(spoken, protocol);
                let (mut read, mut part) = (Vec::new(), vec![0; room]);
                while let count @ 1.. = server.read(&mut part).await.unwrap() {
                    read.extend_from_slice(&part[..count]);
                }
                assert_eq!(read, sent.as_bytes(), "{room} bytes at a time");
            }
        }
    }

    #[tokio::test]
    async fn a_client_that_leaves_within_the_preface_is_gone() {
        for sent in ["", "P", "PR"] {
            let (server, mut client) = duplex(100);
            client.write_all(sent.as_bytes()).await.unwrap();
            drop(client);
            let error = Protocol::of(server).await.unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
        }
    }
}
