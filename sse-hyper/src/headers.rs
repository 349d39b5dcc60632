//! What an event stream says in HTTP's headers.

use std::error::Error;
use std::fmt;
use std::str::Utf8Error;

use gapless_sse_core::EventId;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue};

/// The header in which a client that reconnects names the last event it has seen.
pub const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// The headers of a response that carries an event stream: its type, and that nothing in the way
/// may cache, compress or buffer it.
///
/// ```
/// let headers = http::HeaderMap::from_iter(gapless_sse_hyper::response_headers());
/// assert_eq!(headers["content-type"], "text/event-stream");
/// assert_eq!(headers["cache-control"], "no-store, no-transform");
/// assert_eq!(headers["x-accel-buffering"], "no");
/// ```
pub fn response_headers() -> [(HeaderName, HeaderValue); 3] {
    [
        (CONTENT_TYPE, HeaderValue::from_static("text/event-stream")),
        (CACHE_CONTROL, HeaderValue::from_static("no-store, no-transform")),
        (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no")),
    ]
}

/// The last event ID of a request; `None` when the header is absent or empty.
///
/// The [standard][header] sends the id as UTF-8 bytes, so it may hold any character.
///
/// ```
/// use http::{HeaderMap, HeaderValue};
/// use gapless_sse_hyper::{LAST_EVENT_ID, last_event_id};
///
/// let mut headers = HeaderMap::new();
/// assert_eq!(last_event_id(&headers), Ok(None));
/// headers.insert(LAST_EVENT_ID, HeaderValue::from_bytes("größe-7".as_bytes()).unwrap());
/// let id = last_event_id(&headers)?.expect("the header is there");
/// assert_eq!(id.as_str(), "größe-7");
/// # Ok::<(), gapless_sse_hyper::InvalidLastEventId>(())
/// ```
///
/// # Errors
///
/// When the header is not UTF-8: answer with 400, no browser sends that.
///
/// [header]: https://html.spec.whatwg.org/multipage/server-sent-events.html#the-last-event-id-header
pub fn last_event_id(headers: &HeaderMap) -> Result<Option<EventId>, InvalidLastEventId> {
    let Some(value) = headers.get(LAST_EVENT_ID).filter(|value| !value.is_empty()) else {
        return Ok(None);
    };
    let id = str::from_utf8(value.as_bytes()).map_err(InvalidLastEventId::NotUtf8)?;
    EventId::new(id).map(Some).map_err(InvalidLastEventId::NotAnId)
}

/// Why a request's `Last-Event-ID` names no event.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidLastEventId {
    /// The header's bytes are not UTF-8.
    NotUtf8(Utf8Error),
    /// The header holds what no stream can carry as an id.
    NotAnId(gapless_sse_core::InvalidField),
}

impl fmt::Display for InvalidLastEventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotUtf8(_) => "the header Last-Event-ID is not UTF-8",
            Self::NotAnId(_) => "the header Last-Event-ID holds what no event ID can hold",
        })
    }
}

impl Error for InvalidLastEventId {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::NotUtf8(error) => Some(error),
            Self::NotAnId(error) => Some(error),
        }
    }
}
