//! The response that carries a stream.

use std::convert::Infallible;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_core::Stream;
use gapless_sse_core::{EventStream, EventStreamOptions, Feed};

/// A response of type `text/event-stream` that nothing in the way may cache, compress or buffer.
///
/// ```
/// use axum::response::IntoResponse;
/// use futures_util::stream;
/// use gapless_sse_axum::{Event, Sse};
///
/// async fn hello() -> impl IntoResponse {
///     Sse::events(stream::iter([Event::new("hello")]))
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Sse<S>(S);

impl<S> Sse<S> {
    /// A response whose body is `stream`, written as it is.
    pub fn new(stream: S) -> Self {
        Self(stream)
    }
}

impl<S: Feed> Sse<EventStream<S>> {
    /// A response that carries `events`, with first bytes at once and heartbeats, as
    /// [`EventStreamOptions::default`] says.
    ///
    /// For other options, hand an [`EventStream`] to [`new`](Sse::new).
    pub fn events(events: S) -> Self {
        Self(EventStream::new(events, EventStreamOptions::default()))
    }
}

impl<S> IntoResponse for Sse<S>
where
    S: Stream<Item = Result<Bytes, Infallible>> + Send + 'static,
{
    fn into_response(self) -> Response {
        (gapless_sse_hyper::response_headers(), Body::from_stream(self.0)).into_response()
    }
}
