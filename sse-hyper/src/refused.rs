//! The answer to a client whose stream cannot be opened now.

use gapless_sse_core::Refused;
use std::hash::{BuildHasher, RandomState};

use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, Response, StatusCode};

/// When to try again, in seconds: at least, and up to how much later, so that not all come at the
/// same time.
const AGAIN: (u64, u64) = (2, 6);

/// The response to a client whose stream may not open now: status [429][status], the limit in
/// words, and when to try again.
///
/// An `EventSource` takes it as the end of its attempts; a page that wants to go on asks for the
/// stream by `fetch`, or makes a new `EventSource` after that time.
///
/// ```
/// use gapless_sse_core::Refused;
///
/// let response = gapless_sse_hyper::refused_response(Refused::PerKey(6));
/// assert_eq!(response.status(), 429);
/// assert!(response.headers().contains_key("retry-after"));
/// assert_eq!(response.body(), "this client already has 6 open streams, which is the limit");
/// ```
///
/// [status]: https://www.rfc-editor.org/rfc/rfc6585#section-4
pub fn refused_response(refused: Refused) -> Response<String> {
    later(StatusCode::TOO_MANY_REQUESTS, refused.to_string())
}

/// The response to a client whose stream nobody would write to: status [503][status], why, and when
/// to try again.
///
/// ```
/// let response = gapless_sse_hyper::unavailable_response("the log is not read");
/// assert_eq!(response.status(), 503);
/// assert!(response.headers().contains_key("retry-after"));
/// assert_eq!(response.body(), "the log is not read");
/// ```
///
/// [status]: https://www.rfc-editor.org/rfc/rfc9110#section-15.6.4
pub fn unavailable_response(why: impl Into<String>) -> Response<String> {
    later(StatusCode::SERVICE_UNAVAILABLE, why.into())
}

fn later(status: StatusCode, why: String) -> Response<String> {
    let mut response = Response::new(why);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    // It only spreads load, so the standard library's hash seeds do.
    let later = RandomState::new().hash_one(0_u8) % (AGAIN.1 + 1);
    headers.insert(RETRY_AFTER, (AGAIN.0 + later).into());
    response
}
