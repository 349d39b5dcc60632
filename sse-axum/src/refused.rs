//! The response to a client for whose stream there is no place.

use std::error::Error;
use std::fmt;

use axum_core::response::{IntoResponse, Response};
use gapless_sse_core::Refused;

/// Answers with 429, the limit in words, and `Retry-After`.
///
/// An `EventSource` takes any status but 200 as final and does not come back: a page that is to try
/// again makes a new one after a while, or asks by `fetch`, which also reads `Retry-After`.
///
/// ```
/// use std::net::IpAddr;
///
/// use axum::response::IntoResponse;
/// use futures_util::stream;
/// use gapless_sse_axum::{Admission, Sse, TooManyStreams};
///
/// async fn hello(places: Admission<IpAddr>, ip: IpAddr) -> Result<impl IntoResponse, TooManyStreams> {
///     let permit = places.admit(ip)?;
///     Ok(Sse::new(stream::iter(["hello"])).holding(permit))
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

impl IntoResponse for TooManyStreams {
    fn into_response(self) -> Response {
        gapless_sse_hyper::refused_response(self.0).map(Into::into)
    }
}
