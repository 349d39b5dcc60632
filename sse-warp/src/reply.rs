//! The reply that carries a stream.

use std::convert::Infallible;

use bytes::Bytes;
use futures_core::Stream;
use gapless_sse_core::{EventStream, EventStreamOptions, Feed};
use sync_wrapper::SyncStream;
use warp::Reply;

/// A reply of type `text/event-stream` that nothing in the way may cache, compress or buffer,
/// whose body is `stream`, written as it is.
pub fn reply<S>(stream: S) -> impl Reply
where
    S: Stream<Item = Result<Bytes, Infallible>> + Send + 'static,
{
    // The one public way to a streaming body asks for `Sync`, although nobody ever shares it.
    let mut response = warp::reply::stream(SyncStream::new(stream)).into_response();
    response.headers_mut().extend(gapless_sse_hyper::response_headers());
    response
}

/// A reply that carries `events`, with first bytes at once and heartbeats, as
/// [`EventStreamOptions::default`] says.
///
/// For other options, hand an [`EventStream`] to [`reply`].
///
/// ```
/// use futures_util::stream;
/// use gapless_sse_warp::Event;
/// use warp::Filter;
///
/// let hello = warp::path("hello")
///     .map(|| gapless_sse_warp::reply_events(stream::iter([Event::new("hello")])));
/// # let _ = warp::service(hello);
/// ```
pub fn reply_events<S>(events: S) -> impl Reply
where
    S: Feed + Send + 'static,
{
    reply(EventStream::new(events, EventStreamOptions::default()))
}
