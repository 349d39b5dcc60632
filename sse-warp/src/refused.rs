//! The reply to a client for whose stream there is no place.

use std::error::Error;
use std::fmt;

use gapless_sse_core::Refused;
use warp::Reply;
use warp::reply::Response;

/// Answers with 429, the limit in words, and `Retry-After`.
///
/// An `EventSource` takes any status but 200 as final and does not come back: a page that is to try
/// again makes a new one after a while, or asks by `fetch`, which also reads `Retry-After`.
///
/// ```
/// use std::net::IpAddr;
///
/// use futures_util::stream;
/// use gapless_sse_warp::{Admission, TooManyStreams, reply};
/// use warp::Reply;
///
/// fn hello(places: &Admission<IpAddr>, ip: IpAddr) -> Result<impl Reply, TooManyStreams> {
///     let permit = places.admit(ip)?;
///     Ok(reply(stream::iter(["hello"])).holding(permit))
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooManyStreams(pub Refused);

impl fmt::Display for TooManyStreams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Error for TooManyStreams {}

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
