//! A stream of chunks, as a client receives it, to a stream of what they hold.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Buf;
use futures_core::{Stream, TryStream};

use super::limits::LimitExceeded;
use super::parse::{Item, Parser};

/// Reads the events of a stream of chunks: the body of a response, from whatever client.
///
/// Items are owned, so that they can be kept and sent on; one that only looks at each event reads
/// the chunks with a [`Parser`] and copies nothing. One chunk is held and a few items, until they
/// are asked for. It ends when the chunks end, or after an excess of [`Limits`](crate::Limits); an
/// error of the chunks is passed on, and whether they go on after it is up to them.
///
/// ```
/// use futures_util::{StreamExt, stream};
/// use gapless_sse_core::{Incoming, Parser, Received};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let chunks = stream::iter(["id: 7\nda", "ta: x\n\n"]).map(|chunk| Ok::<_, ()>(chunk.as_bytes()));
/// let mut incoming = Incoming::new(chunks, Parser::new());
/// let Some(Ok(Received::Event(event))) = incoming.next().await else { unreachable!() };
/// assert_eq!(event.data, "x");
/// assert!(incoming.next().await.is_none());
/// assert_eq!(incoming.parser().last_event_id(), "7");
/// # }
/// ```
#[must_use = "a stream does nothing unless it is polled"]
pub struct Incoming<S: TryStream> {
    /// `None` once they have ended.
    chunks: Option<Pin<Box<S>>>,
    chunk: Option<S::Ok>,
    items: VecDeque<Received>,
    parser: Parser,
}

/// How many items are read at once: reading a few takes less time than each alone, and many would
/// take memory.
const AT_ONCE: usize = 16;

impl<S: TryStream> Incoming<S> {
    /// Reads `chunks` with `parser`: a new one, or that of the connection before, told to
    /// [`restart`](Parser::restart).
    pub fn new(chunks: S, parser: Parser) -> Self {
        Self { chunks: Some(Box::pin(chunks)), chunk: None, items: VecDeque::new(), parser }
    }

    /// The parser, which knows the last event ID.
    pub fn parser(&self) -> &Parser {
        &self.parser
    }

    /// Gives the parser back, for the next connection.
    pub fn into_parser(self) -> Parser {
        self.parser
    }
}

impl<S> Stream for Incoming<S>
where
    S: TryStream<Ok: Buf + Unpin>,
{
    type Item = Result<Received, IncomingError<S::Error>>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        let Some(chunks) = &mut this.chunks else { return Poll::Ready(None) };
        loop {
            if let Some(item) = this.items.pop_front() {
                return Poll::Ready(Some(Ok(item)));
            }
            if let Some(chunk) = &mut this.chunk {
                let read = read(&mut this.parser, chunk, &mut this.items);
                if !this.items.is_empty() {
                    continue;
                }
                this.chunk = None;
                if let Err(excess) = read {
                    this.chunks = None;
                    return Poll::Ready(Some(Err(IncomingError::Limit(excess))));
                }
            }
            match ready!(chunks.as_mut().try_poll_next(cx)) {
                Some(Ok(chunk)) => this.chunk = Some(chunk),
                Some(Err(error)) => return Poll::Ready(Some(Err(IncomingError::Chunks(error)))),
                None => {
                    this.chunks = None;
                    return Poll::Ready(None);
                }
            }
        }
    }
}

/// Reads the next items that the chunk completes. After an excess it can be called again, and meets
/// the excess again.
fn read(
    parser: &mut Parser,
    chunk: &mut impl Buf,
    received: &mut VecDeque<Received>,
) -> Result<(), LimitExceeded> {
    while chunk.has_remaining() && received.len() < AT_ONCE {
        let bytes = chunk.chunk();
        let mut items = parser.push(bytes);
        while received.len() < AT_ONCE
            && let Some(item) = items.next()?
        {
            received.push_back(item.into());
        }
        let read = bytes.len() - items.rest().len();
        chunk.advance(read);
    }
    Ok(())
}

impl<S: TryStream<Ok: fmt::Debug>> fmt::Debug for Incoming<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Incoming")
            .field("chunk", &self.chunk)
            .field("parser", &self.parser)
            .finish_non_exhaustive()
    }
}

/// Something a stream holds, as [`Item`], to be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Received {
    /// An event.
    Event(ReceivedEvent),
    /// A comment, without one leading space.
    Comment(String),
    /// The reconnection time that holds from now on.
    Retry(Duration),
}

/// An event that was received, as [`Message`](crate::Message), to be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceivedEvent {
    /// The event type; `message` where the stream gives none.
    pub event_type: Cow<'static, str>,
    /// The data, its lines joined with line feeds.
    pub data: String,
    /// The last event ID: of this event, or of the last before it that had one; else empty.
    pub last_event_id: String,
}

impl From<Item<'_>> for Received {
    fn from(item: Item<'_>) -> Self {
        match item {
            Item::Event(message) => Self::Event(ReceivedEvent {
                event_type: match message.event_type {
                    "message" => Cow::Borrowed("message"),
                    other => Cow::Owned(other.to_owned()),
                },
                data: message.data.to_owned(),
                last_event_id: message.last_event_id.to_owned(),
            }),
            Item::Comment(text) => Self::Comment(text.to_owned()),
            Item::Retry(reconnection_time) => Self::Retry(reconnection_time),
        }
    }
}

/// Why [`Incoming`] has no item to give.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IncomingError<E> {
    /// The stream holds more than the parser's limits accept.
    Limit(LimitExceeded),
    /// The stream of chunks failed.
    Chunks(E),
}

impl<E> fmt::Display for IncomingError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Limit(_) => "the event stream holds too much",
            Self::Chunks(_) => "the event stream broke off",
        })
    }
}

impl<E: Error + 'static> Error for IncomingError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Limit(excess) => Some(excess),
            Self::Chunks(error) => Some(error),
        }
    }
}
