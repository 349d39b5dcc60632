//! Events to the bytes of a response body.

use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};
use futures_core::Stream;

use super::pulse::Pulse;
use crate::session::Heartbeat;
use crate::wire::{Event, Frame};

/// How much that is pending is merged into one write.
const MERGED: usize = 64 * 1024;

/// What an [`EventStream`] adds to its events.
///
/// ```
/// use std::time::Duration;
/// use sse_core::EventStreamOptions;
///
/// let options =
///     EventStreamOptions { heartbeat: Duration::from_secs(10), ..EventStreamOptions::default() };
/// assert_eq!(options.retry, Duration::from_secs(1));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventStreamOptions {
    /// How long a client waits before it reconnects; 1 s by default. Written first of all, so
    /// that bytes leave with the response's headers and a browser's `open` fires at once.
    pub retry: Duration,
    /// After how much idle time a comment shows that the stream is alive; 25 s by default.
    pub heartbeat: Duration,
}

impl Default for EventStreamOptions {
    fn default() -> Self {
        Self { retry: Duration::from_secs(1), heartbeat: Heartbeat::DEFAULT_INTERVAL }
    }
}

/// The body of a response: events, encoded, after a first write at once and with a heartbeat
/// whenever nothing else was written for its interval.
///
/// What is pending leaves as one buffer of up to 64 KiB; an event that is alone is passed on by
/// reference, not copied. Each buffer holds whole events. The stream ends when its events do.
///
/// Needs tokio's timer: poll it on a runtime with time enabled.
///
/// ```
/// use futures_util::{StreamExt, stream};
/// use sse_core::{Event, EventStream, EventStreamOptions};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let events = stream::iter([Event::new("a"), Event::new("b")]);
/// let mut body = EventStream::new(events, EventStreamOptions::default());
/// let Some(Ok(bytes)) = body.next().await else { unreachable!() };
/// assert_eq!(bytes, "retry: 1000\n\ndata: a\n\ndata: b\n\n");
/// assert!(body.next().await.is_none());
/// # }
/// ```
pub struct EventStream<S> {
    /// `None` once they have ended.
    events: Option<Pin<Box<S>>>,
    /// Taken from the events, or the first bytes of all, and not yet passed on.
    held: Option<Bytes>,
    pulse: Pulse,
}

impl<S> EventStream<S>
where
    S: Stream<Item: Into<Frame>>,
{
    /// The body that carries `events`.
    pub fn new(events: S, options: EventStreamOptions) -> Self {
        let first = Frame::from(Event::empty().retry(options.retry));
        Self {
            events: Some(Box::pin(events)),
            held: Some(first.into()),
            pulse: Pulse::new(options.heartbeat),
        }
    }

    fn next_frame(&mut self, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        let Some(events) = &mut self.events else { return Poll::Ready(None) };
        let next = events.as_mut().poll_next(context);
        if let Poll::Ready(None) = next {
            self.events = None;
        }
        next.map(|event| event.map(|event| event.into().into()))
    }

    /// Everything that is pending, up to the bound; what would pass it is held for the next.
    fn pending(&mut self, context: &mut Context<'_>) -> Option<Bytes> {
        let first = match self.held.take() {
            Some(held) => held,
            None => match self.next_frame(context) {
                Poll::Ready(Some(frame)) => frame,
                Poll::Ready(None) | Poll::Pending => return None,
            },
        };
        let mut length = first.len();
        let mut merged = None;
        while length < MERGED
            && let Poll::Ready(Some(frame)) = self.next_frame(context)
        {
            length += frame.len();
            if length > MERGED {
                self.held = Some(frame);
                break;
            }
            merged.get_or_insert_with(|| BytesMut::from(&first[..])).put_slice(&frame);
        }
        Some(merged.map_or(first, BytesMut::freeze))
    }
}

impl<S> Stream for EventStream<S>
where
    S: Stream<Item: Into<Frame>>,
{
    type Item = Result<Bytes, Infallible>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if let Some(bytes) = this.pending(context) {
            this.pulse.wrote();
            return Poll::Ready(Some(Ok(bytes)));
        }
        if this.events.is_none() {
            return Poll::Ready(None);
        }
        ready!(this.pulse.poll_due(context));
        let beat = Frame::from(Event::empty().comment(""));
        Poll::Ready(Some(Ok(beat.into())))
    }
}

impl<S> fmt::Debug for EventStream<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventStream").field("ended", &self.events.is_none()).finish_non_exhaustive()
    }
}
