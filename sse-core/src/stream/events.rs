//! Events to the bytes of a response body.

use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};
use futures_core::Stream;
use pin_project_lite::pin_project;
use tokio::time::Instant;

use super::close::{CloseReason, Closed, StreamStats};
use super::feed::Feed;
use super::idle_timer::IdleTimer;
use crate::session::{Heartbeat, Lifetime};
use crate::wire::{Encoded, Event};

/// How much that is pending is merged into one write.
const MERGED: usize = 64 * 1024;

/// What an [`EventStream`] adds to its events.
///
/// ```
/// use std::time::Duration;
/// use gapless_sse_core::EventStreamOptions;
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
    /// After how much idle time the stream shows that it is alive, by a comment, or, if it follows
    /// a log, by a fresh position when there is one; 25 s by default.
    pub heartbeat: Duration,
    /// After how long the stream ends by itself, give or take a tenth at random so that clients
    /// do not come back together; 1 h by default, `None` for never. It ends between two events,
    /// and a client that reconnects with its last event ID goes on from there.
    pub lifetime: Option<Duration>,
}

impl Default for EventStreamOptions {
    fn default() -> Self {
        Self {
            retry: Duration::from_secs(1),
            heartbeat: Heartbeat::DEFAULT_INTERVAL,
            lifetime: Some(Lifetime::DEFAULT),
        }
    }
}

pin_project! {
    /// The body of a response: events, encoded, after a first write at once and with a heartbeat
    /// whenever nothing else was written for its interval.
    ///
    /// What is pending leaves as one buffer of up to 64 KiB; an event that is alone is passed on
    /// by reference, not copied. Each buffer holds whole events. The stream ends when its events
    /// do, or when its lifetime is over.
    ///
    /// Needs tokio's timer: poll it on a runtime with time enabled.
    ///
    /// ```
    /// use futures_util::{StreamExt, stream};
    /// use gapless_sse_core::{Event, EventStream, EventStreamOptions};
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
        // `None` once they have ended.
        #[pin]
        events: Option<S>,
        // Taken from the events, or the first bytes of all, and not yet passed on.
        held: Option<Bytes>,
        idle_timer: IdleTimer,
        retry: Duration,
        // Why, once the events are no more.
        over: CloseReason,
        stats: StreamStats,
        // Dropped when the stream has ended.
        guard: Option<Box<dyn Send + Sync>>,
    }
}

impl<S: Feed> EventStream<S> {
    /// The body that carries `events`.
    pub fn new(mut events: S, options: EventStreamOptions) -> Self {
        let EventStreamOptions { retry, heartbeat, lifetime } = options;
        events.begin(heartbeat);
        let idle_timer = IdleTimer::new(heartbeat);
        Self {
            events: Some(events),
            held: Some(Encoded::from(Event::empty().retry(retry)).into()),
            idle_timer: match lifetime {
                Some(limit) => idle_timer.with_lifetime(limit),
                None => idle_timer,
            },
            retry,
            over: CloseReason::Ended,
            stats: StreamStats::new(),
            guard: None,
        }
    }

    /// Tells `hook` when the stream is over, whether it ended or was dropped: for logs, metrics,
    /// and who is watching.
    ///
    /// ```
    /// use std::sync::mpsc;
    /// use futures_util::stream;
    /// use gapless_sse_core::{CloseReason, Event, EventStream, EventStreamOptions};
    ///
    /// let (tell, told) = mpsc::channel();
    /// let events = stream::iter([Event::new("a")]);
    /// let body = EventStream::new(events, EventStreamOptions::default())
    ///     .on_close(move |closed| drop(tell.send(closed)));
    /// drop(body); // as a server does when the client has left
    /// let closed = told.recv()?;
    /// assert_eq!((closed.reason, closed.events), (CloseReason::Dropped, 0));
    /// # Ok::<(), mpsc::RecvError>(())
    /// ```
    pub fn on_close(mut self, hook: impl FnOnce(Closed) + Send + Sync + 'static) -> Self {
        self.stats.set(Box::new(hook));
        self
    }

    /// Keeps `guard` too, such as a [`Permit`](crate::Permit), until the stream has ended or is
    /// dropped.
    ///
    /// ```
    /// use futures_util::stream;
    /// use gapless_sse_core::{Admission, Event, EventStream, EventStreamOptions, Refused};
    ///
    /// # fn handler(admission: &Admission<String>, user: String) -> Result<(), Refused> {
    /// let permit = admission.admit(user)?;
    /// let events = stream::iter([Event::new("a")]);
    /// let body = EventStream::new(events, EventStreamOptions::default()).holding(permit);
    /// # drop(body);
    /// # Ok(())
    /// # }
    /// # handler(&Admission::new(Default::default()), "ann".into()).unwrap();
    /// ```
    pub fn holding(self, guard: impl Send + Sync + 'static) -> Self {
        Self { guard: Some(Box::new((self.guard, guard))), ..self }
    }

    /// Ends between two events: what was taken is passed on, what was not is there for the
    /// client that comes back.
    fn end(self: Pin<&mut Self>) {
        let mut this = self.project();
        if this.events.is_some() {
            this.events.set(None);
            *this.over = CloseReason::Lifetime;
            let mut last = BytesMut::from(this.held.take().unwrap_or_default());
            last.put_slice(Encoded::from(Event::empty().retry(*this.retry)).as_ref());
            *this.held = Some(last.freeze());
        }
    }

    fn next_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        let mut this = self.project();
        let Some(events) = this.events.as_mut().as_pin_mut() else { return Poll::Ready(None) };
        let next = events.poll_events(context);
        if let Poll::Ready(None) = next {
            this.events.set(None);
        }
        next.map(|event| {
            event.map(|frame| {
                this.stats.events(frame.events());
                frame.into()
            })
        })
    }

    /// Everything that is pending, up to the bound; what would pass it is held for the next.
    fn pending(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Option<Bytes> {
        let first = match self.as_mut().project().held.take() {
            Some(held) => held,
            None => match self.as_mut().next_frame(context) {
                Poll::Ready(Some(frame)) => frame,
                Poll::Ready(None) | Poll::Pending => return None,
            },
        };
        let mut length = first.len();
        let mut merged = None;
        while length < MERGED
            && let Poll::Ready(Some(frame)) = self.as_mut().next_frame(context)
        {
            length += frame.len();
            if length > MERGED {
                *self.project().held = Some(frame);
                break;
            }
            merged.get_or_insert_with(|| BytesMut::from(&first[..])).put_slice(&frame);
        }
        Some(merged.map_or(first, BytesMut::freeze))
    }
}

impl<S: Feed> Stream for EventStream<S> {
    type Item = Result<Bytes, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            let now = Instant::now();
            if self.idle_timer.is_over(now) {
                self.as_mut().end();
            }
            let pending = self.as_mut().pending(context);
            let mut this = self.as_mut().project();
            if let Some(bytes) = pending {
                this.idle_timer.wrote(now);
                this.stats.bytes(bytes.len());
                return Poll::Ready(Some(Ok(bytes)));
            }
            if this.events.is_none() {
                *this.guard = None;
                this.stats.close(*this.over);
                return Poll::Ready(None);
            }
            ready!(this.idle_timer.poll_due(now, context));
            if !this.idle_timer.is_over(Instant::now()) {
                let says = this.events.as_mut().as_pin_mut().and_then(Feed::heartbeat);
                let beat = Bytes::from(says.unwrap_or_else(|| Event::empty().comment("").into()));
                this.stats.bytes(beat.len());
                return Poll::Ready(Some(Ok(beat)));
            }
        }
    }
}

impl<S> fmt::Debug for EventStream<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventStream").field("ended", &self.events.is_none()).finish_non_exhaustive()
    }
}
