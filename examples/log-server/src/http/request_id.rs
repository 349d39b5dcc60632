//! What names a request, in its answer, in problems, in the server's log and in the audit.

use std::fmt;
use std::sync::Arc;

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderMap, HeaderValue};
use tracing::Instrument;

const X_REQUEST_ID: &str = "x-request-id";
const TRACEPARENT: &str = "traceparent";

/// The longest id that is taken, in characters.
const LONGEST: usize = 128;

tokio::task_local! {
    static CURRENT: RequestId;
}

/// What names a request: letters, digits and `-_.:`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RequestId(Arc<str>);

impl RequestId {
    /// The id that the request brings, that of its trace, or a new one.
    fn of(headers: &HeaderMap) -> Self {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let given = text(X_REQUEST_ID).filter(|id| is_sane(id));
        let known = given.or_else(|| text(TRACEPARENT).and_then(trace_id)).map(Arc::from);
        Self(known.unwrap_or_else(|| format!("{:032x}", fastrand::u128(..)).into()))
    }

    /// That of the request whose answer is being made.
    pub(super) fn current() -> Option<Self> {
        CURRENT.try_with(Self::clone).ok()
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Names a request while it is answered.
pub(super) async fn name(request: Request, next: Next) -> Response {
    let id = RequestId::of(request.headers());
    let span = tracing::info_span!("request", %id);
    let answer = CURRENT.scope(id.clone(), next.run(request)).instrument(span);
    let mut response = answer.await;
    if let Ok(value) = HeaderValue::try_from(&*id.0) {
        response.headers_mut().insert(X_REQUEST_ID, value);
    }
    response
}

fn is_sane(id: &str) -> bool {
    let safe = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
    (1..=LONGEST).contains(&id.len()) && id.bytes().all(safe)
}

/// The trace of a `traceparent` (W3C Trace Context, version 00 and those that follow it).
fn trace_id(parent: &str) -> Option<&str> {
    let hex = |text: &str| text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let mut parts = parent.split('-');
    let (version, trace, span, flags) =
        (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let lengths = [(version, 2), (trace, 32), (span, 16), (flags, 2)];
    let right = lengths.iter().all(|(part, length)| part.len() == *length && hex(part));
    let known = version != "ff" && (version != "00" || parts.next().is_none());
    (right && known && trace.bytes().any(|byte| byte != b'0')).then_some(trace)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(headers: &[(&'static str, &str)]) -> String {
        let pairs = headers.iter().map(|(name, value)| {
            (
                http::HeaderName::from_static(name),
                HeaderValue::from_bytes(value.as_bytes()).unwrap(),
            )
        });
        RequestId::of(&pairs.collect()).to_string()
    }

    #[test]
    fn an_id_that_could_be_anything_is_not_taken() {
        let long = "x".repeat(LONGEST);
        for id in ["a", "3fa85f64-5717-4562-b3fc-2c963f66afa6", "Root=1", "a_b.c:d", &long] {
            assert_eq!(of(&[(X_REQUEST_ID, id)]) == id, id != "Root=1", "{id}");
        }
        for id in ["", " ", "a b", "a\"b", "a,b", "ä", "a\tb", "${x}", &format!("{long}x")] {
            let made = of(&[(X_REQUEST_ID, id)]);
            assert!(made != id && made.len() == 32 && is_sane(&made), "{id}: {made}");
        }
        assert_ne!(of(&[]), of(&[]));
    }

    #[test]
    fn the_trace_names_a_request_that_has_no_id() {
        let (trace, zero) = ("4bf92f3577b34da6a3ce929d0e0e4736", "0".repeat(32));
        let parent = format!("00-{trace}-00f067aa0ba902b7-01");
        assert_eq!(of(&[(TRACEPARENT, &parent)]), trace);
        assert_eq!(
            of(&[(TRACEPARENT, &parent.replace("00-4", "01-4")), (X_REQUEST_ID, "")]),
            trace
        );
        assert_eq!(of(&[(TRACEPARENT, &parent), (X_REQUEST_ID, "a")]), "a");
        for wrong in [
            parent.replace(trace, &zero),
            parent.to_uppercase(),
            format!("{parent}-more"),
            parent.replace("00-4", "ff-4"),
            parent.replace("-01", ""),
            trace.to_owned(),
        ] {
            assert_ne!(of(&[(TRACEPARENT, &wrong)]), trace, "{wrong}");
        }
    }
}
