//! Errors as clients read them: RFC 9457, `application/problem+json`.

use std::error::Error;
use std::fmt::Display;

use axum::response::{IntoResponse, Response};
use gapless_sse_core::{PageError, Refused};
use http::{HeaderValue, StatusCode, header};
use serde_json::json;

use crate::store::chain;

/// An answer that says what is wrong and what to do.
#[derive(Debug)]
pub(super) struct Problem {
    status: StatusCode,
    title: &'static str,
    detail: String,
}

impl Problem {
    pub(super) fn bad_request(detail: impl Display) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "the request is not valid", detail)
    }

    pub(super) fn not_found(path: &str) -> Self {
        let detail = format!("nothing is at {path}; the page is at / and the logs under /wfm/");
        Self::new(StatusCode::NOT_FOUND, "there is nothing here", detail)
    }

    pub(super) fn method_not_allowed() -> Self {
        let detail = "this path does not take that method; `Allow` lists those it takes";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "the method is not allowed", detail)
    }

    pub(super) fn misdirected(host: &str) -> Self {
        let detail = format!(
            "this server is for its own machine, and the request is for {host:?}; ask for \
             localhost, or start it with --anonymous to serve other names"
        );
        Self::new(StatusCode::MISDIRECTED_REQUEST, "the request is for another server", detail)
    }

    pub(super) fn too_large(limit: usize, of_what: &str) -> Self {
        let detail = format!("a request holds {limit} {of_what} at most; send several");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "the request is too large", detail)
    }

    /// The store did not answer. The cause is for the server's log, not for every client.
    pub(super) fn unavailable(error: &dyn Error) -> Self {
        tracing::warn!(error = chain(error), "the store did not answer");
        let detail = "the log's database cannot be reached at the moment; try again in a few \
                      seconds";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "the log is unavailable", detail)
    }

    pub(super) fn new(status: StatusCode, title: &'static str, detail: impl Display) -> Self {
        Self { status, title, detail: detail.to_string() }
    }
}

impl<E: Error + 'static> From<PageError<E>> for Problem {
    fn from(error: PageError<E>) -> Self {
        match &error {
            PageError::Cursor => Self::bad_request(error),
            PageError::Source(error) => Self::unavailable(error),
        }
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        let detail = match refused {
            Refused::Total(limit) => format!(
                "{limit} streams are open, and this server takes no more; try again in a few \
                 seconds, or start it with a higher --max-streams"
            ),
            Refused::PerKey(limit) => format!(
                "your address has {limit} streams open, and may have no more; close some, or \
                 start the server with a higher --max-streams-per-address"
            ),
            other => format!("{other}; try again in a few seconds"),
        };
        Self::new(StatusCode::TOO_MANY_REQUESTS, "too many streams are open", detail)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let Self { status, title, detail } = self;
        let body = json!({
            "type": "about:blank", "title": title, "status": status.as_u16(), "detail": detail,
        });
        let mut response = (status, body.to_string()).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        let seconds = match status {
            StatusCode::SERVICE_UNAVAILABLE => Some(5),
            // Those who were refused together do not come back together.
            StatusCode::TOO_MANY_REQUESTS => Some(fastrand::u16(2..=8)),
            _ => None,
        };
        if let Some(seconds) = seconds {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}
