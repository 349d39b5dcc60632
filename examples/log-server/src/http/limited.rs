//! Holds requests to the limits: of the head and of the address before anything is looked up, of
//! the user and the workspace when it is known who asks.

use std::time::Duration;

use axum::extract::{MatchedPath, Query, RawPathParams, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderValue, Method, header};
use tokio::time::timeout;

use super::asked::Asked;
use super::kind::Kind;
use super::problem::Problem;
use super::query::{SEARCH, is_last_event_id};
use super::told::Refusal;
use super::upload;
use crate::access::{KnownBy, Reason};
use crate::limits::{Limits, Per, Reached, TooLarge, What};

/// What a request counts as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Counts {
    as_what: Option<What>,
    /// It reads all there is.
    exports: bool,
}

impl Counts {
    fn of(request: &Request) -> Self {
        let path = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
        let logs = path.starts_with("/wfm/");
        let query = Query::<Vec<(String, String)>>::try_from_uri(request.uri());
        let query = query.map(|Query(query)| query).unwrap_or_default();
        let has = |name: &str| query.iter().any(|(known, _)| known == name);
        let exports = || {
            let all = query.iter().any(|(name, value)| name == "history" && value == "all");
            let header = request.headers().get("last-event-id");
            // An empty one is none.
            let goes_on = header.is_some_and(|id| !id.is_empty())
                || query.iter().any(|(name, id)| {
                    !id.is_empty() && (name == "after" || is_last_event_id(name))
                });
            all && !goes_on
        };
        let (as_what, exports) = match *request.method() {
            _ if !logs => (None, false),
            Method::POST => (Some(What::Appends), false),
            _ if path.ends_with("/stream") => (Some(What::Connects), exports()),
            _ if SEARCH.iter().any(|name| has(name)) => {
                (Some(What::Searches), path.ends_with("/export"))
            }
            _ => (Some(What::Pages), path.ends_with("/export")),
        };
        Self { as_what, exports }
    }

    fn whats(self) -> impl Iterator<Item = What> {
        self.as_what.into_iter().chain(self.exports.then_some(What::Exports))
    }
}

/// Before anything is looked up.
pub(super) async fn by_address(
    State(limits): State<Limits>,
    asked: Asked,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    limits.sizes().check(request.uri(), request.headers())?;
    let address = asked.client().network();
    let counts = Counts::of(&request);
    limits.take(What::Requests, Per::Address, address)?;
    for what in counts.whats() {
        limits.take(what, Per::Address, address)?;
    }
    limits.take(What::Requests, Per::All, ())?;
    let tries = tries_to_sign_in(&asked, &request);
    if tries {
        limits.may_sign_in(address)?;
    }
    let body = if counts.as_what == Some(What::Appends) { upload::LONGEST } else { Duration::ZERO };
    let response = match limits.request_time().map(|time| time.saturating_add(body)) {
        Some(time) => {
            timeout(time, next.run(request)).await.map_err(|_| Problem::too_slow(time))?
        }
        None => next.run(request).await,
    };
    let unknown = Refusal { denied: true, reason: Reason::Unknown.as_str().into() };
    if tries && response.extensions().get() == Some(&unknown) {
        limits.sign_in_failed(address);
    }
    Ok(response)
}

/// Whether a request brings what could be guessed. Other cookies than ours are the service's.
pub(super) fn tries_to_sign_in(asked: &Asked, request: &Request) -> bool {
    let credentials = asked.credentials();
    let ours = |cookies: &HeaderValue| {
        cookies
            .as_bytes()
            .split(|byte| *byte == b';')
            .any(|cookie| cookie.trim_ascii_start().starts_with(b"log_session="))
    };
    credentials.ticket.is_some()
        || credentials.headers.contains_key(header::AUTHORIZATION)
        || credentials.headers.get_all(header::COOKIE).iter().any(ours)
        || request.method() == Method::POST && request.uri().path() == "/session"
}

/// When it is known who asks.
pub(super) async fn by_caller(
    State(limits): State<Limits>,
    asked: Asked,
    path: RawPathParams,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let caller = asked.let_pass()?;
    let user = (caller.known_by != KnownBy::Nothing).then_some(&caller.user);
    let workspace = path.iter().find(|(name, _)| *name == "workspace").map(|(_, value)| value);
    let counts = Counts::of(&request);
    let all = || counts.whats().chain([What::Requests]);
    for (per, who) in [(Per::User, user.map(AsRef::as_ref)), (Per::Workspace, workspace)] {
        for what in all().filter(|_| who.is_some()) {
            limits.take(what, per, who)?;
        }
    }
    for what in counts.whats() {
        limits.take(what, Per::All, ())?;
    }
    Ok(next.run(request).await)
}

impl From<Reached> for Problem {
    fn from(reached: Reached) -> Self {
        let kind = match reached.limit.what {
            What::Streams => Kind::STREAMS,
            What::OpenExports => Kind::EXPORTS,
            _ => Kind::OFTEN,
        };
        Self::new(kind, reached).of_limit(reached)
    }
}

impl From<TooLarge> for Problem {
    fn from(too_large: TooLarge) -> Self {
        let kind = match too_large {
            TooLarge::Uri(_) => Kind::LONG_ADDRESS,
            TooLarge::Bytes(_) | TooLarge::Headers(_) => Kind::LARGE_HEAD,
        };
        Self::new(kind, too_large)
    }
}
