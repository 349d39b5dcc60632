//! Where a client that reconnects wants to go on.

use std::future::ready;
use std::str::FromStr;

use gapless_sse_core::EventId;
use warp::http::HeaderMap;
use warp::{Filter, Rejection};

const NAME: &str = "last-event-id";

/// The last event ID that a client sent; `None` when the header is absent or empty, as on a
/// first connect.
///
/// A header that is not UTF-8 is rejected with warp's own `InvalidHeader`, a 400.
///
/// ```
/// use gapless_sse_warp::EventId;
/// use warp::Filter;
///
/// let stream = gapless_sse_warp::last_event_id().map(|last: Option<EventId>| match last {
///     Some(id) => format!("going on after {}", id.as_str()),
///     None => "from the beginning".into(),
/// });
/// # let _ = warp::service(stream);
/// ```
pub fn last_event_id() -> impl Filter<Extract = (Option<EventId>,), Error = Rejection> + Copy {
    let read = warp::header::headers_cloned().and_then(|headers: HeaderMap| {
        ready(gapless_sse_hyper::last_event_id(&headers).map_err(|_| warp::reject::reject()))
    });
    read.or(refused()).unify()
}

/// The last event ID that a client sent, as a number say; `None` when the header is absent or empty,
/// as on a first connect.
///
/// A header that is no `T` is rejected with warp's own `InvalidHeader`, a 400.
///
/// ```
/// use warp::Filter;
///
/// let stream = gapless_sse_warp::last_event_id_as().map(|last: Option<u64>| match last {
///     Some(number) => format!("going on after {number}"),
///     None => "from the beginning".into(),
/// });
/// # let _ = warp::service(stream);
/// ```
pub fn last_event_id_as<T>() -> impl Filter<Extract = (Option<T>,), Error = Rejection> + Copy
where
    T: FromStr + Send,
{
    let read = last_event_id().and_then(|id: Option<EventId>| {
        let read = id.map(|id| id.as_str().parse()).transpose();
        ready(read.map_err(|_| warp::reject::reject()))
    });
    read.or(refused()).unify()
}

/// The last event ID that a client must have sent.
///
/// A header that is absent, empty or not UTF-8 is rejected with warp's own `MissingHeader` or
/// `InvalidHeader`, a 400.
pub fn required_last_event_id() -> impl Filter<Extract = (EventId,), Error = Rejection> + Copy {
    let required =
        last_event_id().and_then(|id: Option<EventId>| ready(id.ok_or_else(warp::reject::reject)));
    required.or(refused()).unify()
}

/// Rejects each request as warp rejects one with a bad header, which it lets nobody else do: a
/// custom rejection would be answered with 500.
fn refused<T: Send>() -> impl Filter<Extract = (T,), Error = Rejection> + Copy {
    // No header's value holds a line feed.
    warp::header::exact(NAME, "\n").and_then(|| ready(Err(warp::reject::reject())))
}
