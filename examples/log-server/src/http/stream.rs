//! `GET …/logs/stream`: the log as it happens.

use std::net::SocketAddr;

use axum::Extension;
use axum::extract::rejection::QueryRejection;
use axum::extract::{ConnectInfo, Query, State};
use gapless_sse_axum::{LastEventId, LastEventIdRejection, Sse};
use gapless_sse_core::{Closed, Event, EventType, Follow, FollowOptions};
use serde_json::json;

use super::App;
use super::asked::Asked;
use super::audited::{Opened, Template};
use super::logs::Logs;
use super::openapi::parameters;
use super::problem::Problem;
use super::query::{LAST_EVENT_ID, Parameters, SEARCH};
use crate::access::{Denied, KnownBy, Right};
use crate::limits::Streamer;
use crate::store::Store;

const DENIED: EventType = EventType::from_static("denied");

/// The log as it happens, from a position on; the newest rows first without one.
#[utoipa::path(get, path = "",
    params(parameters::LastEventId, parameters::Stream, parameters::Terms),
    responses((
        status = 200, description = "The events", content_type = "text/event-stream", body = String,
    )),
)]
pub(super) async fn stream<S: Store>(
    State(app): State<App<S>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    asked: Asked,
    template: Option<Extension<Template>>,
    logs: Logs,
    last_event_id: Result<Option<LastEventId>, LastEventIdRejection>,
    query: Result<Query<Vec<(String, String)>>, QueryRejection>,
) -> Result<Sse<Follow<S>>, Problem> {
    let known = [&["after", "history", LAST_EVENT_ID], logs.parameters(), &SEARCH[..]].concat();
    let mut parameters = Parameters::new(query, &known)?;
    let (history, terms, after) = (parameters.history()?, parameters.terms()?, parameters.after()?);
    // A browser keeps its address and renews the header; who sends no header renews the address.
    let header = last_event_id.map_err(Problem::bad_request)?;
    let after = header.map(|LastEventId(id)| id).or(after);
    if !app.log.state().is_driven() {
        return Err(Problem::not_followed());
    }
    let caller = asked.let_pass()?;
    let address = asked.client().network();
    let held = app.limits.open(&Streamer {
        address,
        user: (caller.known_by != KnownBy::Nothing).then_some(&caller.user),
        workspace: logs.workspace(),
    })?;
    let search = app.searches.open(address, &caller.rows, terms).await?;
    let opened = Opened::new(&app.audit, &asked, template, after.as_ref());
    let events =
        app.log.follow(logs.scope().filtered(search), FollowOptions::new(history).after(after));
    let mut response = Sse::new(events).heartbeat(app.heartbeat).lifetime(app.max_lifetime);
    let place = logs.place()?;
    if let Some(lease) = app.leases.of(caller, asked.credentials(), Right::Read, &place) {
        let ending = opened.ending();
        response = response.stop_when(async move { denied(&ending.by(lease.await)) });
    }
    Ok(response.holding(held).on_close(move |closed| {
        let Closed { reason, duration, events, bytes, .. } = closed;
        tracing::debug!(%peer, ?reason, ?duration, events, bytes, "a stream is over");
        app.closed.count(&closed);
        opened.closed(&closed);
    }))
}

/// The last event of a stream that may not go on. Its client is where it was.
fn denied(denied: &Denied) -> Event<'static> {
    let data = json!({ "reason": denied.reason.as_str(), "detail": denied.words });
    Event::new(data.to_string()).event_type(DENIED)
}
