//! The reply that carries a stream.

use std::future::Future;
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;
use gapless_sse_core::{BoxError, Closed, EventStream, Feed, IntoEncoded, KeepAlive};
use sync_wrapper::SyncStream;
use warp::Reply;
use warp::reply::Response;

/// A reply that carries `events`: a `Stream` of [`Event`](crate::Event)s, of text, or of `Result`s
/// of them, whose error ends the stream.
///
/// It has a heartbeat and tells the client when to reconnect, as [`EventStream::new`] says; the
/// methods of [`Sse`] change that.
///
/// ```
/// use futures_util::{StreamExt, stream};
/// use gapless_sse_warp::{Event, KeepAlive, reply};
/// use warp::Filter;
///
/// let count = warp::path("count").map(|| {
///     let numbers = stream::iter(1..=3).map(|number| Event::new("tick").id(number));
///     reply(numbers).keep_alive(KeepAlive::default())
/// });
/// # let _ = warp::service(count);
/// ```
pub fn reply<S: Feed>(events: S) -> Sse<S> {
    Sse(EventStream::new(events))
}

/// A reply whose body is `bytes`, written as they are: events that are encoded already, by
/// [`encode`](gapless_sse_core::encode) or another server.
pub fn reply_bytes<B, T, E>(bytes: B) -> Response
where
    B: Stream<Item = Result<T, E>> + Send + 'static,
    T: Into<Bytes> + 'static,
    E: Into<BoxError> + Send + 'static,
{
    response(bytes)
}

/// A reply of type `text/event-stream` that nothing in the way may cache, compress or buffer, as
/// [`reply`] makes it.
#[derive(Debug)]
#[must_use = "a reply does nothing unless a filter returns it"]
pub struct Sse<S>(EventStream<S>);

impl<S: Feed> Sse<S> {
    /// Sets what a heartbeat is, and after how much silence it is written.
    pub fn keep_alive(self, keep_alive: KeepAlive) -> Self {
        Self(self.0.keep_alive(keep_alive))
    }

    /// Sets after how much silence a heartbeat is written, or `None` for no heartbeat; 25 s by
    /// default.
    pub fn heartbeat(self, interval: impl Into<Option<Duration>>) -> Self {
        Self(self.0.heartbeat(interval))
    }

    /// Sets how long a client waits before it reconnects, or `None` to leave that to the client;
    /// 1 s by default.
    pub fn retry(self, reconnection_time: impl Into<Option<Duration>>) -> Self {
        Self(self.0.retry(reconnection_time))
    }

    /// Sets after how long the stream ends by itself, or `None` for never; by default an hour for
    /// a stream that follows a log, and never for others. See [`EventStream::lifetime`].
    pub fn lifetime(self, limit: impl Into<Option<Duration>>) -> Self {
        Self(self.0.lifetime(limit))
    }

    /// Keeps `guard`, such as a [`Permit`](crate::Permit), until the stream is over.
    pub fn holding(self, guard: impl Send + Sync + 'static) -> Self {
        Self(self.0.holding(guard))
    }

    /// Ends the stream when `last` is done, with the event that it gives. See
    /// [`EventStream::stop_when`].
    pub fn stop_when<T: IntoEncoded>(self, last: impl Future<Output = T> + Send + 'static) -> Self {
        Self(self.0.stop_when(last))
    }

    /// Calls `hook` when the stream is over, however that comes. See [`EventStream::on_close`].
    pub fn on_close(self, hook: impl FnOnce(Closed) + Send + Sync + 'static) -> Self {
        Self(self.0.on_close(hook))
    }
}

/// A stream with all that was asked of it.
impl<S> From<EventStream<S>> for Sse<S> {
    fn from(events: EventStream<S>) -> Self {
        Self(events)
    }
}

impl<S: Feed + Send + 'static> Reply for Sse<S> {
    fn into_response(self) -> Response {
        response(self.0)
    }
}

fn response<S, T, E>(bytes: S) -> Response
where
    S: Stream<Item = Result<T, E>> + Send + 'static,
    T: Into<Bytes> + 'static,
    E: Into<BoxError> + Send + 'static,
{
    // The one public way to a streaming body asks for `Sync`, although nobody ever shares it.
    let mut response = warp::reply::stream(SyncStream::new(bytes)).into_response();
    response.headers_mut().extend(gapless_sse_hyper::response_headers());
    response
}
