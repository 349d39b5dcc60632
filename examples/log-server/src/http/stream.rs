//! `GET …/logs/stream`: the log as it happens.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use sse_axum::{LastEventId, Sse};
use sse_core::follow::Scope;
use sse_core::{Begin, EventStream, EventStreamOptions, Follow};

use super::App;
use super::problem::Problem;
use super::query::Parameters;
use crate::store::Store;

pub(super) async fn stream<S: Store>(
    State(app): State<App<S>>,
    Path((workspace, workflow)): Path<(String, String)>,
    last_event_id: Option<LastEventId>,
    query: Result<Query<Vec<(String, String)>>, QueryRejection>,
) -> Result<Sse<EventStream<Follow<S>>>, Problem> {
    let mut parameters = Parameters::new(query, &["after", "history"])?;
    let history = parameters.history()?;
    let after = match last_event_id {
        Some(LastEventId(id)) => Some(id.as_str().to_owned()),
        None => parameters.take("after"),
    };
    let scope = Scope::new(workspace, [workflow]);
    let events = app.log.follow(scope, Begin { after, history });
    let options = EventStreamOptions { heartbeat: app.heartbeat, ..EventStreamOptions::default() };
    Ok(Sse::new(EventStream::new(events, options)))
}
