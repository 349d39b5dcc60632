//! Errors as clients read them: RFC 9457, `application/problem+json`.

use std::error::Error;
use std::fmt::Display;
use std::time::Duration;

use axum::Json;
use axum::response::{IntoResponse, Response};
use gapless_sse_core::PageError;
use gapless_sse_core::follow::{Fault, SourceError};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;

use super::kind::Kind;
use super::request_id::RequestId;
use super::told::Refusal;
use crate::access::revoked::NotRevoked;
use crate::access::{Denied, Reason, UnkeptField, Ways};
use crate::limits::Reached;
use crate::search::SearchError;
use crate::store::chain;

/// An answer that says what is wrong and what to do.
#[derive(Debug)]
pub(super) struct Problem {
    kind: &'static Kind,
    detail: String,
    /// Whether the same request may be answered otherwise in a moment.
    passing: bool,
    /// Why it is not allowed.
    denied: Option<Reason>,
    /// The limit that is reached.
    reached: Option<Box<Reached>>,
    /// How to say who one is.
    challenge: Option<Box<HeaderValue>>,
    /// How one may sign in.
    ways: Option<Ways>,
}

impl Problem {
    pub(super) fn bad_request(detail: impl Display) -> Self {
        Self::new(Kind::INVALID, detail)
    }

    pub(super) fn not_found(path: &str) -> Self {
        let detail = format!("nothing is at {path}; the page is at / and the logs under /wfm/");
        Self::new(Kind::NOT_FOUND, detail)
    }

    pub(super) fn method_not_allowed() -> Self {
        let detail = "this path does not take that method; `Allow` lists those it takes";
        Self::new(Kind::METHOD, detail)
    }

    pub(super) fn misdirected(host: &str) -> Self {
        let detail = format!(
            "this server is for its own machine, and the request is for {host:?}; ask for \
             localhost, or start it with --anonymous to serve other names"
        );
        Self::new(Kind::MISDIRECTED, detail)
    }

    pub(super) fn too_large(limit: usize, of_what: &str) -> Self {
        let detail = format!("a request holds {limit} {of_what} at most; send several");
        Self::new(Kind::TOO_LARGE, detail)
    }

    pub(super) fn cross_site() -> Self {
        let detail = "another site's page asks for this; if it is meant to, add its origin to \
                      `cors.origins` in the server's configuration";
        Self::new(Kind::CROSS_SITE, detail)
    }

    /// Nothing was answered in time.
    pub(super) fn too_slow(time: Duration) -> Self {
        let detail = format!(
            "there was no answer within {time:?}; try again in a few seconds. Rows that were sent \
             may have been written: send them again under the same `Idempotency-Key`, or with the \
             same ids"
        );
        Self::new(Kind::SLOW_ANSWER, detail)
    }

    /// The store did not answer, or not as it should: in a moment it may, or somebody has to act
    /// first, or the request is wrong.
    pub(super) fn unavailable(error: &impl SourceError) -> Self {
        let words = chain(error);
        match error.fault() {
            Fault::Refused => Self::bad_request(words),
            Fault::NeedsAction => {
                tracing::error!(error = words, "the store needs somebody to act");
                Self::new(Kind::NEEDS_ACTION, words)
            }
            _ => {
                // The cause is for the server's log and for `/readyz`, not for every client.
                tracing::warn!(error = words, "the store did not answer");
                let detail = "the log's database cannot be reached at the moment; try again in a \
                              few seconds";
                Self::new(Kind::UNAVAILABLE, detail)
            }
        }
    }

    /// A list whose caller may see few of its names, which no index finds.
    pub(super) fn too_long_a_list(names: usize) -> Self {
        let detail = format!(
            "the list would look at more than {names} names for those that you may see; whoever \
             gives out your sign-in is to name them by how they begin, as in `etl-*`"
        );
        Self::new(Kind::LONG_LIST, detail)
    }

    /// Some part of the server is not as it should be.
    pub(super) fn not_ready(parts: String, passing: bool) -> Self {
        Self { passing, ..Self::new(Kind::NOT_READY, parts) }
    }

    /// A row that the store holds is no JSON.
    pub(super) fn not_json(error: &serde_json::Error) -> Self {
        tracing::error!(%error, "a stored row is not JSON");
        let detail = format!(
            "a row of this page is not JSON as it is stored: {error}; whoever runs the store is to \
             repair or delete it"
        );
        Self::new(Kind::NOT_JSON, detail)
    }

    /// A defect of this server: what was asked for was not done, and would not be the next time.
    pub(super) fn defect(error: &dyn Error) -> Self {
        tracing::error!(error = chain(error), "a request met a defect; please report it");
        let detail =
            "the server has met a defect while it looked at this request; its log has more";
        Self::new(Kind::DEFECT, detail)
    }

    /// Nothing reads the log for streams: the server begins or ends.
    pub(super) fn not_followed() -> Self {
        let detail = "the server does not follow the log at the moment, as it begins or ends; try \
                      again in a few seconds";
        Self::new(Kind::NOT_FOLLOWED, detail)
    }

    pub(super) fn new(kind: &'static Kind, detail: impl Display) -> Self {
        Self {
            kind,
            detail: detail.to_string(),
            passing: kind.passing,
            denied: None,
            reached: None,
            challenge: None,
            ways: None,
        }
    }

    /// Says how one may sign in, if that is what is missing.
    pub(super) fn with_ways(self, ways: &Ways) -> Self {
        let ways = (self.kind == Kind::SIGN_IN).then(|| ways.clone());
        Self { ways, ..self }
    }

    pub(super) fn of_limit(self, reached: Reached) -> Self {
        Self { reached: Some(Box::new(reached)), ..self }
    }
}

impl Problem {
    /// There is no such row, or it is not for the caller to see.
    pub(super) fn no_row() -> Self {
        Self::new(Kind::NOT_FOUND, "there is no row of this id in the workflow that you may see")
    }

    /// An export that cannot go on, as the server shuts down.
    pub(super) fn ends() -> Self {
        Self::new(Kind::NOT_FOLLOWED, "the server shuts down; go on with `next` in a few seconds")
    }

    /// An export that cannot go on, as one of the logs cannot be read.
    pub(super) fn missing(name: &str) -> Self {
        let detail = format!("the log {name} cannot be read at the moment; go on with `next`");
        Self::new(Kind::UNAVAILABLE, detail)
    }

    /// An export that cannot go on as of the moment at which it began.
    pub(super) fn snapshot_gone() -> Self {
        let detail = "the database no longer has the moment as of which this export began; go on \
                      with `next`, whose rows are of a later moment, or begin again without `cursor`";
        Self::new(Kind::SNAPSHOT, detail)
    }

    /// What it is, for an answer that has begun: it has no status and no headers of its own.
    pub(super) fn json(&self) -> serde_json::Value {
        serde_json::json!({ "type": self.kind.uri(), "title": self.kind.title, "detail": self.detail })
    }
}

impl<E: SourceError> From<PageError<E>> for Problem {
    fn from(error: PageError<E>) -> Self {
        match &error {
            PageError::Cursor => Self::bad_request(error),
            PageError::Busy => Self::new(Kind::PAGES, error),
            PageError::Source(error) => Self::unavailable(error),
        }
    }
}

impl From<Denied> for Problem {
    fn from(Denied { reason, words, challenge }: Denied) -> Self {
        let kind = match reason {
            Reason::Unknown | Reason::Expired | Reason::Revoked => Kind::SIGN_IN,
            Reason::Forbidden => Kind::FORBIDDEN,
            Reason::Unavailable => Kind::UNDECIDED,
        };
        let challenge = challenge.map(Box::new);
        Self { denied: Some(reason), challenge, ..Self::new(kind, words) }
    }
}

impl From<NotRevoked> for Problem {
    fn from(error: NotRevoked) -> Self {
        match error {
            NotRevoked::Full(_) => Self::new(Kind::REVOCATIONS_FULL, error),
            NotRevoked::NotWritten(_) => {
                tracing::error!(%error, "what was taken back cannot be written");
                Self::new(Kind::NOT_REVOKED, error)
            }
        }
    }
}

impl From<SearchError> for Problem {
    fn from(error: SearchError) -> Self {
        if matches!(error, SearchError::Defect) {
            Self::defect(&error)
        } else if let SearchError::Rule(field) = error {
            field.into()
        } else if error.is_passing() {
            Self::new(Kind::SEARCHES, error)
        } else {
            Self::bad_request(error)
        }
    }
}

impl From<UnkeptField> for Problem {
    fn from(field: UnkeptField) -> Self {
        tracing::error!(%field, "a caller has rules that this server cannot decide");
        Self::new(Kind::RULES_UNDECIDED, field)
    }
}

/// A problem, as it is sent.
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub(super) struct Said {
    /// What kind it is: where that is described.
    r#type: String,
    /// The kind in words.
    title: &'static str,
    status: u16,
    /// What was wrong this time, and what to do.
    detail: String,
    /// Why the caller may not: `unknown`, `expired`, `revoked`, `forbidden` or `unavailable`.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    /// The limit that is reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<String>,
    /// How one may sign in here.
    #[serde(skip_serializing_if = "Option::is_none")]
    sign_in: Option<Vec<&'static str>>,
    /// Where people sign in.
    #[serde(skip_serializing_if = "Option::is_none")]
    sign_in_url: Option<String>,
    /// Under which name the server's log and its audit have the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let Self { kind, detail, passing, denied, reached, challenge, ways } = self;
        let Kind { status, title, .. } = *kind;
        let said = Said {
            r#type: kind.uri(),
            title,
            status: status.as_u16(),
            detail,
            reason: denied.map(Reason::as_str),
            limit: reached.as_ref().map(|reached| reached.limit.to_string()),
            sign_in: ways.as_ref().map(|ways| ways.names().to_vec()),
            sign_in_url: ways.as_ref().and_then(Ways::url).map(str::to_owned),
            request_id: RequestId::current().map(|id| id.to_string()),
        };
        let mut response = (status, Json(said)).into_response();
        let reason = match (&reached, denied) {
            (Some(reached), _) => reached.limit.to_string().into(),
            (None, denied) => denied.map_or(title, Reason::as_str).into(),
        };
        response.extensions_mut().insert(Refusal { denied: denied.is_some(), reason });
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if status == StatusCode::UNAUTHORIZED {
            let challenge = challenge
                .map_or_else(|| HeaderValue::from_static("Bearer"), |challenge| *challenge);
            headers.insert(header::WWW_AUTHENTICATE, challenge);
        }
        if passing {
            // Those who were refused together do not come back together.
            let wait = reached.as_ref().and_then(|reached| reached.wait);
            let wait = wait.map_or(fastrand::u64(2..=8), |wait| wait + fastrand::u64(0..=2));
            headers.insert(header::RETRY_AFTER, wait.into());
        }
        for (name, value) in reached.iter().flat_map(|reached| reached.headers()) {
            if let Ok(value) = HeaderValue::try_from(value) {
                headers.insert(name, value);
            }
        }
        response
    }
}
