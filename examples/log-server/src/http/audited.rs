//! What of a request goes to the audit.

use std::sync::{Arc, OnceLock};
use std::time::Instant;

use axum::Extension;
use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{MatchedPath, Query, RawPathParams, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use gapless_sse_core::{Closed, EventId};
use http::{HeaderMap, Method, StatusCode, Uri, header};
use jiff::Timestamp;

use super::asked::Asked;
use super::limited::tries_to_sign_in;
use super::logs::WORKFLOW;
use super::told::{About, Refusal, Written};
use crate::access::{Denied, Reason};
use crate::audit::{Audit, Entry, Event, Filter, digest, short};

/// Writes what is done by a request, or that it was refused.
pub(super) async fn note(
    State(audit): State<Audit>,
    asked: Asked,
    parameters: Result<RawPathParams, RawPathParamsRejection>,
    mut request: Request,
    next: Next,
) -> Response {
    if !audit.is_on() {
        return next.run(request).await;
    }
    let matched = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
    let event = event(request.method(), matched.unwrap_or_default());
    let path = matched.unwrap_or("?");
    if event.is_none() && path == "/session" && !tries_to_sign_in(&asked, &request) {
        // A page that asks whether somebody is signed in is refused nothing.
        return next.run(request).await;
    }
    let entry = entry(request.method(), path, request.uri(), parameters.ok().as_ref());
    if matches!(event, Some(Event::StreamOpened | Event::Export)) {
        request.extensions_mut().insert(Template(Arc::new(entry.clone())));
    }
    let bytes = length(request.headers());
    let began = Instant::now();
    // Who leaves while his request is answered may have done something.
    let mut undone = Undone(None);
    if event.is_some_and(|event| event != Event::StreamOpened) {
        undone.0 = Some((audit.clone(), asked.clone(), event, entry.clone()));
    }
    let response = next.run(request).await;
    undone.0 = None;
    if let Some(event) = of_answer(event, &response) {
        let (told, origin) = (response.extensions(), asked.origin());
        audit.write(Entry {
            event,
            // What nobody knows whose it is makes no long lines.
            filter: entry.filter.filter(|_| origin.user.is_some()),
            workflows: if origin.user.is_some() { entry.workflows } else { first(entry.workflows) },
            origin,
            rows: told.get().map(|Written(rows)| *rows as u64),
            subject: told.get().map(|About(what)| short(what)),
            bytes: bytes.filter(|_| event == Event::Append),
            status: Some(response.status().as_u16()),
            reason: told.get().map(|refusal: &Refusal| refusal.reason.clone()),
            duration_ms: Some(milliseconds(began.elapsed())),
            ..entry
        });
    }
    response
}

/// What using a path is to the audit; nothing unless it is refused, where it only reads.
fn event(method: &Method, path: &str) -> Option<Event> {
    let reads = method.is_safe();
    match path {
        _ if reads && path.ends_with("/logs/stream") => Some(Event::StreamOpened),
        _ if reads && path.ends_with("/export") => Some(Event::Export),
        _ if reads => None,
        _ if path.ends_with("/logs") => Some(Event::Append),
        "/session" if method == Method::POST => Some(Event::SignIn),
        "/session" => Some(Event::SignOut),
        "/ticket" => Some(Event::Ticket),
        // Whatever comes to change something is an act of who runs the server.
        _ => Some(Event::Administration),
    }
}

/// What is written once the answer is known.
fn of_answer(event: Option<Event>, response: &Response) -> Option<Event> {
    let status = response.status();
    let refused = matches!(
        status,
        StatusCode::UNAUTHORIZED
            | StatusCode::FORBIDDEN
            | StatusCode::MISDIRECTED_REQUEST
            | StatusCode::TOO_MANY_REQUESTS
    ) || response.extensions().get().is_some_and(|refusal: &Refusal| refusal.denied);
    match event {
        // Its handler has written that.
        Some(Event::StreamOpened) if status.is_success() => None,
        Some(Event::StreamOpened) => Some(Event::StreamRefused),
        // There is no such path or method.
        Some(Event::Administration)
            if [StatusCode::NOT_FOUND, StatusCode::METHOD_NOT_ALLOWED].contains(&status) =>
        {
            None
        }
        None if refused => Some(Event::Refused),
        other => other,
    }
}

/// The most workflows that are named; there may be more.
const MOST_WORKFLOWS: usize = 100;

fn first(mut workflows: Vec<String>) -> Vec<String> {
    workflows.truncate(1);
    workflows
}

/// What is known before the request is answered.
fn entry(method: &Method, path: &str, uri: &Uri, parameters: Option<&RawPathParams>) -> Entry {
    let named = |name: &str| {
        let (_, value) = parameters?.iter().find(|(known, _)| *known == name)?;
        Some(short(value))
    };
    let query = Query::<Vec<(String, String)>>::try_from_uri(uri);
    let query = query.map(|Query(query)| query).unwrap_or_default();
    let of_query = query.iter().filter(|(name, _)| name == WORKFLOW).map(|(_, name)| short(name));
    Entry {
        act: Some(format!("{method} {path}")),
        workspace: named("workspace"),
        workflows: named("workflow").into_iter().chain(of_query).take(MOST_WORKFLOWS).collect(),
        filter: Filter::of(&query),
        ..Entry::new(Event::Refused)
    }
}

fn length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn milliseconds(time: std::time::Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// Writes that a client has left before its request was answered.
struct Undone(Option<(Audit, Asked, Option<Event>, Entry)>);

impl Drop for Undone {
    fn drop(&mut self) {
        if let Some((audit, asked, Some(event), entry)) = self.0.take() {
            let reason = Some("the client has left".into());
            audit.write(Entry { event, origin: asked.origin(), reason, ..entry });
        }
    }
}

/// What the audit says of a stream, but for who has opened it.
#[derive(Clone, Debug)]
pub(super) struct Template(Arc<Entry>);

/// A stream that the audit says is open.
#[derive(Debug)]
pub(super) struct Opened(Option<Box<Stream>>);

#[derive(Debug)]
struct Stream {
    audit: Audit,
    entry: Entry,
    ending: Ending,
}

/// Why a stream is ended by us.
#[derive(Clone, Debug, Default)]
pub(super) struct Ending(Option<Arc<OnceLock<Reason>>>);

impl Ending {
    /// It ends, as it is not allowed any longer.
    pub(super) fn by(self, denied: Denied) -> Denied {
        if let Self(Some(reason)) = self {
            let _ = reason.set(denied.reason);
        }
        denied
    }
}

impl Opened {
    /// Writes that a stream is opened after this position.
    pub(super) fn new(
        audit: &Audit,
        asked: &Asked,
        template: Option<Extension<Template>>,
        after: Option<&EventId>,
    ) -> Self {
        let Some(Extension(Template(template))) = template else { return Self(None) };
        let entry = Entry {
            event: Event::StreamOpened,
            origin: asked.origin(),
            act: None,
            position: after.map(|id| digest(id.as_str())),
            ..Entry::clone(&template)
        };
        audit.write(Entry { status: Some(StatusCode::OK.as_u16()), ..entry.clone() });
        let ending = Ending(Some(Arc::default()));
        Self(Some(Box::new(Stream { audit: audit.clone(), entry, ending })))
    }

    /// Where to say why it is ended.
    pub(super) fn ending(&self) -> Ending {
        self.0.as_ref().map_or_else(Ending::default, |stream| stream.ending.clone())
    }

    /// Writes that it is over.
    pub(super) fn closed(self, closed: &Closed) {
        let Some(Stream { audit, entry, ending }) = self.0.map(|opened| *opened) else { return };
        let denied = ending.0.and_then(|reason| reason.get().copied());
        audit.write(Entry {
            time: Timestamp::now(),
            event: Event::StreamClosed,
            duration_ms: Some(milliseconds(closed.duration)),
            events: Some(closed.events),
            bytes: Some(closed.bytes),
            reason: Some(denied.map_or(closed.reason.as_str(), Reason::as_str).into()),
            ..entry
        });
    }
}

/// An export whose beginning the audit has.
#[derive(Debug)]
pub(super) struct Exported(Option<(Audit, Box<Entry>, Instant)>);

impl Exported {
    /// One that begins now.
    pub(super) fn new(audit: &Audit, asked: &Asked, template: Option<Extension<Template>>) -> Self {
        Self(template.map(|Extension(Template(template))| {
            let origin = asked.origin();
            let entry = Entry { event: Event::Export, origin, ..Entry::clone(&template) };
            (audit.clone(), Box::new(entry), Instant::now())
        }))
    }

    /// Writes how much of it was sent, and why it is over.
    pub(super) fn ended(self, rows: u64, bytes: u64, reason: &'static str) {
        let Some((audit, entry, began)) = self.0 else { return };
        audit.write(Entry {
            time: Timestamp::now(),
            duration_ms: Some(milliseconds(began.elapsed())),
            rows: Some(rows),
            bytes: Some(bytes),
            reason: Some(reason.into()),
            ..*entry
        });
    }
}
