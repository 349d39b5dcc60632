//! A stream of chunks, as a client receives it, to a stream of what they hold.

use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Buf;
use futures_core::{Stream, TryStream};

use super::limits::LimitExceeded;
use super::owned::OwnedParser;
use super::parse::Parser;
use super::received::Received;

/// Reads the events of a stream of chunks: the body of a response, from any client.
///
/// The chunks are any stream of `Result<Bytes, E>`, such as `reqwest::Response::bytes_stream` and
/// `http_body_util::BodyDataStream` of a hyper body, or of another [`Buf`]. Items are owned, so
/// they can be kept and sent to other tasks; an event that lies in one chunk of `Bytes` shares its
/// memory (see [`ReceivedEvent`](crate::ReceivedEvent)). A `Buf` that cannot be shared is copied
/// once, chunk by chunk.
///
/// The reader holds one chunk and an event that has begun. It ends when the chunks end, or after an
/// excess of [`Limits`](crate::Limits). An error of the chunks is passed on; if they go on after
/// it, so does the reader.
///
/// A program that only looks at each event can read the chunks with a [`Parser`] instead, which
/// lends its items.
///
/// ```
/// use bytes::Bytes;
/// use futures_util::{Stream, StreamExt, TryStreamExt, stream};
/// use gapless_sse_core::{EventReader, ReadError, Received};
///
/// /// Takes what `reqwest::Response::bytes_stream` returns.
/// async fn print_events<E>(
///     body: impl Stream<Item = Result<Bytes, E>>,
/// ) -> Result<(), ReadError<E>> {
///     let mut reader = EventReader::new(body);
///     while let Some(item) = reader.try_next().await? {
///         if let Received::Event(event) = item {
///             println!("{}: {}", event.event_type(), event.data());
///         }
///     }
///     Ok(())
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), ReadError<std::convert::Infallible>> {
/// let chunks = ["id: 7\nda", "ta: x\n\n"].map(|chunk| Ok(Bytes::from(chunk)));
/// print_events(stream::iter(chunks)).await
/// # }
/// ```
///
/// After a lost connection, the parser goes on with the next one:
///
/// ```
/// use futures_util::{StreamExt, stream};
/// use gapless_sse_core::{EventReader, Received};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let connection = stream::iter([Ok::<_, ()>(&b"id: 7\ndata: x\n\nid: 8\nda"[..])]);
/// let mut reader = EventReader::new(connection);
/// while reader.next().await.is_some() {}
///
/// let mut parser = reader.into_parser();
/// parser.restart(); // drops what was begun
/// assert_eq!(parser.last_event_id(), "7"); // the `Last-Event-ID` of the next request
///
/// let connection = stream::iter([Ok::<_, ()>(&b"data: y\n\n"[..])]);
/// let mut reader = EventReader::with_parser(connection, parser);
/// let Some(Ok(Received::Event(event))) = reader.next().await else { unreachable!() };
/// assert_eq!((event.data(), event.last_event_id()), ("y", "7"));
/// # }
/// ```
#[must_use = "a stream does nothing unless it is polled"]
pub struct EventReader<S: TryStream> {
    /// `None` once they have ended.
    chunks: Option<Pin<Box<S>>>,
    /// What of a chunk is in other pieces than the one that is read.
    rest: Option<S::Ok>,
    parser: OwnedParser,
}

// What is pinned is in a box.
impl<S: TryStream> Unpin for EventReader<S> {}

impl<S: TryStream> EventReader<S> {
    /// Reads `chunks` from the start of a stream, with the default [`Limits`](crate::Limits).
    pub fn new(chunks: S) -> Self {
        Self::with_parser(chunks, Parser::new())
    }

    /// Reads `chunks` with `parser`: one that has other limits or was told to
    /// [`resume`](Parser::resume), or that of the connection before, told to
    /// [`restart`](Parser::restart).
    pub fn with_parser(chunks: S, parser: Parser) -> Self {
        Self { chunks: Some(Box::pin(chunks)), rest: None, parser: OwnedParser::new(parser) }
    }

    /// The parser, which knows the last event ID.
    pub fn parser(&self) -> &Parser {
        self.parser.parser()
    }

    /// Returns the parser, for the next connection.
    pub fn into_parser(self) -> Parser {
        self.parser.into_parser()
    }
}

impl<S> Stream for EventReader<S>
where
    S: TryStream<Ok: Buf>,
{
    type Item = Result<Received, ReadError<S::Error>>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        loop {
            let read = if this.parser.has_text() {
                match this.parser.next_in_text() {
                    Ok(Some(event)) => return Poll::Ready(Some(Ok(Received::Event(event)))),
                    Ok(None) => Ok(this.parser.take_item()),
                    Err(excess) => Err(excess),
                }
            } else if this.parser.is_read() {
                match ready!(this.poll_chunk(cx)) {
                    Some(Ok(())) => continue,
                    Some(Err(error)) => return Poll::Ready(Some(Err(ReadError::Chunks(error)))),
                    None => return Poll::Ready(None),
                }
            } else {
                this.parser.next_in_chunk()
            };
            match read {
                Ok(None) => {}
                Ok(Some(item)) => return Poll::Ready(Some(Ok(item))),
                Err(excess) => {
                    this.chunks = None;
                    this.rest = None;
                    this.parser.let_go();
                    return Poll::Ready(Some(Err(ReadError::Limit(excess))));
                }
            }
        }
    }
}

impl<S> EventReader<S>
where
    S: TryStream<Ok: Buf>,
{
    /// Gives the parser the next chunk that it does not read at once.
    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<(), S::Error>>> {
        self.parser.let_go();
        loop {
            let next = match self.rest.take() {
                Some(rest) => Some(Ok(rest)),
                None => match &mut self.chunks {
                    Some(chunks) => ready!(chunks.as_mut().try_poll_next(cx)),
                    None => None,
                },
            };
            let mut chunk = match next {
                Some(Ok(chunk)) => chunk,
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => {
                    self.chunks = None;
                    return Poll::Ready(None);
                }
            };
            let piece = chunk.chunk();
            let length = piece.len();
            let more = chunk.remaining() > length;
            if self.parser.take_within_line(piece) {
                if more {
                    chunk.advance(length);
                    self.rest = Some(chunk);
                }
                continue;
            }
            self.parser.push(chunk.copy_to_bytes(length));
            if more {
                self.rest = Some(chunk);
            }
            return Poll::Ready(Some(Ok(())));
        }
    }
}

impl<S: TryStream> fmt::Debug for EventReader<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventReader").field("parser", &self.parser).finish_non_exhaustive()
    }
}

/// Why an [`EventReader`] has no item to give.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadError<E> {
    /// The stream holds more than the parser's limits accept.
    Limit(LimitExceeded),
    /// The stream of chunks failed.
    Chunks(E),
}

impl<E> fmt::Display for ReadError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Limit(_) => "the event stream holds too much",
            Self::Chunks(_) => "the event stream broke off",
        })
    }
}

impl<E: Error + 'static> Error for ReadError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Limit(excess) => Some(excess),
            Self::Chunks(error) => Some(error),
        }
    }
}
