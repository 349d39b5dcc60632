//! The reply to a client for whose stream there is no place.

use gapless_sse_core::Refused;
use warp::Reply;
use warp::reply::Response;

/// Answers with 429, the limit in words, and `Retry-After`.
///
/// ```
/// use std::net::IpAddr;
///
/// use futures_util::stream;
/// use gapless_sse_warp::{Admission, Event, EventStream, EventStreamOptions, TooManyStreams};
/// use warp::Reply;
///
/// fn hello(places: &Admission<IpAddr>, ip: IpAddr) -> Result<impl Reply, TooManyStreams> {
///     let permit = places.admit(ip)?;
///     let events = stream::iter([Event::new("hello")]);
///     let stream = EventStream::new(events, EventStreamOptions::default()).holding(permit);
///     Ok(gapless_sse_warp::reply(stream))
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooManyStreams(pub Refused);

impl From<Refused> for TooManyStreams {
    fn from(refused: Refused) -> Self {
        Self(refused)
    }
}

impl Reply for TooManyStreams {
    fn into_response(self) -> Response {
        gapless_sse_hyper::refused_response(self.0).map(Into::into)
    }
}
