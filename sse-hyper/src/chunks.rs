//! The body of an event stream over HTTP/1.1, in [chunks].
//!
//! [chunks]: https://www.rfc-editor.org/rfc/rfc9112#section-7.1

use std::future::Future;
use std::io::{self, Cursor, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::buf::Chain;
use bytes::{Buf, BufMut, BytesMut};
use http_body::Body;
use pin_project_lite::pin_project;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::discard::poll_discard;
use crate::error::BoxError;
use crate::idle::PollGone;

const LINE_END: &[u8] = b"\r\n";
const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

/// When a stream has written so many bytes, it is the others' turn: one that has much to catch up
/// with, and a client who is quick, would write for as long as there is more.
const TURN: usize = 32 * 1024;

pin_project! {
    /// Writes a body until it ends or the client goes. One that fails has no last chunk: the client
    /// learns that it is not complete.
    pub(crate) struct WriteChunks<T, B: Body> {
        // Until it is over.
        socket: Option<T>,
        #[pin]
        body: B,
        // In a box, since what is written almost always fits.
        unwritten: Option<Box<Unwritten<B::Data>>>,
        client: Client,
        body_ended: bool,
    }
}

/// How a body has ended.
#[derive(Debug)]
pub(crate) struct Ended<T> {
    /// Unless the client is gone.
    pub(crate) socket: Option<T>,
    pub(crate) error: Option<BoxError>,
}

impl<T, B: Body> WriteChunks<T, B> {
    pub(crate) fn new(socket: T, body: B) -> Self {
        let client = Client { sent: 0, half_closed: false };
        Self { socket: Some(socket), body, unwritten: None, client, body_ended: false }
    }
}

impl<T, B> Future for WriteChunks<T, B>
where
    T: AsyncRead + AsyncWrite + PollGone + Unpin,
    B: Body,
    B::Error: Into<BoxError>,
{
    type Output = Ended<T>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Ended<T>> {
        let mut this = self.project();
        let gone = |error| Poll::Ready(Ended { socket: None, error });
        let mut written = 0;
        loop {
            if written >= TURN {
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            let Some(socket) = this.socket else { return gone(None) };
            if let Some(chunk) = this.unwritten {
                if let Err(error) = ready!(chunk.poll_write(socket, context)) {
                    return gone(Some(error.into()));
                }
                *this.unwritten = None;
            }
            if *this.body_ended {
                return Poll::Ready(Ended { socket: this.socket.take(), error: None });
            }
            match this.body.as_mut().poll_frame(context) {
                Poll::Ready(Some(Ok(frame))) => {
                    // Nobody asked for trailers, and an empty chunk would be the last one.
                    let data = frame.into_data().ok().filter(Buf::has_remaining);
                    let Some(data) = data else { continue };
                    written += data.remaining();
                    let mut chunk = Unwritten::new(data);
                    match chunk.poll_write(socket, context) {
                        Poll::Ready(Ok(())) => {}
                        Poll::Ready(Err(error)) => return gone(Some(error.into())),
                        Poll::Pending => {
                            *this.unwritten = Some(Box::new(chunk));
                            return Poll::Pending;
                        }
                    }
                }
                Poll::Ready(Some(Err(error))) => {
                    let (socket, error) = (this.socket.take(), Some(error.into()));
                    return Poll::Ready(Ended { socket, error });
                }
                Poll::Ready(None) => {
                    *this.unwritten = Some(Box::new(Unwritten::Copied(LAST_CHUNK.into())));
                    *this.body_ended = true;
                }
                Poll::Pending => {
                    let left = ready!(this.client.poll_gone(socket, context));
                    return gone(left.err().map(Into::into));
                }
            }
        }
    }
}

/// The client of a stream, which has nothing more to say.
struct Client {
    /// How much it sent all the same; the most is what this can count.
    sent: u16,
    half_closed: bool,
}

impl Client {
    /// Ready when nobody reads the stream any more.
    fn poll_gone<T>(&mut self, socket: &mut T, context: &mut Context<'_>) -> Poll<io::Result<()>>
    where
        T: AsyncRead + AsyncWrite + PollGone + Unpin,
    {
        while !self.half_closed {
            let read = ready!(poll_discard(socket, context))?;
            let Some(sent) = u16::try_from(read).ok().and_then(|read| self.sent.checked_add(read))
            else {
                let what = "the client sends without end beside its stream";
                return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, what)));
            };
            self.sent = sent;
            if read == 0 {
                self.half_closed = true;
                // It may wait for the rest, or be gone. Where there is nobody any more, the system
                // answers what is written. A digit does not change the size of the next chunk.
                let _ = Pin::new(&mut *socket).poll_write(context, b"0")?;
                let _ = Pin::new(&mut *socket).poll_flush(context)?;
            }
        }
        socket.poll_gone(context).map(Ok)
    }
}

/// What is left to write of a chunk.
enum Unwritten<D> {
    Copied(BytesMut),
    Parts(Parts<D>),
}

/// The line with the size, the data and the end of their line.
type Parts<D> = Chain<Chain<Cursor<[u8; 18]>, D>, &'static [u8]>;

impl<D: Buf> Unwritten<D> {
    fn new(data: D) -> Self {
        /// Up to here, copying takes less time than a write of three parts.
        const COPIED: usize = 4096;
        let size = data.remaining();
        let parts = size_line(size).chain(data).chain(LINE_END);
        if size > COPIED {
            return Self::Parts(parts);
        }
        let mut copied = BytesMut::with_capacity(parts.remaining());
        copied.put(parts);
        Self::Copied(copied)
    }

    fn poll_write<T>(&mut self, socket: &mut T, context: &mut Context<'_>) -> Poll<io::Result<()>>
    where
        T: AsyncWrite + Unpin,
    {
        ready!(match self {
            Self::Copied(bytes) => poll_write_all(bytes, socket, context),
            Self::Parts(parts) => poll_write_all(parts, socket, context),
        })?;
        // Where it is encrypted, what the system did not take waits.
        Pin::new(socket).poll_flush(context)
    }
}

fn poll_write_all<T: AsyncWrite + Unpin>(
    left: &mut impl Buf,
    socket: &mut T,
    context: &mut Context<'_>,
) -> Poll<io::Result<()>> {
    let mut socket = Pin::new(socket);
    while left.has_remaining() {
        let mut slices = [IoSlice::new(&[]); 8];
        let count = left.chunks_vectored(&mut slices);
        let written = match &slices[..count] {
            [only] => socket.as_mut().poll_write(context, only),
            slices => socket.as_mut().poll_write_vectored(context, slices),
        };
        match ready!(written)? {
            0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
            written => left.advance(written),
        }
    }
    Poll::Ready(Ok(()))
}

/// The line that begins a chunk.
fn size_line(mut size: usize) -> Cursor<[u8; 18]> {
    let mut line = *b"0000000000000000\r\n";
    let mut from = 16;
    while size > 0 && from > 0 {
        from -= 1;
        line[from] = b"0123456789abcdef"[size % 16];
        size /= 16;
    }
    let mut line = Cursor::new(line);
    line.set_position(from as u64);
    line
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by it")]

    use std::convert::Infallible;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::{Wake, Waker};

    use bytes::Bytes;
    use http_body::Frame;
    use http_body_util::StreamBody;
    use tokio::io::{
        AsyncReadExt, BufWriter, DuplexStream, Empty, Join, Sink, duplex, empty, join, sink,
    };
    use tokio::sync::mpsc;

    use super::*;

    /// One whose client is there as long as it has not gone altogether.
    impl PollGone for DuplexStream {
        fn poll_gone(&mut self, _: &mut Context<'_>) -> Poll<()> {
            Poll::Pending
        }
    }

    impl PollGone for BufWriter<DuplexStream> {
        fn poll_gone(&mut self, _: &mut Context<'_>) -> Poll<()> {
            Poll::Pending
        }
    }

    impl PollGone for Join<Empty, Cursor<&mut [u8]>> {
        fn poll_gone(&mut self, _: &mut Context<'_>) -> Poll<()> {
            Poll::Ready(())
        }
    }

    impl PollGone for Join<Empty, Sink> {
        fn poll_gone(&mut self, _: &mut Context<'_>) -> Poll<()> {
            Poll::Pending
        }
    }

    #[test]
    fn a_stream_with_much_to_write_lets_others_have_their_turn() {
        let given = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&given);
        let without_end = StreamBody::new(futures_util::stream::repeat_with(move || {
            count.fetch_add(1, Ordering::Relaxed);
            Ok::<_, Infallible>(Frame::data(Bytes::from_static(&[b'x'; TURN / 4])))
        }));
        let mut chunks = WriteChunks::new(join(empty(), sink()), without_end);
        let woken = Arc::new(Woken::default());
        let waker = Waker::from(Arc::clone(&woken));
        for turns in 1..=3 {
            let polled = Pin::new(&mut chunks).poll(&mut Context::from_waker(&waker));
            assert!(polled.is_pending());
            assert_eq!(given.load(Ordering::Relaxed), 4 * turns);
            assert_eq!(woken.0.load(Ordering::Relaxed), turns);
        }
    }

    #[derive(Default)]
    struct Woken(AtomicUsize);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn body(
        mut chunks: mpsc::UnboundedReceiver<Bytes>,
    ) -> impl Body<Data = Bytes, Error = Infallible> {
        StreamBody::new(futures_util::stream::poll_fn(move |context| {
            chunks.poll_recv(context).map(|chunk| chunk.map(|chunk| Ok(Frame::data(chunk))))
        }))
    }

    #[tokio::test]
    async fn chunks_come_whole_through_a_narrow_socket_and_leave_nothing_behind() {
        struct Text(Arc<[u8]>);

        impl AsRef<[u8]> for Text {
            fn as_ref(&self) -> &[u8] {
                &self.0
            }
        }

        let (send, chunks) = mpsc::unbounded_channel();
        let (server, mut client) = duplex(60);
        let served = tokio::spawn(WriteChunks::new(server, body(chunks)));
        for size in [1, 10, 4096, 4097, 60_000] {
            let text: Arc<[u8]> = vec![b'x'; size].into();
            send.send(Bytes::from_owner(Text(Arc::clone(&text)))).unwrap();
            let expected = format!("{size:x}\r\n{:x<size$}\r\n", "");
            let mut read = vec![0; expected.len()];
            client.read_exact(&mut read).await.unwrap();
            assert!(read == expected.as_bytes(), "of {size} bytes");
            tokio::task::yield_now().await;
            assert_eq!(Arc::strong_count(&text), 1, "of {size} bytes");
        }
        drop(send);
        let Ended { socket, error } = served.await.unwrap();
        assert!(error.is_none());
        drop(socket);
        let mut rest = String::new();
        client.read_to_string(&mut rest).await.unwrap();
        assert_eq!(rest, "0\r\n\r\n");
    }

    #[tokio::test]
    async fn what_a_socket_keeps_back_is_sent_before_the_stream_is_quiet() {
        let (send, chunks) = mpsc::unbounded_channel();
        // It takes less at a time than is kept back.
        let (server, mut client) = duplex(60);
        let _served = tokio::spawn(WriteChunks::new(BufWriter::new(server), body(chunks)));
        for _ in 0..3 {
            send.send(Bytes::from_static(&[b'x'; 1000])).unwrap();
            let mut read = vec![0; "3e8\r\n\r\n".len() + 1000];
            let whole = tokio::time::timeout(std::time::Duration::from_secs(20), async {
                client.read_exact(&mut read).await
            });
            whole.await.expect("it is not kept back").unwrap();
        }
    }

    #[tokio::test]
    async fn a_socket_that_takes_nothing_is_an_error() {
        let (send, chunks) = mpsc::unbounded_channel();
        send.send(Bytes::from_static(b"x")).unwrap();
        let full: &mut [u8] = &mut [];
        let socket = join(empty(), Cursor::new(full));
        let error = WriteChunks::new(socket, body(chunks)).await.error.unwrap();
        assert_eq!(error.to_string(), io::Error::from(io::ErrorKind::WriteZero).to_string());
    }
}
