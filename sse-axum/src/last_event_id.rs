//! Where a client that reconnects wants to go on.

use std::error::Error;
use std::fmt;

use axum_core::extract::{FromRequestParts, OptionalFromRequestParts};
use axum_core::response::{IntoResponse, Response};
use gapless_sse_core::EventId;
use gapless_sse_hyper::InvalidLastEventId;
use http::StatusCode;
use http::request::Parts;

/// The last event ID that a client sent. As `Option<LastEventId>` it is `None` when the header
/// is absent or empty, as on a first connect; without `Option` that is a 400.
///
/// A header that is not UTF-8 is a 400 in either form.
///
/// ```
/// use gapless_sse_axum::LastEventId;
///
/// async fn stream(last: Option<LastEventId>) -> String {
///     match last {
///         Some(id) => format!("going on after {id}"),
///         None => "from the beginning".into(),
///     }
/// }
/// # let _: axum::Router = axum::Router::new().route("/", axum::routing::get(stream));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LastEventId(pub EventId);

impl AsRef<str> for LastEventId {
    fn as_ref(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Display for LastEventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<LastEventId> for EventId {
    fn from(LastEventId(id): LastEventId) -> Self {
        id
    }
}

impl<S: Sync> OptionalFromRequestParts<S> for LastEventId {
    type Rejection = LastEventIdRejection;

    async fn from_request_parts(
        parts: &mut Parts,
        _: &S,
    ) -> Result<Option<Self>, LastEventIdRejection> {
        let id = gapless_sse_hyper::last_event_id(&parts.headers);
        Ok(id.map_err(LastEventIdRejection::Invalid)?.map(Self))
    }
}

impl<S: Sync> FromRequestParts<S> for LastEventId {
    type Rejection = LastEventIdRejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let id = <Self as OptionalFromRequestParts<S>>::from_request_parts(parts, state).await?;
        id.ok_or(LastEventIdRejection::Missing)
    }
}

/// Why a request has no usable last event ID; as a response, 400 and the reason as text.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LastEventIdRejection {
    /// The header is absent or empty.
    Missing,
    /// The header is there and names no event.
    Invalid(InvalidLastEventId),
}

impl fmt::Display for LastEventIdRejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("the header Last-Event-ID is missing"),
            Self::Invalid(invalid) => invalid.fmt(f),
        }
    }
}

impl Error for LastEventIdRejection {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Missing => None,
            Self::Invalid(invalid) => invalid.source(),
        }
    }
}

impl IntoResponse for LastEventIdRejection {
    fn into_response(self) -> Response {
        (StatusCode::BAD_REQUEST, self.to_string()).into_response()
    }
}
