//! Events to the bytes of a response body.

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
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
use super::item::IntoEncoded;
use super::keep_alive::KeepAlive;
use super::stop::Stop;
use crate::session::{Heartbeat, Lifetime};
use crate::wire::{Encoded, Event};

/// How much that is pending is merged into one write.
const MERGED: usize = 64 * 1024;

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
    /// use gapless_sse_core::{Event, EventStream};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let mut body = EventStream::new(stream::iter([Event::new("a"), Event::new("b")]));
    /// let Some(Ok(bytes)) = body.next().await else { unreachable!() };
    /// assert_eq!(bytes, "retry: 1000\n\ndata: a\n\ndata: b\n\n");
    /// assert!(body.next().await.is_none());
    /// # }
    /// ```
    #[must_use = "a stream does nothing unless it is polled"]
    pub struct EventStream<S> {
        // `None` once they have ended.
        #[pin]
        events: Option<S>,
        // What an idle stream does without.
        rest: Option<Box<Rest>>,
        idle_timer: IdleTimer,
        // In milliseconds.
        retry: Option<u32>,
        // Why, once the events are no more.
        over: CloseReason,
        // For whoever asked.
        stats: Option<Box<StreamStats>>,
        // Dropped when the stream has ended.
        guard: Option<Box<dyn Send + Sync>>,
        // Ends it before its events do.
        stop: Option<Stop>,
    }
}

/// Thousands of streams are idle at a time, and few of them have any of this then.
#[derive(Debug, Default)]
struct Rest {
    /// Until it is polled for the first time.
    opening: Option<Opening>,
    /// Taken from the events, or the first bytes of all, and not yet passed on.
    held: Option<Bytes>,
    /// What a heartbeat is, if not an empty comment.
    beat: Option<Encoded>,
}

impl Rest {
    fn is_empty(&self) -> bool {
        self.opening.is_none() && self.held.is_none() && self.beat.is_none()
    }
}

/// What is settled when the stream is polled for the first time.
#[derive(Debug)]
struct Opening {
    heartbeat: Option<Duration>,
    lifetime: Option<Duration>,
}

/// How long a client waits before it reconnects, in milliseconds, unless it is told otherwise.
const RETRY: u32 = 1000;

impl<S: Feed> EventStream<S> {
    /// The body that carries `events`.
    ///
    /// It tells the client to wait for a second before it reconnects, and has a heartbeat after
    /// 25 s; its lifetime is an hour where a client that reconnects misses nothing, as with
    /// [`Follow`](crate::Follow), and else without end.
    pub fn new(events: S) -> Self {
        let lifetime = events.resumes().then_some(Lifetime::DEFAULT);
        let heartbeat = Some(Heartbeat::DEFAULT_INTERVAL);
        Self {
            events: Some(events),
            rest: Some(Box::new(Rest {
                opening: Some(Opening { heartbeat, lifetime }),
                ..Rest::default()
            })),
            idle_timer: IdleTimer::default(),
            retry: Some(RETRY),
            over: CloseReason::Ended,
            stats: None,
            guard: None,
            stop: None,
        }
    }

    /// Sets after how much silence a heartbeat is written, or `None` for no heartbeat; 25 s by
    /// default.
    ///
    /// A heartbeat is an empty comment. A stream that follows a log tells its position instead,
    /// when there is a newer one.
    ///
    /// ```
    /// use std::time::Duration;
    /// # use futures_util::stream;
    /// # use gapless_sse_core::EventStream;
    ///
    /// let body = EventStream::new(stream::pending::<String>()).heartbeat(Duration::from_secs(10));
    /// let silent = EventStream::new(stream::pending::<String>()).heartbeat(None);
    /// ```
    pub fn heartbeat(mut self, interval: impl Into<Option<Duration>>) -> Self {
        if let Some(opening) = self.opening() {
            opening.heartbeat = interval.into();
        }
        self
    }

    /// Sets what a heartbeat is, and after how much silence it is written.
    pub fn keep_alive(mut self, keep_alive: KeepAlive) -> Self {
        if let Some(says) = keep_alive.says {
            self.rest.get_or_insert_default().beat = Some(says);
        } else if let Some(rest) = &mut self.rest {
            rest.beat = None;
        }
        self.heartbeat(keep_alive.interval)
    }

    /// Sets how long a client waits before it reconnects, or `None` to leave that to the client;
    /// 1 s by default, in whole milliseconds.
    ///
    /// It is written first of all, so that bytes leave with the response's headers and a browser's
    /// `open` fires at once; `None` writes an empty comment instead.
    pub fn retry(mut self, reconnection_time: impl Into<Option<Duration>>) -> Self {
        let milliseconds = |time: Duration| u32::try_from(time.as_millis()).unwrap_or(u32::MAX);
        self.retry = reconnection_time.into().map(milliseconds);
        self
    }

    /// Sets after how long the stream ends by itself, give or take a tenth at random so that
    /// clients do not come back together, or `None` for never.
    ///
    /// It ends between two events. By default that is an hour where a client that reconnects with
    /// its last event ID goes on from there ([`Feed::resumes`]), and never elsewhere.
    pub fn lifetime(mut self, limit: impl Into<Option<Duration>>) -> Self {
        if let Some(opening) = self.opening() {
            opening.lifetime = limit.into();
        }
        self
    }

    /// Calls `hook` when the stream is over, whether it ended, failed or was dropped: for logs,
    /// metrics, and who is watching. A second hook takes the place of the first.
    ///
    /// ```
    /// use std::sync::mpsc;
    /// use futures_util::stream;
    /// use gapless_sse_core::{CloseReason, Event, EventStream};
    ///
    /// let (tell, told) = mpsc::channel();
    /// let body = EventStream::new(stream::iter([Event::new("a")]))
    ///     .on_close(move |closed| drop(tell.send(closed)));
    /// drop(body); // as a server does when the client has left
    /// let closed = told.recv()?;
    /// assert_eq!((closed.reason, closed.events), (CloseReason::Dropped, 0));
    /// # Ok::<(), mpsc::RecvError>(())
    /// ```
    pub fn on_close(mut self, hook: impl FnOnce(Closed) + Send + Sync + 'static) -> Self {
        match &mut self.stats {
            Some(stats) => stats.replace(Box::new(hook)),
            none => *none = Some(Box::new(StreamStats::new(Box::new(hook)))),
        }
        self
    }

    /// Keeps `guard` too, such as a [`Permit`](crate::Permit), until the stream has ended or is
    /// dropped.
    ///
    /// ```
    /// use futures_util::stream;
    /// use gapless_sse_core::{Admission, Event, EventStream, Refused};
    ///
    /// # fn handler(admission: &Admission<String>, user: String) -> Result<(), Refused> {
    /// let permit = admission.admit(user)?;
    /// let body = EventStream::new(stream::iter([Event::new("a")])).holding(permit);
    /// # drop(body);
    /// # Ok(())
    /// # }
    /// # handler(&Admission::new(Default::default()), "ann".into()).unwrap();
    /// ```
    pub fn holding(mut self, guard: impl Send + Sync + 'static) -> Self {
        self.guard = Some(match self.guard {
            Some(guards) => Box::new((guards, guard)),
            None => Box::new(guard),
        });
        self
    }

    /// Ends the stream when `last` is done, with the event that it gives: when whoever reads may
    /// not any longer, say. A second future takes the place of the first.
    ///
    /// What was not passed on by then is dropped; a client that comes back with its last event ID
    /// gets it. `last` is polled when it was woken, and not for each delivery.
    ///
    /// ```
    /// use futures_util::{StreamExt, future, stream};
    /// use gapless_sse_core::{Event, EventStream, EventType};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), gapless_sse_core::InvalidField> {
    /// let denied = Event::new("signed out").event_type(EventType::new("denied")?);
    /// let mut body = EventStream::new(stream::pending::<String>())
    ///     .stop_when(future::ready(denied));
    /// let Some(Ok(bytes)) = body.next().await else { unreachable!() };
    /// assert_eq!(bytes, "event: denied\ndata: signed out\n\n");
    /// assert!(body.next().await.is_none());
    /// # Ok(())
    /// # }
    /// ```
    pub fn stop_when<T: IntoEncoded>(
        mut self,
        last: impl Future<Output = T> + Send + 'static,
    ) -> Self {
        self.stop = Some(Stop::new(last));
        self
    }

    fn opening(&mut self) -> Option<&mut Opening> {
        self.rest.as_mut()?.opening.as_mut()
    }

    /// Settles what was asked for, and writes the first bytes.
    fn open(self: Pin<&mut Self>, opening: &Opening) {
        let this = self.project();
        if let Some(events) = this.events.as_pin_mut() {
            events.begin(opening.heartbeat);
        }
        *this.idle_timer = IdleTimer::new(opening.heartbeat, opening.lifetime);
        hold(this.rest, retry(*this.retry).unwrap_or(COMMENT));
    }

    /// Ends between two events: what was taken is passed on, what was not is there for the
    /// client that comes back.
    fn end(self: Pin<&mut Self>) {
        let mut this = self.project();
        if this.events.is_some() {
            this.events.set(None);
            *this.over = CloseReason::Lifetime;
            if let Some(retry) = retry(*this.retry) {
                let mut last = BytesMut::from(take_held(this.rest).unwrap_or_default());
                last.put_slice(&retry);
                hold(this.rest, last.freeze());
            }
        }
    }

    /// Ends with what comes from elsewhere, in place of all that is pending.
    fn poll_stop(self: Pin<&mut Self>, context: &mut Context<'_>) {
        let mut this = self.project();
        let Some(Poll::Ready(last)) = this.stop.as_ref().map(|stop| stop.poll(context)) else {
            return;
        };
        *this.stop = None;
        if this.events.is_none() {
            return;
        }
        this.events.set(None);
        take_held(this.rest);
        match last {
            Ok(last) => {
                *this.over = CloseReason::Stopped;
                if let Some(stats) = this.stats {
                    stats.events(last.events());
                }
                hold(this.rest, last.into());
            }
            Err(error) => {
                *this.over = CloseReason::Failed;
                if let Some(stats) = this.stats {
                    stats.fail(error);
                }
            }
        }
    }

    fn next_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        let mut this = self.project();
        let Some(events) = this.events.as_mut().as_pin_mut() else { return Poll::Ready(None) };
        match ready!(events.poll_events(context)) {
            Some(Ok(encoded)) => {
                if let Some(stats) = this.stats {
                    stats.events(encoded.events());
                }
                return Poll::Ready(Some(encoded.into()));
            }
            Some(Err(error)) => {
                *this.over = CloseReason::Failed;
                if let Some(stats) = this.stats {
                    stats.fail(error);
                }
            }
            None => {}
        }
        this.events.set(None);
        Poll::Ready(None)
    }

    /// Everything that is pending, up to the bound; what would pass it is held for the next.
    fn pending(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Option<Bytes> {
        let first = match take_held(self.as_mut().project().rest) {
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
                hold(self.project().rest, frame);
                break;
            }
            merged.get_or_insert_with(|| BytesMut::from(&first[..])).put_slice(&frame);
        }
        Some(merged.map_or(first, BytesMut::freeze))
    }
}

fn hold(rest: &mut Option<Box<Rest>>, bytes: Bytes) {
    rest.get_or_insert_default().held = Some(bytes);
}

/// What was held; nothing stays behind for it.
fn take_held(rest: &mut Option<Box<Rest>>) -> Option<Bytes> {
    let held = rest.as_mut()?.held.take();
    if rest.as_ref().is_some_and(|rest| rest.is_empty()) {
        *rest = None;
    }
    held
}

/// A block that says nothing, and dispatches nothing.
const COMMENT: Bytes = Bytes::from_static(b": \n\n");

fn retry(milliseconds: Option<u32>) -> Option<Bytes> {
    let time = Duration::from_millis(milliseconds?.into());
    Some(Encoded::from(Event::empty().retry(time)).into())
}

impl<S: Feed> Stream for EventStream<S> {
    type Item = Result<Bytes, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(rest) = self.as_mut().project().rest
            && let Some(opening) = rest.opening.take()
        {
            self.as_mut().open(&opening);
        }
        loop {
            let now = Instant::now();
            self.as_mut().poll_stop(context);
            if self.idle_timer.is_over(now) {
                self.as_mut().end();
            }
            let pending = self.as_mut().pending(context);
            let mut this = self.as_mut().project();
            if let Some(bytes) = pending {
                this.idle_timer.wrote(now);
                if let Some(stats) = this.stats {
                    stats.bytes(bytes.len());
                }
                return Poll::Ready(Some(Ok(bytes)));
            }
            if this.events.is_none() {
                *this.guard = None;
                *this.stop = None;
                if let Some(stats) = this.stats {
                    stats.close(*this.over);
                }
                return Poll::Ready(None);
            }
            ready!(this.idle_timer.poll_due(now, context));
            if !this.idle_timer.is_over(Instant::now()) {
                let says = this.events.as_mut().as_pin_mut().and_then(Feed::heartbeat);
                let beat = says.or_else(|| this.rest.as_ref()?.beat.clone());
                let beat = beat.map_or(COMMENT, Bytes::from);
                if let Some(stats) = this.stats {
                    stats.bytes(beat.len());
                }
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
