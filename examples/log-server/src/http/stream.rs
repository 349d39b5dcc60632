//! `GET …/logs/stream`: the log as it happens.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use sse_axum::{LastEventId, LastEventIdRejection, Sse};
use sse_core::{Begin, EventStream, EventStreamOptions, Follow};

use super::App;
use super::path::Workflow;
use super::problem::Problem;
use super::query::Parameters;
use crate::store::Store;

pub(super) async fn stream<S: Store>(
    State(app): State<App<S>>,
    workflow: Workflow,
    last_event_id: Result<Option<LastEventId>, LastEventIdRejection>,
    query: Result<Query<Vec<(String, String)>>, QueryRejection>,
) -> Result<Sse<EventStream<Follow<S>>>, Problem> {
    let mut parameters = Parameters::new(query, &["after", "history"])?;
    let history = parameters.history()?;
    let after = match last_event_id.map_err(Problem::bad_request)? {
        Some(LastEventId(id)) => Some(id.as_str().to_owned()),
        None => parameters.take("after"),
    };
    let events = app.log.follow(workflow.scope(), Begin { after, history });
    let options = EventStreamOptions { heartbeat: app.heartbeat, ..EventStreamOptions::default() };
    Ok(Sse::new(EventStream::new(events, options)))
}
