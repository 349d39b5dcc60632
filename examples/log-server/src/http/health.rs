//! Whether the server is well.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use gapless_sse_core::follow::{Fault, Scope, SortOrder, SourceError};
use gapless_sse_core::{LogState, PageError, TailFailure};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::App;
use super::problem::Problem;
use crate::search::Search;
use crate::store::{Store, chain};

/// How long the store may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// The process answers: restarting it would not help.
pub(super) async fn healthz<S: Store>(State(app): State<App<S>>) -> Json<Value> {
    Json(json!({ "status": "ok", "store": app.store, "streams": app.log.stats().open }))
}

/// What is not right with one part of the server.
struct Trouble {
    words: String,
    /// Whether it ends without anybody's doing.
    passing: bool,
}

impl Trouble {
    fn passing(words: &str) -> Self {
        Self { words: words.to_owned(), passing: true }
    }

    fn of(error: &impl SourceError) -> Self {
        Self { words: chain(error), passing: is_passing(error.fault()) }
    }

    fn silence() -> Self {
        Self::passing("there was no answer within 5 s")
    }
}

fn is_passing(fault: Fault) -> bool {
    !matches!(fault, Fault::NeedsAction | Fault::Refused)
}

/// Pages can be read, streams are told what is new, and rows can be written: requests may be sent
/// here.
pub(super) async fn readyz<S: Store>(State(app): State<App<S>>) -> Result<Json<Value>, Problem> {
    let (pages, writes) = tokio::join!(pages(&app), writes(&app));
    let parts = [("pages", pages), ("streams", streams(&app)), ("writes", writes)];
    let troubles = parts.iter().filter_map(|(part, state)| Some((part, state.as_ref().err()?)));
    let troubles: Vec<_> = troubles.collect();
    if troubles.is_empty() {
        return Ok(Json(json!({ "status": "ready" })));
    }
    let words = troubles.iter().map(|(part, trouble)| format!("{part}: {}", trouble.words));
    let passing = troubles.iter().all(|(_, trouble)| trouble.passing);
    Err(Problem::not_ready(words.collect::<Vec<_>>().join("; "), passing))
}

/// Reads a page as any other, of a workflow that no row is of.
async fn pages<S: Store>(app: &App<S>) -> Result<(), Trouble> {
    if !app.log.source().has_pages() {
        return Ok(());
    }
    let nobody = Scope::new("", [""]).filtered(Search::default());
    match timeout(PATIENCE, app.log.page(&nobody, None, SortOrder::Descending, 1)).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(PageError::Source(error))) => Err(Trouble::of(&error)),
        Ok(Err(other)) => Err(Trouble::passing(&other.to_string())),
        Err(_) => Err(Trouble::silence()),
    }
}

async fn writes<S: Store>(app: &App<S>) -> Result<(), Trouble> {
    match timeout(PATIENCE, app.log.source().writable()).await {
        Ok(answer) => answer.map_err(|error| Trouble::of(&error)),
        Err(_) => Err(Trouble::silence()),
    }
}

fn streams<S: Store>(app: &App<S>) -> Result<(), Trouble> {
    match app.log.state() {
        LogState::Following => Ok(()),
        LogState::Failing(TailFailure { fault, error, .. }) => {
            Err(Trouble { words: error.to_string(), passing: is_passing(fault) })
        }
        LogState::NotStarted | LogState::Connecting => {
            Err(Trouble::passing("the log is being opened"))
        }
        _ => Err(Trouble::passing("the log is not followed any more; the server ends")),
    }
}
