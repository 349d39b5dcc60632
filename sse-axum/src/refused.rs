//! The response to a client for whose stream there is no place.

use axum::response::{IntoResponse, Response};
use gapless_sse_core::Refused;

/// Answers with 429, the limit in words, and `Retry-After`.
///
/// ```
/// use std::net::IpAddr;
///
/// use axum::response::IntoResponse;
/// use futures_util::stream;
/// use gapless_sse_axum::{Admission, Event, EventStream, EventStreamOptions, Sse, TooManyStreams};
///
/// async fn hello(places: Admission<IpAddr>, ip: IpAddr) -> Result<impl IntoResponse, TooManyStreams> {
///     let permit = places.admit(ip)?;
///     let events = stream::iter([Event::new("hello")]);
///     Ok(Sse::new(EventStream::new(events, EventStreamOptions::default()).holding(permit)))
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooManyStreams(pub Refused);

impl From<Refused> for TooManyStreams {
    fn from(refused: Refused) -> Self {
        Self(refused)
    }
}

impl IntoResponse for TooManyStreams {
    fn into_response(self) -> Response {
        gapless_sse_hyper::refused_response(self.0).map(Into::into)
    }
}
